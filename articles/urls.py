"""Addresses of articles."""

from django.urls import path

from articles import views

app_name = "articles"

urlpatterns = [
    path("blog/", views.articles, name="articles"),
    path("blog/search/", views.search, name="article-search"),
    path("blog/archive/", views.archive, name="archive"),
    path("blog/archive/<int:year>/<int:month>/", views.month_articles, name="month-articles"),
    path("blog/category/<slug:slug>/", views.category_articles, name="category-articles"),
    path("blog/tag/<slug:slug>/", views.tag_articles, name="tag-articles"),
    path("blog/author/<slug:slug>/", views.author_articles, name="author-articles"),
    path("blog/<slug:slug>/", views.article, name="article"),
    path("preview/<str:token>/", views.preview, name="article-preview"),
]
