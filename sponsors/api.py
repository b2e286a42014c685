"""What the API shows of sponsors."""

from django.urls.resolvers import URLPattern

urlpatterns: list[URLPattern] = []
