"""Addresses of sponsors."""

from django.urls import path

from sponsors import views

app_name = "sponsors"

urlpatterns = [path("advertise/go/<str:token>", views.click, name="click")]
