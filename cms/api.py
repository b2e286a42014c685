"""The read API under /api/v1/: each part registers its own views here."""

from django.urls import include, path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView

from articles import api as articles
from newsletter import api as newsletter
from sponsors import api as sponsors
from surveys import api as surveys

urlpatterns = [
    path("v1/", include([*articles.urlpatterns, *surveys.urlpatterns, *newsletter.urlpatterns, *sponsors.urlpatterns])),
    path("v1/schema/", SpectacularAPIView.as_view(), name="api-schema"),
    path("docs/", SpectacularSwaggerSplitView.as_view(url_name="api-schema"), name="api-docs"),
]
