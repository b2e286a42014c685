"""Figures for Prometheus: what waits and since when, read from the database, so that every host says the same."""

import hmac
from collections.abc import Iterator
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Case, Count, Exists, F, Min, OuterRef, Q, QuerySet, Subquery, Sum, When
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from prometheus_client import CollectorRegistry
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.registry import Collector

from articles.models import Article, Publication
from core import generation
from core.lib.forms import client_address
from core.models import OutgoingMail, OutgoingRequest
from newsletter.models import Briefing, Delivery
from surveys.models import PendingBallot, UnsealedBallot

RECENT = timedelta(days=7)
IS_LIVE = Q(state__in=["sending", "paused"]) | Q(retrying__gt=0)
WAITING_LETTERS = (
    Q(automation__isnull=False) & IS_LIVE & Exists(Delivery.objects.unfinished().filter(briefing=OuterRef("pk")))
)
LOOPBACK = {"127.0.0.1", "::1"}


@require_safe
@never_cache
def metrics(request: HttpRequest) -> HttpResponse:
    """For whoever sends METRICS_TOKEN; where none is set, for this machine alone, and in production for nobody."""
    if not _may_read(request):
        return HttpResponse("Give the token of METRICS_TOKEN: Authorization: Bearer …\n", status=401)
    registry = CollectorRegistry(auto_describe=False)
    registry.register(Newsroom())
    return HttpResponse(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)


def _may_read(request: HttpRequest) -> bool:
    if settings.METRICS_TOKEN:
        given = request.headers.get("Authorization", "").encode()
        return hmac.compare_digest(given, f"Bearer {settings.METRICS_TOKEN}".encode())
    direct = client_address(request) in LOOPBACK and "X-Forwarded-For" not in request.headers
    return direct and not settings.PRODUCTION  # there a proxy on this machine may stand in front of everyone


class Newsroom(Collector):
    """Every part's figures; nothing here counts a table that grows without end."""

    def collect(self) -> Iterator[GaugeMetricFamily]:
        now = timezone.now()
        yield _gauge("content_generation", "Grows with every change that readers see.", generation.current())
        yield _gauge("articles_published", "Articles that readers see.", Publication.objects.count())
        overdue = Article.objects.filter(publish_at__lt=now).aggregate(since=Min("publish_at"))["since"]
        yield _gauge("articles_overdue_seconds", "Since when a scheduled article should be live.", _age(overdue, now))
        mails = OutgoingMail.objects.filter(state__in=["queued", "failed"])
        yield _by_state("outgoing_mails", "Transactional mails that are not sent.", mails)
        oldest = mails.filter(state="queued").aggregate(since=Min("due_at"))["since"]
        yield _gauge("outgoing_mail_overdue_seconds", "Since when the oldest mail is due.", _age(oldest, now))
        requests = OutgoingRequest.objects.filter(state__in=["queued", "failed"])
        yield _by_state("outgoing_requests", "Deliveries to webhooks and purges that were not taken.", requests)
        yield _by_state("briefings", "Briefings that are not finished.", _unfinished_briefings())
        yield _by_state("deliveries", "Deliveries of the briefings that are being sent.", _under_way())
        uncertain = _uncertain_since(now - RECENT)
        yield _gauge("letters_uncertain", "Letters of a week's briefings that may not have left.", uncertain)
        yield _gauge("ballots_pending", "Ballots whose voters have not confirmed.", PendingBallot.objects.count())
        yield _gauge("ballots_unsealed", "Ballots that wait to be sealed.", UnsealedBallot.objects.count())


def _unfinished_briefings() -> QuerySet[Briefing]:
    """With letters of automations, which are never done, while something of them waits."""
    return Briefing.every.filter(Q(automation=None) & ~Q(state__in=["sent", "cancelled"]) | WAITING_LETTERS)


def _under_way() -> QuerySet[Delivery]:
    """Of a letter of an automation, which has those of years, what waits alone."""
    briefings = Briefing.every.filter(Q(automation=None) & IS_LIVE | WAITING_LETTERS)
    in_question = Q(briefing__automation=None) | Q(state__in=["pending", "sending", "retry"])
    return Delivery.objects.filter(in_question, briefing__in=briefings.values("pk"))


def _uncertain_since(moment: datetime) -> int:
    own = Delivery.objects.filter(briefing=OuterRef("pk"), state="uncertain", due_at__gt=moment).order_by()
    of_a_letter = Subquery(own.values("briefing").annotate(number=Count("pk")).values("number"))
    rows = Briefing.every.filter(Q(sent_at__gt=moment) | Q(automation__isnull=False, uncertain__gt=0))
    rows = rows.annotate(number=Case(When(automation=None, then=F("uncertain")), default=of_a_letter))
    return rows.aggregate(all=Sum("number"))["all"] or 0


def _gauge(name: str, about: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"moonpress_{name}", about, value=value)


def _by_state(name: str, about: str, rows: object) -> GaugeMetricFamily:
    family = GaugeMetricFamily(f"moonpress_{name}", about, labels=["state"])
    for row in rows.order_by().values("state").annotate(number=Count("pk")):  # type: ignore[attr-defined]
        family.add_metric([row["state"]], row["number"])
    return family


def _age(since: datetime | None, now: datetime) -> float:
    return max(0.0, (now - since).total_seconds()) if since else 0.0
