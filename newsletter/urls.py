"""Addresses of newsletter."""

from django.urls.resolvers import URLPattern

app_name = "newsletter"

urlpatterns: list[URLPattern] = []
