"""Addresses of newsletter."""

from django.urls import path

from newsletter import archive, provider_reports, sign_up_pages, views
from newsletter.sending import tracking

app_name = "newsletter"

urlpatterns = [
    path("newsletter/", sign_up_pages.signup, name="signup"),
    path("newsletter/subscribe/", sign_up_pages.subscribe, name="subscribe"),
    path("newsletter/embed/<slug:slug>/", sign_up_pages.embed, name="embed"),
    path("newsletter/confirm/<str:token>/", views.confirm, name="confirm"),
    path("newsletter/confirm/<str:token>/again/", views.confirm_again, name="confirm-again"),
    path("newsletter/unsubscribe/<str:token>/", views.unsubscribe, name="unsubscribe"),
    # The same page under an address short enough for one header line.
    path("u/<str:token>", views.unsubscribe, name="unsubscribe-short"),
    path("newsletter/stay/<str:token>/", views.stay, name="stay"),
    path("newsletter/preferences/<str:token>/", views.preferences, name="preferences"),
    path("newsletter/preferences/<str:token>/data/", views.data_link, name="data-link"),
    path("newsletter/preferences/<str:token>/address/", views.change_address, name="address-change"),
    path("newsletter/address/<str:token>/", views.confirm_address, name="address-confirm"),
    path("newsletter/data/<str:token>/", views.data, name="data"),
    path("newsletter/data/<str:token>/export.json", views.export, name="data-export"),
    path("newsletter/data/<str:token>/erase/", views.erase, name="data-erase"),
    path("newsletter/archive/", archive.index, name="archive"),
    path("newsletter/archive/feed.xml", archive.feed, name="archive-feed"),
    path("newsletter/archive/<slug:slug>/", archive.detail, name="archive-detail"),
    path("newsletter/reports/", provider_reports.take, name="report-take"),
    path("l/<str:token>", tracking.click, name="click"),
    path("o/<str:token>.gif", tracking.pixel, name="open"),
]
