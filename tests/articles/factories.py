"""Articles for tests, made through the functions that everything else uses."""

import io
from datetime import UTC, datetime, timedelta
from itertools import count

from django.contrib.auth.models import Group
from PIL import Image

from articles.documents import create_article
from articles.images import store_image
from articles.models import Article, Author, Category, Publication, Series, Snippet, Tag
from articles.publishing import publish
from core.models import User

_number = count(1)


def document(**parts):
    """A small document; `parts` replace its own."""
    title = f"Article {next(_number)}"
    return {"title": title, "blocks": [{"type": "richtext", "html": "<p>Some words about blocks.</p>"}], **parts}


def article(*blocks, **parts):
    """A draft; blocks may be given instead of a document's."""
    return create_article(document(**({"blocks": list(blocks)} if blocks else {}), **parts))


def publication(*blocks, **parts):
    """A published article."""
    return publish(article(*blocks, **parts))


def many(count, *, text="Some words about blocks."):
    """So many articles published in 2025, a minute apart: for what only shows in large numbers."""
    words = [{"slug": f"one-of-many-{number}", "title": f"One of many {number}"} for number in range(count)]
    times = [datetime(2025, 1, 1, tzinfo=UTC) + timedelta(minutes=number) for number in range(count)]
    articles = Article.objects.bulk_create(
        Article(**named, state="published", version=1, published_at=at) for named, at in zip(words, times, strict=True)
    )
    return Publication.objects.bulk_create(
        Publication(
            **named, article=article, version=1, html=f"<p>{text}</p>", text=text, words=len(text.split()),
            reading_minutes=1, published_at=at, updated_at=at,
        )
        for named, at, article in zip(words, times, articles, strict=True)
    )  # fmt: skip


def category(slug="research", **values):
    return Category.objects.get_or_create(slug=slug, defaults={"name": slug.title(), **values})[0]


def author(slug="ana", **values):
    return Author.objects.get_or_create(slug=slug, defaults={"name": slug.title(), **values})[0]


def series(slug="fees-explained", **values):
    return Series.objects.get_or_create(slug=slug, defaults={"name": slug.replace("-", " ").title(), **values})[0]


def tag(slug="bitcoin"):
    return Tag.objects.get_or_create(slug=slug, defaults={"name": slug.title()})[0]


def card(slug="card", **values):
    defaults = {"kind": "cta", "heading": "Read on", "label": "Read", "url": "/newsletter/", **values}
    return Snippet.objects.get_or_create(slug=slug, defaults=defaults)[0]


def user(role):
    """Someone of the newsroom with one role."""
    made = User.objects.create_user(f"{role.replace(' ', '-')}-{next(_number)}@example.com")
    made.groups.add(Group.objects.get(name=role))
    return made


def picture(form="PNG", size=(500, 300), **options):
    """The bytes of an image file, each another: squares of chance, since grains of it take four times as long to encode."""
    out = io.BytesIO()
    Image.effect_noise((10, 6), 60).convert("RGB").resize(size, Image.Resampling.NEAREST).save(out, form, **options)
    return out.getvalue()


def image(**values):
    return store_image(picture(), **{"name": "picture.png", "alt": "A picture", **values})
