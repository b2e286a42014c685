"""Publishing articles and taking them down, now or on schedule, and their other changes of state."""

import logging
from collections.abc import Callable
from datetime import datetime
from functools import wraps
from typing import Any, NamedTuple, ParamSpec, TypeVar
from zoneinfo import ZoneInfo

from django.db import IntegrityError, OperationalError, connection, transaction
from django.urls import reverse
from django.utils import timezone

from articles import cache_tags, page_addresses, payers, related
from articles.aliases import current_names
from articles.content import content_of
from articles.document_schema import Document, social_cover
from articles.documents import document_of
from articles.events import announce
from articles.image_library import note_uses
from articles.images import assets_of, cut_card, cut_social, hold_due
from articles.models import (
    Article,
    AuditEntry,
    Author,
    ImageUse,
    Publication,
    PublicationAuthor,
    Snippet,
    Tag,
)
from articles.redirects import free_path, redirect_path
from articles.rendering import Rendered, rendered, sources_of
from articles.social import title_image
from core.cdn_purge import purge
from core.lib import batches, clock
from core.lib.cachetags import SITE
from core.models import SiteProfile
from core.pagecache import bump
from core.transitions import TransitionRefused, lock, move
from sponsors import flags
from sponsors.flags import Standing

P = ParamSpec("P")
T = TypeVar("T")
State = Article.State
REASON_LENGTH = 400
NO_SCHEDULE: dict[str, Any] = {"publish_at": None, "scheduled_version": None, "unpublish_at": None}


class SponsorsNamed(TransitionRefused):
    """Somebody who pays us is named, and nobody has decided about it yet."""


Check = Callable[[Document, Rendered, Article], list[str]]  # returns what is wrong
logger = logging.getLogger(__name__)


@transaction.atomic
def publish(
    article: Article,
    *,
    by: Any = None,
    at: datetime | None = None,
    dated: datetime | None = None,
    updated: datetime | None = None,
    version: int | None = None,
    quietly: bool = False,
    companions: bool = True,
    check: Check | None = None,
    made: Document | None = None,
) -> Publication:
    """Publish an article, as it is now or as it was at a version.

    Replaces what was live, redirects its old address, purges caches and, unless `quietly`, announces it to webhooks.
    `at` is when a first publication was due, `dated` the date that readers are told from now on; `updated` is when an imported text was last changed. Without `companions`, the
    caller must find related articles afterwards (`articles.related.relate_all`). `made` is the document of that version
    where the caller has just stored it in the same transaction.
    Raises TransitionRefused, also if `check` finds something wrong with the document.
    """
    now = timezone.now()
    if max(at or now, dated or now) > now:
        raise TransitionRefused("A date in the future is a schedule, not a publication.")
    lock(article, "category", "series", "cta")
    if article.is_page and (hidden := page_addresses.refusal(article.slug)):
        raise TransitionRefused(hidden)
    version = version or article.version
    document = made or _document_at(article, version)
    started = dated or article.published_at or at or now
    before = None
    if article.state == State.PUBLISHED:  # as only then is there one
        before = Publication.every.filter(article=article).select_related("series").first()
    old_address, old_slug = (before.get_absolute_url(), before.slug) if before else (None, None)
    old_series = before.series.slug if before and before.series else None
    updated = updated or (started if at and not before else now)
    publication = _write(article, before, document, version, started, updated, companions, check)
    free_path(publication.get_absolute_url())
    if old_address:
        redirect_path(old_address, publication.get_absolute_url(), automatic=True)
    article.state, article.published_at = State.PUBLISHED, started
    article.publish_at = article.scheduled_version = None
    article.sent_back_reason = ""
    article.save(update_fields=["state", "published_at", "publish_at", "scheduled_version", "sent_back_reason"])
    record(article, "published", by=by, detail=f"version {version}")
    bump()
    cache_tags.purge_article(publication, old_slug=old_slug, old_series=old_series)
    _tell_of_page(article)
    if not quietly and not article.is_page:
        announce("article.updated" if before else "article.published", publication, old_address=old_address)
    return publication


def _tell_of_page(article: Article) -> None:
    """A page appears, changes or goes, and with it links at the foot of every page."""
    if article.is_page:
        purge(SITE)


def _tried_again(step: Callable[P, T]) -> Callable[P, T]:
    """Decorate an atomic step to run again if a row that it refers to is deleted at the same moment."""

    @wraps(step)
    def stubborn(*args: P.args, **kwargs: P.kwargs) -> T:
        for _ in range(2):
            try:
                return step(*args, **kwargs)
            except (IntegrityError, OperationalError) as error:
                logger.warning("%s ran into another change and is tried again: %s", step.__name__, error)
        return step(*args, **kwargs)

    return stubborn


def _document_at(article: Article, version: int) -> Document:
    if version == article.version:
        return current_names(document_of(article))
    revision = article.revisions.filter(version=version).first()
    if not revision:
        raise TransitionRefused(f"There is no version {version} of this article.")
    return current_names(revision.document)


@_tried_again
@transaction.atomic
def _write(
    article: Article,
    before: Publication | None,
    document: Document,
    version: int,
    started: datetime,
    updated: datetime,
    companions: bool,
    check: Check | None,
    is_new_version: bool = True,
) -> Publication:
    hold_due(sources_of(document))
    body = rendered(document)
    named = payers.standings(document, article)
    if is_new_version:
        _refuse_problems(check(document, body, article) if check else [])
        _refuse_named(named)
    publication = before or Publication(article=article)
    publication.version, publication.published_at, publication.updated_at = version, started, max(started, updated)
    for name, value in content_of(document, body).items():
        setattr(publication, name, value)
    publication.paid = payers.paid_of(named)
    _draw_pictures(publication, document)
    try:
        with transaction.atomic():
            publication.save()
    except IntegrityError:
        raise TransitionRefused(
            f"Another page that readers see lives at “{document['slug']}”. Change the slug."
        ) from None
    _store_relations(publication, document, body, is_new=before is None)
    note_uses(article, document, is_live=True, is_new=before is None)
    flags.log_published(publication.title, publication.get_absolute_url(), named)
    if companions and not article.is_page:
        related.relate_with_neighbours(publication)
    connection.check_constraints()  # now, while we can react, not at the end of the request
    return publication


def _refuse_problems(problems: list[str]) -> None:
    if problems:
        raise TransitionRefused("It cannot be published yet: " + " ".join(problems))


def _refuse_named(found: list[Standing]) -> None:
    if waiting := [str(each) for each in found if each.refuses]:
        raise SponsorsNamed("It cannot be published yet: " + " ".join(waiting))


def _store_relations(publication: Publication, document: Document, body: Rendered, *, is_new: bool) -> None:
    by_slug = {author.slug: author for author in Author.objects.filter(slug__in=document["authors"])}
    if not is_new:
        publication.byline.all().delete()
    PublicationAuthor.objects.bulk_create(
        PublicationAuthor(publication=publication, author=by_slug[slug], position=position)
        for position, slug in enumerate(document["authors"], 1)
        if slug in by_slug
    )
    named: list[tuple[Any, Any]] = [
        (publication.tags, Tag.objects.filter(slug__in=document["tags"]) if document["tags"] else []),
        (publication.snippets, Snippet.objects.filter(slug__in=body.snippets) if body.snippets else []),
        (publication.also_read, body.also_read),
    ]
    for relation, rows in named:
        if is_new:
            relation.add(*rows)
        else:
            relation.set(rows)


def _draw_pictures(publication: Publication, document: Document) -> None:
    """Cut the cover for cards and social sites, the latter from a picture of their own if there is one; else draw the title."""
    cover = document["cover"]
    own = social_cover(document)
    assets = assets_of(each["src"] for each in (cover, own) if each)
    asset = assets.get(cover["src"]) if cover else None
    drawn_from = assets.get(own["src"]) if own else None
    if cover and asset:
        publication.image = {**(publication.image or {}), "card": cut_card(cover, asset)}
    publication.social_image = ""
    if own and drawn_from:
        publication.social_image = cut_social(own, drawn_from)
    elif cover and asset:
        publication.social_image = cut_social(cover, asset)
    if not publication.social_image and not any(each.renditions_due for each in (drawn_from, asset) if each):
        section = publication.category.name if publication.category else ""
        publication.social_image = title_image(
            publication.social_title or publication.title, site=SiteProfile.current().name, section=section
        )


def submit(article: Article, *, by: Any = None) -> None:
    """Send an article to review."""
    change_state(
        article, State.IN_REVIEW, [State.DRAFT, State.SENT_BACK, State.ARCHIVED], by=by, action="sent to review"
    )


def send_back(article: Article, *, reason: str, by: Any = None) -> None:
    """Send an article back to its author, from review or from the schedule, and say why."""
    reason = reason.strip()[:REASON_LENGTH]
    if not reason:
        raise TransitionRefused("Say why it is sent back, so that its author knows what to do.")
    changes = {**NO_SCHEDULE, "sent_back_reason": reason}
    sources = [State.IN_REVIEW, State.SCHEDULED]
    change_state(article, State.SENT_BACK, sources, by=by, action="sent back", detail=reason, **changes)


@transaction.atomic
def schedule(
    article: Article, *, at: datetime, until: datetime | None = None, by: Any = None, check: Check | None = None
) -> None:
    """Publish the current version at a later time; changes made until then are not part of it.

    Raises TransitionRefused, also if `check` finds something wrong with that version.
    """
    if at <= timezone.now():
        raise TransitionRefused("That time has passed. Choose one in the future, or publish now.")
    if until and until <= at:
        raise TransitionRefused("The end is before the start.")
    lock(article, "category", "series", "cta")
    document = document_of(article)
    _refuse_problems(check(document, rendered(document), article) if check else [])
    _refuse_named(payers.standings(document, article))
    live = article.state == State.PUBLISHED
    change_state(
        article,
        State.PUBLISHED if live else State.SCHEDULED,
        [State.PUBLISHED] if live else [State.DRAFT, State.IN_REVIEW, State.SENT_BACK, State.SCHEDULED, State.ARCHIVED],
        by=by,
        action="scheduled",
        detail=f"version {article.version} for {clock.in_words(at, zone=clock.newsroom())}",
        publish_at=at,
        unpublish_at=until,
        scheduled_version=article.version,
    )


class Schedule(NamedTuple):
    """When a version of an article goes live, and when it goes offline."""

    version: int | None
    publish_at: datetime | None
    unpublish_at: datetime | None

    def in_words(self, zone: ZoneInfo | None = None) -> str:
        start = f"version {self.version} for {clock.in_words(self.publish_at, zone=zone)}" if self.publish_at else ""
        end = f"the end on {clock.in_words(self.unpublish_at, zone=zone)}" if self.unpublish_at else ""
        return " and ".join(filter(None, (start, end)))


@transaction.atomic
def cancel_schedule(article: Article, *, by: Any = None) -> Schedule:
    """Let nothing happen to an article by itself any more; return what was cancelled. Unless it is live, it is a draft."""
    lock(article)
    cancelled = Schedule(article.scheduled_version, article.publish_at, article.unpublish_at)
    if not cancelled.in_words():
        raise TransitionRefused("Nothing is scheduled for this article any more.")
    state = State(article.state)
    to = State.DRAFT if state == State.SCHEDULED else state
    change_state(
        article,
        to,
        [state],
        by=by,
        action="schedule cancelled",
        detail=cancelled.in_words(clock.newsroom()),
        **NO_SCHEDULE,
    )
    return cancelled


def schedule_end(article: Article, *, at: datetime | None, by: Any = None) -> None:
    """Take a published article offline at a later time; None cancels that."""
    if at and at <= timezone.now():
        raise TransitionRefused("That time has passed. Choose one in the future, or unpublish now.")
    detail = clock.in_words(at, zone=clock.newsroom()) if at else "never"
    change_state(article, State.PUBLISHED, [State.PUBLISHED], by=by, action="end set", detail=detail, unpublish_at=at)


def unpublish(article: Article, *, by: Any = None) -> None:
    """Take an article offline and make it a draft again."""
    take_down(article, State.DRAFT, [State.PUBLISHED], by=by, action="unpublished")


def archive(article: Article, *, by: Any = None) -> None:
    """Retire an article. Its address redirects to its category."""
    shown = Publication.every.filter(article=article).select_related("category").first()
    with transaction.atomic():
        take_down(
            article, State.ARCHIVED, [state for state in State if state != State.ARCHIVED], by=by, action="archived"
        )
        if shown:
            fallback = reverse("home" if article.is_page else "articles:articles")
            fallback = shown.category.get_absolute_url() if shown.category else fallback
            redirect_path(shown.get_absolute_url(), fallback, automatic=True)


@_tried_again
@transaction.atomic
def take_down(article: Article, to: State, sources: list[State], *, by: Any, action: str) -> None:
    """Let readers see an article no more, in whichever state it is then."""
    change_state(article, to, sources, by=by, action=action, **NO_SCHEDULE)
    shown = Publication.every.filter(article=article).first()
    if shown:
        related.refresh_later(related.shown_with(shown).values_list("pk", flat=True))
        # Locked, so that no article becomes related to it meanwhile; after the refreshes, as in publishing.
        Publication.every.select_for_update(of=("self",)).get(pk=shown.pk)
        cache_tags.purge_article(shown)
        if not article.is_page:
            announce("article.archived" if to == State.ARCHIVED else "article.unpublished", shown)
        _tell_of_page(article)
        shown.delete()
        ImageUse.objects.filter(article=article, is_live=True).delete()
    bump()


@transaction.atomic
def change_state(
    article: Article, to: State, sources: list[State], *, by: Any, action: str, detail: str = "", **changes: Any
) -> None:
    """Change the state, if it is one of `sources`, and write that to the audit log."""
    if to != State.SENT_BACK:
        changes["sent_back_reason"] = ""
    move(article, sources=sources, to=to, action=action, **changes)
    record(article, action, by=by, detail=detail)


def record(article: Article, action: str, *, by: Any = None, detail: str = "") -> None:
    """Write an entry of the audit log."""
    AuditEntry.objects.create(
        article=article,
        article_title=article.title,
        by=by,
        by_name=str(by) if by else "the schedule",
        action=action,
        detail=detail[:400],
    )


def follow_replaced() -> int:
    """Render anew what readers see of articles with a picture that was replaced; return how many."""
    keys = ImageUse.objects.filter(is_outdated=True, is_live=True).values_list("article", flat=True).distinct()
    return sum(batches.each(Article.objects.filter(pk__in=keys).order_by("pk"), follow))


def follow(article: Article, *, companions: bool = True) -> int:
    """The same version again, with what it shows of others as it is now: no new date, and nobody is told."""
    with transaction.atomic():
        lock(article, "category", "series", "cta")
        before = Publication.objects.filter(article=article).first()
        if not before:
            ImageUse.objects.filter(article=article, is_live=True).delete()
            return 0
        document = _document_at(article, before.version)
        dates = before.published_at, before.updated_at
        _write(article, before, document, before.version, *dates, companions, None, is_new_version=False)
        bump()
        cache_tags.purge_article(before)
    return 1
