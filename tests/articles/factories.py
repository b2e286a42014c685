"""Articles for tests, made through the functions that everything else uses."""

import io
from itertools import count
from typing import Any

from django.contrib.auth.models import Group
from PIL import Image

from articles.documents import create_article
from articles.images import store_image
from articles.models import Article, Author, Category, ImageAsset, Publication, Snippet, Tag
from articles.publishing import publish
from core.models import User

_number = count(1)


def document(**parts: Any) -> dict[str, Any]:
    """A small document; `parts` replace its own."""
    title = f"Article {next(_number)}"
    return {"title": title, "blocks": [{"type": "richtext", "html": "<p>Some words about blocks.</p>"}], **parts}


def article(*blocks: dict[str, Any], **parts: Any) -> Article:
    """A draft; blocks may be given instead of a document's."""
    return create_article(document(**({"blocks": list(blocks)} if blocks else {}), **parts))


def publication(*blocks: dict[str, Any], **parts: Any) -> Publication:
    """A published article."""
    return publish(article(*blocks, **parts))


def category(slug: str = "research", **values: Any) -> Category:
    return Category.objects.get_or_create(slug=slug, defaults={"name": slug.title(), **values})[0]


def author(slug: str = "ana", **values: Any) -> Author:
    return Author.objects.get_or_create(slug=slug, defaults={"name": slug.title(), **values})[0]


def tag(slug: str = "bitcoin") -> Tag:
    return Tag.objects.get_or_create(slug=slug, defaults={"name": slug.title()})[0]


def card(slug: str = "card", **values: Any) -> Snippet:
    defaults = {"kind": "cta", "heading": "Read on", "label": "Read", "url": "/newsletter/", **values}
    return Snippet.objects.get_or_create(slug=slug, defaults=defaults)[0]


def user(role: str) -> User:
    """Someone of the newsroom with one role."""
    made = User.objects.create_user(f"{role.replace(' ', '-')}-{next(_number)}@example.com")
    made.groups.add(Group.objects.get(name=role))
    return made


def picture(form: str = "PNG", size: tuple[int, int] = (500, 300), **options: Any) -> bytes:
    """The bytes of an image file."""
    out = io.BytesIO()
    Image.effect_noise(size, 60).convert("RGB").save(out, form, **options)
    return out.getvalue()


def image(**values: Any) -> ImageAsset:
    return store_image(picture(), **{"name": "picture.png", "alt": "A picture", **values})
