"""A newsroom of any size to measure on: made once in the benchmarks' own database, and found there the next time."""

import random
from collections.abc import Iterator
from datetime import timedelta
from itertools import islice

from django.db import connection, transaction
from django.utils import timezone

from articles.documents import create_article
from articles.models import Article, ArticleAuthor, Author, Category, Publication, PublicationAuthor, Tag
from articles.publishing import publish

BATCH = 2_000
WORDS_PER_ARTICLE = 450
SYLLABLES = [consonant + vowel for consonant in "bdfgklmnprst" for vowel in "aeio"]
BODY = "<h2>{0}</h2><p>{1}</p><h2>{2}</h2><p>{3}</p>"


def vocabulary(size: int = 20_000) -> list[str]:
    """Invented words, the common ones first."""
    source = random.Random(1)
    words: dict[str, None] = {}
    while len(words) < size:
        words["".join(source.choices(SYLLABLES, k=source.randint(2, 4)))] = None
    return list(words)


def texts(count: int, seed: int = 2) -> Iterator[str]:
    """Texts whose words are as unevenly frequent as those of a language (Zipf)."""
    words, source = vocabulary(), random.Random(seed)
    weights = list(_running(1 / (rank + 2) for rank in range(len(words))))
    for _ in range(count):
        yield " ".join(source.choices(words, cum_weights=weights, k=WORDS_PER_ARTICLE))


def _running(values: Iterator[float]) -> Iterator[float]:
    total = 0.0
    for value in values:
        total += value
        yield total


def ensure_articles(count: int) -> None:
    """Let there be that many published articles, with the staff to sign them."""
    categories = [
        Category.objects.get_or_create(slug=slug, defaults={"name": slug.title()})[0] for slug in ("news", "research")
    ]
    authors = [Author.objects.get_or_create(slug=f"author-{n}", defaults={"name": f"Author {n}"})[0] for n in range(20)]
    tags = [Tag.objects.get_or_create(slug=f"tag-{n}", defaults={"name": f"Tag {n}"})[0] for n in range(50)]
    have = Publication.objects.count()
    source, now = random.Random(have), timezone.now()
    made = iter(enumerate(texts(max(0, count - have), seed=have), have))
    while batch := list(islice(made, BATCH)):
        with transaction.atomic():
            _make(batch, categories, authors, tags, source, now)
        print(f"corpus: {batch[-1][0] + 1} of {count} articles", flush=True)
    if have < count:
        with connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE")


def _make(batch, categories, authors, tags, source, now):  # type: ignore[no-untyped-def]
    articles, publications = [], []
    for number, text in batch:
        words = text.split()
        title = " ".join(words[:6]).capitalize()
        when = now - timedelta(minutes=number * 7)
        shared = {
            "title": title,
            "slug": f"article-{number}",
            "standfirst": " ".join(words[6:24]),
            "category": source.choice(categories),
        }
        articles.append(
            Article(**shared, state="published", version=1, published_at=when, changed_at=when, created_at=when)
        )
        parts = [" ".join(words[at : at + 8]) if at % 16 else text[: len(text) // 2] for at in (8, 16, 24, 32)]
        publications.append(
            Publication(
                **shared, version=1, html=BODY.format(*parts), text=text, words=len(words), reading_minutes=2,
                toc=[], published_at=when, updated_at=when,
            )
        )  # fmt: skip
    Article.objects.bulk_create(articles)
    for article, publication in zip(articles, publications, strict=True):
        publication.article = article
    Publication.objects.bulk_create(publications)
    signed = [source.choice(authors) for _ in articles]
    ArticleAuthor.objects.bulk_create(
        ArticleAuthor(article=article, author=author, position=0)
        for article, author in zip(articles, signed, strict=True)
    )
    PublicationAuthor.objects.bulk_create(
        PublicationAuthor(publication=publication, author=author, position=0)
        for publication, author in zip(publications, signed, strict=True)
    )
    through = Publication.tags.through
    through.objects.bulk_create(
        through(publication=publication, tag=tag) for publication in publications for tag in source.sample(tags, 3)
    )


def ensure_long_article(blocks: int) -> Article:
    """One article made and published the way the desk does it, of that many blocks of several kinds."""
    slug = f"long-{blocks}"
    if article := Article.objects.filter(slug=slug).first():
        return article
    kinds = [
        lambda text: {
            "type": "richtext",
            "html": f"<h2>{text[:40]}</h2><p>{text[:600]}</p><ul><li>{text[:50]}</li></ul>",
        },
        lambda text: {"type": "faq", "question": f"{text[:60]}?", "answer": f"<p>{text[:200]}</p>"},
        lambda text: {"type": "callout", "tone": "note", "html": f"<p>{text[:200]}</p>"},
        lambda text: {"type": "table", "caption": text[:40], "csv": "a,b,c\n1,2,3\n4,5,6", "header": True},
    ]
    written = [kinds[number % len(kinds)](text) for number, text in enumerate(texts(blocks, seed=9))]
    document = {
        "version": 1, "title": f"An article of {blocks} blocks", "slug": slug, "standfirst": "It is long.",
        "category": "research", "authors": ["author-1"], "tags": ["tag-1"], "blocks": written,
    }  # fmt: skip
    article = create_article(document, by=None, reason="First version")
    publish(article, by=None)
    return article
