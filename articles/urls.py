"""The addresses of articles, feeds, sitemaps and previews."""

from django.urls import path, register_converter

from articles import feeds, sitemaps, views

app_name = "articles"

register_converter(feeds.FeedForm, "feed")

urlpatterns = [
    path("blog/", views.articles, name="articles"),
    path("blog/search/", views.article_search, name="article-search"),
    path("blog/archive/", views.archive, name="archive"),
    path("blog/archive/<int:year>/<int:month>/", views.month_articles, name="month-articles"),
    path("blog/category/<slug:slug>/", views.category_articles, name="category-articles"),
    path("blog/series/<slug:slug>/", views.series_articles, name="series-articles"),
    path("blog/tag/<slug:slug>/", views.tag_articles, name="tag-articles"),
    path("blog/author/<slug:slug>/", views.author_articles, name="author-articles"),
    path("blog/<slug:kind>/<slug:slug>/feed.<feed:form>", feeds.feed, name="feed-of"),
    path("feed.<feed:form>", feeds.feed, name="feed"),
    path("sitemap.xml", sitemaps.sitemap_index, name="sitemap-index"),
    path("sitemap-<slug:name>.xml", sitemaps.sitemap, name="sitemap"),
    path("news-sitemap.xml", sitemaps.news_sitemap, name="news-sitemap"),
    path("robots.txt", sitemaps.robots, name="robots"),
    path("llms.txt", sitemaps.llms, name="llms"),
    path("blog/<slug:slug>/", views.article, name="article"),
    path("b", views.beacon, name="beacon"),
    path("preview/<str:token>/", views.preview, name="article-preview"),
]
