"""An export that comes again leaves alone what somebody here decided meanwhile, and what is scheduled."""

from datetime import timedelta

import pytest
from django.utils import timezone

from articles.documents import apply_document, document_of
from articles.importing.load.fetcher import Fetcher
from articles.importing.load.loader import load
from articles.importing.posts import DRAFT, PUBLISHED, Export, Post
from articles.models import Article, ImportedPost, Publication
from articles.publishing import publish, schedule, unpublish
from tests.articles.importing.samples import png

pytestmark = pytest.mark.django_db
NEXT_WEEK = timezone.now() + timedelta(days=7)


def post(slug="one", words="Words.", *more, status=PUBLISHED):
    blocks = [{"type": "paragraph", "text": words}, *more]
    return Post(slug, slug.title(), slug=slug, blocks=blocks, status=status, published_at=timezone.now())


def bring(*posts, fetcher=None):
    fetcher = fetcher or Fetcher(max_bytes=1, enabled=False)
    return load(Export("markdown", iter(posts)), source="posts", fetcher=fetcher)


@pytest.mark.parametrize(
    ("came", "decide", "state"),
    [
        (PUBLISHED, unpublish, "draft"),
        (DRAFT, publish, "published"),
        (DRAFT, lambda article: schedule(article, at=NEXT_WEEK), "scheduled"),
    ],
)
def test_what_was_decided_about_an_article_here_holds_when_its_post_changes_there(came, decide, state):
    bring(post(status=came))
    decide(Article.objects.get())
    assert bring(post(words="Other words.", status=came)).entries[0].outcome == "edited here"
    assert Article.objects.values_list("state", "version").get() == (state, 1)


def also_read(slug="one"):
    return list(Publication.objects.get(slug=slug).also_read.values_list("slug", flat=True))


def test_a_text_shows_what_came_after_it_and_keeps_its_schedule_also_after_a_run_that_broke_off():
    posts = [post("one", "See:", {"type": "related", "article": "two"}), post("two")]
    bring(posts[0])  # as a run leaves it that was broken off
    article = Article.objects.get()
    apply_document(article, document_of(article) | {"title": "Better"}, by=None)
    schedule(article, at=NEXT_WEEK)
    before = Publication.objects.values("version", "updated_at").get()
    bring(*posts)
    article.refresh_from_db()
    assert also_read() == ["two"]
    assert (article.publish_at, article.scheduled_version) == (NEXT_WEEK, 2)
    assert Publication.objects.values("version", "updated_at").get(slug="one") == before


def test_a_picture_that_comes_later_leaves_what_is_scheduled(http_server):
    http_server.page, http_server.headers = png(), {"Content-Type": "image/png"}
    whole = post("one", "See:", {"type": "image", "src": f"{http_server.url}/a.png", "alt": "A"})
    bring(whole)
    schedule(Article.objects.get(), at=NEXT_WEEK)
    bring(whole, fetcher=Fetcher(max_bytes=10_000, private_hosts=True))
    article = Article.objects.get()
    assert (article.publication.version, article.publish_at, article.scheduled_version) == (2, NEXT_WEEK, 2)
    assert ImportedPost.objects.get().version == 2
