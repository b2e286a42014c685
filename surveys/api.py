"""What the API shows of surveys."""

from django.urls.resolvers import URLPattern

urlpatterns: list[URLPattern] = []
