"""What an act on many articles does to one of them, and how that is undone: as somebody would do it by hand."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from django.utils import timezone

from articles import payers, publishing
from articles.desk import checks
from articles.desk.permissions import may_change, may_publish
from articles.document_schema import Document
from articles.documents import apply_document, document_of
from articles.models import Article, ArticleAct, Publication
from core import transitions
from core.lib import clock
from core.transitions import TransitionRefused

Kind, State = ArticleAct.Kind, Article.State
NOT_YOURS = "your account may not do that to it."


@dataclass
class Done:
    """What was done to an article: what it was before (None: nothing had to be done), and what has to be said."""

    before: dict[str, Any] | None = None
    note: str = ""


def carry_out(act: ArticleAct, article: Article) -> Done:
    """Raises TransitionRefused and DocumentError."""
    _refuse_others(act, article)
    if act.kind == Kind.ARCHIVE:
        return _archive(act, article)
    if act.kind == Kind.SCHEDULE:
        return _schedule(act, article)
    document = document_of(article)
    parts = _parts(act, document)
    if all(document.get(name) == value for name, value in parts.items()):
        return Done()
    before = {name: document.get(name) for name in parts}
    note = _save(act, article, cast(Document, {**document, **parts}), reason=str(act))
    return Done({"was": before, "set": parts}, note)


def put_back(act: ArticleAct, article: Article, before: dict[str, Any]) -> str:
    """Undo it; what has to be said. Raises TransitionRefused where the article was changed otherwise since."""
    _refuse_others(act, article)
    if act.kind == Kind.ARCHIVE:
        return _unarchive(act, article, before)
    if act.kind == Kind.SCHEDULE:
        return _unschedule(act, article, before)
    document = document_of(article)
    parts = _parts_back(act, document, before)
    return _save(act, article, cast(Document, {**document, **parts}), reason=f"Undone: {act}"[:200]) if parts else ""


def _refuse_others(act: ArticleAct, article: Article) -> None:
    allowed = may_publish if act.kind in (Kind.ARCHIVE, Kind.SCHEDULE) else may_change
    if not allowed(act.by, article):
        raise TransitionRefused(NOT_YOURS)


# Parts of the document


def _parts(act: ArticleAct, document: Document) -> dict[str, Any]:
    """The parts of a document as the act wants them."""
    given = act.given
    if act.kind == Kind.TAG:
        return {"tags": sorted({*document["tags"], given["tag"]})}
    if act.kind == Kind.UNTAG:
        return {"tags": [slug for slug in document["tags"] if slug != given["tag"]]}
    if act.kind == Kind.CATEGORY:
        return {"category": given["category"]}
    others = [] if given["instead"] else [slug for slug in document["authors"] if slug != given["author"]]
    if given["author"] in document["authors"] and not given["instead"]:
        return {"authors": document["authors"]}
    return {"authors": [*others, given["author"]]}


def _parts_back(act: ArticleAct, document: Document, before: dict[str, Any]) -> dict[str, Any]:
    if act.kind == Kind.TAG:
        return {"tags": [slug for slug in document["tags"] if slug != act.given["tag"]]}
    if act.kind == Kind.UNTAG:
        return {"tags": sorted({*document["tags"], act.given["tag"]})}
    current = {name: document.get(name) for name in before["set"]}
    if current != before["set"]:
        raise TransitionRefused("somebody has changed that since, so it stays as it is.")
    return dict(before["was"])


def _save(act: ArticleAct, article: Article, document: Document, *, reason: str) -> str:
    """Store a version and, if that is wanted, show it where nothing but this is new in it."""
    shown = Publication.objects.filter(article=article).values_list("version", flat=True).first()
    was_shown, was_scheduled = shown == article.version, article.scheduled_version == article.version
    apply_document(article, document, by=act.by, reason=reason[:200], expected_version=article.version)
    payers.look_at(article)
    if not act.given.get("shown") or not may_publish(act.by, article):
        return "saved; readers see it once it is published." if shown else ""
    if article.publish_at and was_scheduled:
        times: dict[str, Any] = {"at": article.publish_at, "until": article.unpublish_at}
        publishing.schedule(article, by=act.by, check=checks.blocking, **times)
        return ""
    if shown and was_shown and not article.publish_at:
        publishing.publish(article, by=act.by, check=checks.blocking)
        return ""
    return "saved, not published: it has other changes that readers do not see yet." if shown else ""


# Where an article stands


def _standing(article: Article) -> dict[str, Any]:
    shown = Publication.objects.filter(article=article).first()
    return {
        "state": article.state,
        "reason": article.sent_back_reason,
        "version": shown.version if shown else None,
        "updated_at": _text(shown.updated_at) if shown else None,
        "publish_at": _text(article.publish_at),
        "scheduled_version": article.scheduled_version,
        "unpublish_at": _text(article.unpublish_at),
    }


def _text(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _archive(act: ArticleAct, article: Article) -> Done:
    if article.state == State.ARCHIVED:
        return Done()
    before = _standing(article)
    publishing.archive(article, by=act.by)
    return Done(before)


def _unarchive(act: ArticleAct, article: Article, before: dict[str, Any]) -> str:
    if article.state != State.ARCHIVED:
        raise TransitionRefused(f"it is {article.get_state_display()} meanwhile, so it stays so.")
    if not before["version"]:
        return _stand(act, article, before)
    publishing.publish(article, by=act.by, version=before["version"], updated=_moment(before["updated_at"]))
    end = _moment(before["unpublish_at"])
    if end and end > timezone.now():
        publishing.schedule_end(article, at=end, by=act.by)
    return "published again; the newer version that was scheduled is not." if before["publish_at"] else ""


def _schedule(act: ArticleAct, article: Article) -> Done:
    before = _standing(article)
    at, until = _moment(act.given["at"]), _moment(act.given["until"])
    if not at:
        raise TransitionRefused("no time was given.")
    publishing.schedule(article, at=at, until=until, by=act.by, check=checks.blocking)
    return Done(before)


def _unschedule(act: ArticleAct, article: Article, before: dict[str, Any]) -> str:
    if _text(article.publish_at) != act.given["at"]:
        raise TransitionRefused("its schedule is another meanwhile, so it stays as it is.")
    return _stand(act, article, before)


def _stand(act: ArticleAct, article: Article, before: dict[str, Any]) -> str:
    """Give an article the state and the schedule that it had; a schedule whose time has passed is dropped."""
    now = timezone.now()
    at, until = _moment(before["publish_at"]), _moment(before["unpublish_at"])
    at, until = at if at and at > now else None, until if until and until > now else None
    state, note = before["state"], ""
    if state == State.SCHEDULED and not at:
        state, until, note = State.DRAFT, None, "a draft now: the time it was scheduled for has passed."
    transitions.move(
        article,
        sources=[State(article.state)],
        to=state,
        action="put back",
        sent_back_reason=before["reason"],
        publish_at=at,
        scheduled_version=before["scheduled_version"] if at else None,
        unpublish_at=until,
    )
    detail = f"as before: {article.get_state_display()}"
    if at:
        detail += f", version {article.scheduled_version} for {clock.in_words(at, zone=clock.newsroom())}"
    publishing.record(article, "put back", by=act.by, detail=detail)
    return note
