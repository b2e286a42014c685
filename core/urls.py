"""The pages under /accounts/: those of allauth that the newsroom uses, one's own time zone and calendar feed.

allauth's pages for adding and confirming e-mail addresses are left out on purpose; see
docs/decisions/0012-an-account-has-one-address.md.
"""

from allauth.account import views
from django.urls import include, path, re_path
from django.views.generic import RedirectView, TemplateView

from core import calendar_feed, own_keys, zones

urlpatterns = [
    path("login/", views.login, name="account_login"),
    path("logout/", views.logout, name="account_logout"),
    path("inactive/", views.account_inactive, name="account_inactive"),
    path("reauthenticate/", views.reauthenticate, name="account_reauthenticate"),
    path("password/change/", views.password_change, name="account_change_password"),
    path("password/reset/", views.password_reset, name="account_reset_password"),
    path("password/reset/done/", views.password_reset_done, name="account_reset_password_done"),
    re_path(
        r"^password/reset/key/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$",
        views.password_reset_from_key,
        name="account_reset_password_from_key",
    ),
    path(
        "password/reset/key/done/",
        views.password_reset_from_key_done,
        name="account_reset_password_from_key_done",
    ),
    path("time-zone/", zones.own_zone, name="account_time_zone"),
    path("api-keys/", own_keys.own_keys, name="account_api_keys"),
    path("calendar/<str:token>.ics", calendar_feed.feed, name="calendar-feed"),
    path("2fa/", include("allauth.mfa.urls")),
    # allauth links to these two: a first password is set with a mailed link, and registration is closed
    path("password/set/", RedirectView.as_view(pattern_name="account_reset_password"), name="account_set_password"),
    path("signup/", TemplateView.as_view(template_name="account/signup_closed.html"), name="account_signup"),
]
