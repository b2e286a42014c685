"""The API for staff and programs: subscribers with the evidence of their consent, briefings with what was read of them."""

from django.urls import path

from core.api import keys
from newsletter.staff_api import briefings, subscribers

keys.register_part("subscribers", "Subscribers and their consent")
keys.register_part("briefings", "Briefings and their figures")

urlpatterns = [
    path("desk/subscribers/", subscribers.SubscriberList.as_view(), name="api-desk-subscribers"),
    path("desk/subscribers/<int:pk>/", subscribers.SubscriberRow.as_view(), name="api-desk-subscriber"),
    path("desk/subscribers/<int:pk>/unsubscribe/", subscribers.Unsubscribe.as_view(), name="api-desk-unsubscribe"),
    path("desk/subscribers/<int:pk>/suppress/", subscribers.Suppress.as_view(), name="api-desk-suppress"),
    path("desk/briefings/", briefings.BriefingList.as_view(), name="api-desk-briefings"),
    path("desk/briefings/<int:pk>/", briefings.BriefingRow.as_view(), name="api-desk-briefing"),
    path("desk/briefings/<int:pk>/figures/", briefings.BriefingFigures.as_view(), name="api-desk-briefing-figures"),
    path("desk/briefings/<int:pk>/approve/", briefings.Approve.as_view(), name="api-desk-briefing-approve"),
    path("desk/briefings/<int:pk>/withdraw/", briefings.Withdraw.as_view(), name="api-desk-briefing-withdraw"),
]
