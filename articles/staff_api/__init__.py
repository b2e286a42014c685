"""The API for staff and programs: articles, pictures and snippets, written by the desk's own functions."""

from django.urls import path

from articles.staff_api import figures, pictures, snippets, writing
from core.api import keys

keys.register_part("articles", "Articles, pictures and snippets")
keys.register_part("figures", "Readers’ figures", ways=(keys.READ,))

urlpatterns = [
    path("desk/articles/", writing.ArticleList.as_view(), name="api-desk-articles"),
    path("desk/articles/<int:pk>/", writing.ArticleRow.as_view(), name="api-desk-article"),
    *(
        path(f"desk/articles/<int:pk>/{view.route}/", view.as_view(), name=f"api-desk-article-{view.route}")
        for view in writing.STEPS
    ),
    path("desk/pictures/", pictures.PictureList.as_view(), name="api-desk-pictures"),
    path("desk/pictures/<int:pk>/", pictures.PictureRow.as_view(), name="api-desk-picture"),
    path("desk/figures/", figures.ReadersFigures.as_view(), name="api-desk-figures"),
    path("desk/snippets/", snippets.SnippetList.as_view(), name="api-desk-snippets"),
    path("desk/snippets/<slug:slug>/", snippets.SnippetRow.as_view(), name="api-desk-snippet"),
]
