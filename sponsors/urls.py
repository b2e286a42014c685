"""Addresses of sponsors."""

from django.urls.resolvers import URLPattern

app_name = "sponsors"

urlpatterns: list[URLPattern] = []
