"""The loader, which stores each post once, in a transaction of its own, and never overwrites what was edited here."""

import hashlib
import json
import logging
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from dataclasses import asdict
from functools import partial
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from articles.document_schema import LIMITS, RESERVED, DocumentError, normalised
from articles.documents import StaleVersion, apply_document, document_of, slug_is_taken
from articles.importing.html import limits
from articles.importing.load.documents import document_from, reading_minutes
from articles.importing.load.fetcher import Fetcher
from articles.importing.load.images import Contents, Held, ImageStore
from articles.importing.load.missing_pictures import complete, sources
from articles.importing.load.redirects import redirect_all
from articles.importing.load.report import CHANGED, DELETED, EDITED, FAILED, NEW, REFUSED, UNCHANGED, Entry, Report
from articles.importing.load.state import apply_state, is_as_left
from articles.importing.load.taxonomy import Taxonomy
from articles.importing.posts import (
    Export,
    ImportRefused,
    Post,
    PostRefused,
    Refusal,
    bug_report,
)
from articles.models import Article, ImportedPost, Kind, PostImport, Publication
from articles.publishing import follow, schedule
from articles.related import relate_all
from core import doorbell
from core.lib import batches
from core.lib.slugs import free_slug, slug_of
from core.transitions import TransitionRefused

logger = logging.getLogger(__name__)

FORMAT_VERSION = 2
MAX_ID = 400
AHEAD, MOST_AHEAD = 50, 64_000_000  # posts that wait for their pictures, and the bytes of these
BROUGHT = "imported from"  # the reason of a version that an import made


def load(
    export: Export,
    *,
    source: str,
    dry_run: bool = False,
    fetcher: Fetcher,
    by: Any = None,
    tick: Callable[[int], None] = lambda _: None,
    run: PostImport | None = None,
) -> Report:
    """Import the posts of an export. A post that is refused, or fails through an error of ours, stops no other.

    With `run`, what is made can be found again, and undone.
    """
    report = Report(source, export.format, dry_run, remarks=list(export.remarks))
    if run:
        report.trace = run.trace
    started = time.monotonic()
    loader = Loader(export, report, fetcher, dry_run=dry_run, by=by, run=run)
    with closing(loader.images):
        loader.prepare()
        for number, entry in enumerate(loader.store_all(export.posts), 1):
            report.entries.append(entry)
            tick(number)
        loader.finish()
    report.lost.update(export.lost)
    if loader.images.without_host:
        report.remarks.append(
            f"{len(loader.images.without_host)} pictures have an address without a host, and the export does not contain them. "
            "To fetch them, run the import again with --site and the address of the old site."
        )
    report.remarks += [remark for remark in export.remarks if remark not in report.remarks]
    report.seconds = time.monotonic() - started
    return report


class _Undone(Exception):
    """Rolls back the transaction of a dry run."""


class Loader:
    """Loads the posts of one export."""

    def __init__(
        self, export: Export, report: Report, fetcher: Fetcher, *, dry_run: bool, by: Any, run: PostImport | None = None
    ) -> None:
        self.export = export
        self.report = report
        self.dry_run = dry_run
        self.by = by
        self.run = run
        self.images = ImageStore(export, report, fetcher, dry_run=dry_run, by=by)
        self.taxonomy = Taxonomy(report, self.images)
        self._seen: dict[str, tuple[str, str]] = {}
        self._slugs: set[tuple[str, str]] = set()
        self._came: set[int] = set()

    def prepare(self) -> None:
        """Create the categories, tags and authors that the export describes separately from its posts."""
        try:
            with transaction.atomic():
                self.taxonomy.create_described(self.export)
                self._keep_or_undo()
        except _Undone:
            pass
        except ValidationError as error:
            raise ImportRefused(
                f"The export describes something that cannot be stored: {' '.join(error.messages)}"
            ) from None
        self.taxonomy.commit()
        self.images.commit()

    def store_all(self, posts: Iterable[Post | Refusal]) -> Iterator[Entry]:
        """Write posts, each wholly or not at all. While one is written, the pictures of those behind it are prepared."""
        begun = deque[tuple[Entry, Iterator[int], int]]()
        for post in posts:
            begun.append(self._begun(post))
            while len(begun) > AHEAD or (len(begun) > 1 and sum(size for _, _, size in begun) > MOST_AHEAD):
                yield self._ended(*begun.popleft())
        while begun:
            yield self._ended(*begun.popleft())

    def _begun(self, post: Post | Refusal) -> tuple[Entry, Iterator[int], int]:
        if isinstance(post, Refusal):
            outcome = FAILED if post.bug else REFUSED
            return Entry(outcome, post.title, post.where, reason=post.reason), iter(()), 0
        entry = Entry(REFUSED, post.title[:200], post.where, post.slug, notes=post.notes)
        steps = self._write(post, entry)
        return entry, steps, self._step(entry, steps)

    def _ended(self, entry: Entry, steps: Iterator[int], _: int) -> Entry:
        self._step(entry, steps)
        return entry

    def _step(self, entry: Entry, steps: Iterator[int]) -> int:
        """Go on with a post; the bytes of pictures that it holds until the next step."""
        try:
            held = next(steps, 0)
        except StaleVersion:
            self._undo(entry, EDITED, "somebody saved it here during the import")
        except (PostRefused, DocumentError, TransitionRefused) as refused:
            self._undo(entry, REFUSED, str(refused))
        except ValidationError as error:
            self._undo(entry, REFUSED, " ".join(error.messages))
        except Exception as error:
            logger.exception("Storing the post at %s (“%s”) failed", entry.where, entry.title)
            self._undo(entry, FAILED, bug_report(error))
        else:
            self.taxonomy.commit()
            self.images.commit()
            return held
        return 0

    def _undo(self, entry: Entry, outcome: str, reason: str) -> None:
        """Say of a post that its transaction was rolled back."""
        self.taxonomy.rollback()
        self.images.rollback()
        entry.outcome, entry.state, entry.reason = outcome, "", reason

    def _write(self, post: Post, entry: Entry) -> Iterator[int]:
        if len(post.source_id) > MAX_ID:
            post.source_id = hashlib.sha256(post.source_id.encode()).hexdigest()
        digest = _digest(post, self.export.site)
        self._tell_apart(post, digest)
        known = ImportedPost.objects.filter(source=self.export.format, source_id=post.source_id).first()
        if known and self._is_done(known, post, digest, entry):
            return
        if not known and self.export.format == "moonpress" and self._is_here(post, entry):
            return
        document = document_from(post, self.export.site, self.taxonomy)
        contents = self.images.gather(sources(document))
        yield sum(len(each.content) for each in contents.values() if isinstance(each, Held))
        try:
            with transaction.atomic():
                record = known or ImportedPost(source=self.export.format, source_id=post.source_id, run=self.run)
                article = record.article or Article(kind=_kind(post))
                self._save(post, document, contents, article, expected=record.version if known else None)
                record.article, record.digest, record.version, record.imported_at = (
                    article,
                    digest,
                    article.version,
                    timezone.now(),
                )
                record.state = article.state
                record.save()
                entry.outcome, entry.slug, entry.state = CHANGED if known else NEW, article.slug, article.state
                self._keep_or_undo()
            self._came.add(article.pk)
        except _Undone:
            pass

    def _tell_apart(self, post: Post, digest: str) -> None:
        """Refuse a post that the file contains twice; tell different posts with the same id apart by their slugs."""
        first = self._seen.get(post.source_id)
        if first and first[1] != digest and post.slug:
            post.source_id = f"{post.source_id[:MAX_ID]}:{post.slug}"
            post.notes.changed["posts that share an id were told apart by their addresses"] += 1
            first = self._seen.get(post.source_id)
        if first:
            raise PostRefused(f"The file contains it twice: {first[0]} has the same id.")
        self._seen[post.source_id] = post.where or post.title, digest

    def _is_here(self, post: Post, entry: Entry) -> bool:
        """Whether this site already has the article of one of our own exports, with the same slug."""
        slug = (post.unpublished or {}).get("slug") or post.slug
        article = Article.objects.filter(slug=slug, kind=_kind(post)).first()
        if article is None:
            return False
        same = normalised(post.unpublished or document_from(post, self.export.site, self.taxonomy)) == document_of(
            article
        )
        entry.slug, entry.state = article.slug, article.state
        entry.outcome = UNCHANGED if same else EDITED
        entry.reason = "" if same else f"{article.get_absolute_url()} is here already, and is different"
        return True

    def _is_done(self, known: ImportedPost, post: Post, digest: str, entry: Entry) -> bool:
        """Whether there is nothing to do for a post that was imported before."""
        if known.article is None:
            entry.outcome, entry.reason = DELETED, "the article made from it was deleted here"
            return True
        entry.slug = known.article.slug
        if known.digest == digest:
            came_now = self.run is not None and known.run_id == self.run.pk  # before this run was broken off
            entry.outcome, entry.state = NEW if came_now else UNCHANGED, known.article.state
            if known.article.version == known.version:
                self._fetch_what_was_missing(known, entry)
            return True
        if known.article.version != known.version:
            entry.outcome, entry.reason = (
                EDITED,
                f"{known.article.get_absolute_url()} was edited here, and the post changed there",
            )
            return True
        if not is_as_left(known.article, post, left=known.state):
            was = "was published, scheduled or taken down here, and the post changed there"
            entry.outcome, entry.reason = EDITED, f"{known.article.get_absolute_url()} {was}"
            return True
        return False

    def finish(self) -> None:
        """Redirect the old addresses of category, tag and author pages, and whatever else the export redirects."""
        try:
            with transaction.atomic():
                for old, new in self.export.redirects:
                    redirect_all([old], new, self.report)
                for old, kind, item in self.export.archive_pages:
                    if address := self.taxonomy.address(kind, item):
                        redirect_all([old], address, self.report)
                self._keep_or_undo()
        except _Undone:
            return
        self._render_again()
        self._find_companions()
        doorbell.ring("articles.tasks.make_renditions")

    def _render_again(self) -> None:
        """Show the articles that others name in their text, which may have come after them, also in an interrupted run."""
        came = Publication.objects.filter(article__imported_from__source=self.export.format)
        wanted = came.filter(Q(also_read=None) | Q(article__in=self._came), article__blocks__kind="related")
        rows = Article.objects.filter(pk__in=wanted.values("article")).order_by("pk")
        try:
            batches.each(rows, partial(follow, companions=False))
        except ExceptionGroup as failures:
            logger.exception("Articles that name others in their text could not be rendered again")
            self.report.remarks.append(
                f"{len(failures.exceptions)} articles do not yet show those that their text names. Publish them again."
            )

    def _find_companions(self) -> None:
        """Relate the imported articles to others once all are there, including those of an interrupted run."""
        came = Publication.objects.filter(article__imported_from__source=self.export.format)
        numbers = set(came.filter(related=None).values_list("pk", flat=True))
        numbers.update(came.filter(article__in=self._came).values_list("pk", flat=True))
        if numbers:
            relate_all(numbers)

    def _keep_or_undo(self) -> None:
        if self.dry_run:
            raise _Undone

    def _fetch_what_was_missing(self, known: ImportedPost, entry: Entry) -> None:
        """Store pictures that could not be fetched when the post was imported."""
        if not self.images.fetcher.enabled or self.dry_run or not complete(known, self.images, by=self.by):
            return
        entry.outcome = CHANGED
        entry.notes.changed["pictures stored that could not be fetched before"] += 1

    def _save(
        self, post: Post, document: dict[str, Any], contents: Contents, article: Article, expected: int | None
    ) -> None:
        wanted = slug_of(document["slug"], LIMITS["slug"]) or document["slug"]
        document["slug"] = self._free_in_trial(wanted, article) if self.dry_run else wanted
        self.taxonomy.create_for(post)
        for source in self.images.place(document, contents):
            post.notes.lost[f"a picture left out, with its caption kept: {source}"] += 1
        document["blocks"] = limits.enforce(document["blocks"], post.notes, join=post.blocks is None)
        document["reading_minutes"] = reading_minutes(post, document)
        if not article.pk and post.feed_id and not Article.objects.filter(feed_id=post.feed_id).exists():
            article.feed_id = post.feed_id
        made = apply_document(
            article, document, by=self.by, reason=f"{BROUGHT} {self.export.format}", expected_version=expected
        )
        if article.slug != wanted:
            owner = "this site itself" if article.kind == Kind.ARTICLE and wanted in RESERVED else "another article"
            post.notes.changed[f"the address “{wanted}” belongs to {owner}, so this one got “{article.slug}”"] += 1
        apply_state(article, post, by=self.by, made=made.document if made else None)
        if post.unpublished:
            self._keep_unpublished(article, post.unpublished)
        if post.changes_at and post.changes_at > timezone.now() and article.state == Article.State.PUBLISHED:
            schedule(article, at=post.changes_at, until=post.ends_at, by=self.by)
        if article.state == Article.State.PUBLISHED:
            redirect_all(post.old_urls, article.get_absolute_url(), self.report)

    def _keep_unpublished(self, article: Article, document: dict[str, Any]) -> None:
        """Store changes that readers have not seen yet."""
        contents = self.images.gather(sources(document))
        self.images.place(document, contents)
        apply_document(article, document, by=self.by, reason="imported, not published yet")

    def _free_in_trial(self, slug: str, article: Article) -> str:
        """The slug that an article would get, beside those of earlier posts of a dry run, which are not stored."""

        def is_taken(candidate: str) -> bool:
            if article.pk and candidate == article.slug:
                return False
            return (article.kind, candidate) in self._slugs or slug_is_taken(candidate, besides=article)

        free = free_slug(slug, is_taken, limit=LIMITS["slug"])
        self._slugs.add((article.kind, free))
        return free


def _kind(post: Post) -> str:
    return Kind.PAGE if post.own.get("kind") == Kind.PAGE else Kind.ARTICLE


def _digest(post: Post, site: str) -> str:
    """A digest of a post as the export has it, by which a later import notices a change."""
    whole = asdict(post)
    del whole["notes"], whole["where"]
    for name in ("own", "series"):  # which posts had not when the first digests were made
        if not whole[name]:
            del whole[name]
    return hashlib.sha256(json.dumps([FORMAT_VERSION, site, whole], sort_keys=True, default=str).encode()).hexdigest()
