"""The pictures of imported articles that could not be fetched when they came: fetched later, as a new version of each."""

import copy
from collections.abc import Callable
from contextlib import closing
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from articles import payers
from articles.document_schema import DocumentError
from articles.documents import StaleVersion, apply_document, document_of
from articles.importing.html.fragments import sources_of
from articles.importing.load.fetcher import Fetcher
from articles.importing.load.images import Held, ImageStore
from articles.importing.load.report import Report
from articles.importing.posts import Export
from articles.models import Article, Block, ImportedPost, PostImport
from articles.publishing import SponsorsNamed, publish
from core.transitions import TransitionRefused, lock

ELSEWHERE = r'"src": "https?://'


def sources(document: dict[str, Any]) -> list[str]:
    """The addresses of the pictures in a document."""
    cover = [{"type": "image", **document["cover"]}] if document.get("cover") else []
    return sources_of([*document["blocks"], *cover])


def complete(post: ImportedPost, images: ImageStore, *, by: Any) -> bool:
    """Fetch what an article lacks; whether it has more now. What was edited since stays edited. Raises StaleVersion."""
    article = post.article
    if article is None:
        return False
    document: dict[str, Any] = {**document_of(article)}
    before = copy.deepcopy(document)
    wanted = [source for source in sources(document) if source.startswith("http")]
    contents = images.gather(wanted) if wanted else {}
    if not any(isinstance(content, Held) for content in contents.values()):
        images.place(document, contents)  # which notes why
        return False
    with transaction.atomic():
        images.place(document, contents)
        if document == before:
            return False
        untouched, expected = article.version == post.version, article.version
        shown = article.state == Article.State.PUBLISHED and article.publication.version == article.version
        apply_document(article, document, by=by, reason="pictures fetched", expected_version=expected)
        if shown:
            try:
                _publish_again(article, by=by)
            except SponsorsNamed:  # readers keep what they see until somebody has decided
                payers.look_at(article)
        if untouched:
            post.version = article.version
            post.save(update_fields=["version"])
    return True


def _publish_again(article: Article, *, by: Any) -> None:
    """Publish what just got its pictures; what is scheduled stays so, with the pictures if it was the same text."""
    lock(article)  # fetching took its time
    at, version = article.publish_at, article.scheduled_version
    publish(article, by=by, updated=article.publication.updated_at, quietly=True)
    if at:
        article.publish_at = at
        article.scheduled_version = article.version if version == article.version - 1 else version
        article.save(update_fields=["publish_at", "scheduled_version"])


def lacking(run: PostImport) -> Any:
    """The posts of an import whose articles show pictures of other sites."""
    with_blocks = Block.objects.filter(data__regex=ELSEWHERE, kind__in=["image", "gallery"]).values("parent")
    posts = run.posts.filter(article__in=with_blocks) | run.posts.filter(article__cover__src__regex="^https?://")
    return posts.order_by("pk")


def fetch_missing(
    run: PostImport, *, fetcher: Fetcher, tick: Callable[[int, int], None] = lambda done, total: None
) -> dict[str, Any]:
    """Fetch the missing pictures of all articles of an import; what came of it, as JSON. One that fails stops no other."""
    report = Report(run.file_name, "", trace=run.trace)
    images = ImageStore(Export("", iter(())), report, fetcher, by=run.by)
    keys, completed, failed = list(lacking(run).values_list("pk", flat=True)), 0, list[str]()
    with closing(images):
        for number, key in enumerate(keys, 1):
            post = run.posts.select_related("article").get(pk=key)
            try:
                completed += complete(post, images, by=run.by)
                images.commit()
            except (StaleVersion, DocumentError, TransitionRefused, ValidationError) as error:
                images.rollback()
                failed.append(f"“{post.article}”: {error}"[:300])
            tick(number, len(keys))
    missing = [f"{source[:300]} ({reason})" for source, reason in report.images_kept.items()]
    return {"articles": completed, "stored": report.images_stored, "failed": failed[:50], "missing": missing[:200]}
