"""What the API shows of newsletter."""

from django.urls.resolvers import URLPattern

urlpatterns: list[URLPattern] = []
