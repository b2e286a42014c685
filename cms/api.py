"""The API under /api/v1/: each part registers its own views here; those for programs with a key stand under desk/."""

from django.urls import include, path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView

from articles import api as articles
from articles import staff_api as articles_desk
from core.api import whoami
from newsletter import api as newsletter
from newsletter import staff_api as newsletter_desk
from sponsors import api as sponsors
from sponsors import staff_api as sponsors_desk
from surveys import api as surveys
from surveys import staff_api as surveys_desk

urlpatterns = [
    path("v1/", include([*articles.urlpatterns, *surveys.urlpatterns, *newsletter.urlpatterns, *sponsors.urlpatterns])),
    path("v1/", include([*whoami.urlpatterns, *articles_desk.urlpatterns, *newsletter_desk.urlpatterns])),
    path("v1/", include([*sponsors_desk.urlpatterns, *surveys_desk.urlpatterns])),
    path("v1/schema/", SpectacularAPIView.as_view(), name="api-schema"),
    path("docs/", SpectacularSwaggerSplitView.as_view(url_name="api-schema"), name="api-docs"),
]
