"""What the API shows of articles."""

from django.urls.resolvers import URLPattern

urlpatterns: list[URLPattern] = []
