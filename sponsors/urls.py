"""The media kit, booking, a sponsor's own pages, the disclosure log and the redirect behind an ad."""

from django.urls import path

from sponsors import billing_pages, offer_page, preview_views, views

app_name = "sponsors"

urlpatterns = [
    path("advertise/", views.advertise, name="media-kit"),
    path("advertise/book/<slug:tier>/", views.book, name="book"),
    path("advertise/wait/<slug:tier>/", views.wait, name="wait"),
    path("advertise/account/", views.account, name="account"),
    path("advertise/account/ask/<str:token>/", views.ask_for_account, name="ask-for-account"),
    path("advertise/ask/", views.ask, name="ask"),
    path("advertise/offer/<str:token>/", offer_page.offer, name="offer"),
    path("advertise/keep/<str:token>/", views.keep, name="keep"),
    path("advertise/requested/<str:token>/", views.requested, name="requested"),
    path("advertise/portal/<str:token>/", views.portal, name="portal"),
    path("advertise/billing/<str:token>/", billing_pages.billing, name="billing"),
    path("advertise/checkout/<str:token>/", billing_pages.begin_checkout, name="checkout"),
    path("advertise/stripe/", billing_pages.stripe_event, name="stripe"),
    path("advertise/invoice/<str:token>/", billing_pages.invoice, name="invoice"),
    path("advertise/placements/<slug:slug>/", preview_views.sample, name="sample"),
    path("advertise/look/<str:token>/", preview_views.look, name="look"),
    path("advertise/days/<str:token>/", views.days, name="days"),
    path("advertise/renew/<str:token>/", views.renew, name="renew"),
    path("advertise/report/<str:token>/", views.report, name="report"),
    path("advertise/go/<str:token>", views.click, name="click"),
    path("sponsored-is-not-rated/", views.disclosure_log, name="disclosure-log"),
    path("sponsored-is-not-rated/verify/", views.disclosure_check, name="disclosure-check"),
    path("sponsored-is-not-rated/feed.atom", views.disclosure_feed, name="disclosure-feed"),
    path("sponsored-is-not-rated/log.json", views.disclosure_json, name="disclosure-json"),
    path("sponsored-is-not-rated/check_log.py", views.disclosure_program, name="disclosure-program"),
]
