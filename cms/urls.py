"""Every address of the site, by the part that answers it."""

from django.contrib import admin
from django.urls import include, path, register_converter
from django.views.generic import RedirectView

from articles import views as articles
from articles.page_addresses import PageSlug
from cms import dashboard, probes, status, views
from cms.metrics import metrics
from core.admin import calendar
from core.lib.admin_slugs import slug_view

register_converter(PageSlug, "page")

own_password = admin.site.admin_view(RedirectView.as_view(pattern_name="account_change_password"))

urlpatterns = [
    path("", views.home, name="home"),
    path("", include("articles.urls")),
    path("", include("newsletter.urls")),
    path("", include("surveys.urls")),
    path("", include("sponsors.urls")),
    path("api/", include("cms.api")),
    path("media/<path:path>", views.media, name="media"),
    path("healthz", probes.healthz, name="healthz"),
    path("readyz", probes.readyz, name="readyz"),
    path("metrics", metrics, name="metrics"),
    path("accounts/", include("core.urls")),
    path("admin/", admin.site.admin_view(dashboard.start_page)),
    path("admin/status/", admin.site.admin_view(status.page), name="status"),
    path("admin/slug/<str:label>/", admin.site.admin_view(slug_view), name="slug"),
    path("admin/calendar/", admin.site.admin_view(calendar.month), name="calendar"),
    path("admin/calendar/link/", admin.site.admin_view(calendar.link), name="calendar-link"),
    path("admin/calendar/<slug:name>/<slug:key>/", admin.site.admin_view(calendar.move), name="calendar-move"),
    path("admin/password_change/", own_password, name="password_change"),  # Django's has no limit on attempts
    # Django's redirects any member of staff to the page of any row
    path("admin/r/<path:anything>", admin.site.admin_view(views.no_such_page)),
    path("admin/", admin.site.urls),
    path("<page:slug>/", articles.page, name="page"),  # the last, so that it hides no other
]

handler400 = views.refused
handler403 = views.forbidden
handler404 = views.not_found
handler500 = views.broken
