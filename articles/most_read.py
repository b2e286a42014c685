"""What readers read most in the last days: counted from their views alone, and kept until the order changes.

Bots and staff are not among the views. Money has no part in it: this knows nothing of sponsors.
"""

from datetime import timedelta

from django.db import transaction
from django.db.models import F, Sum

from articles.models import Kind, MostRead, PageFigures
from core.cdn_purge import purge
from core.lib import clock
from core.lib.cachetags import LISTS
from core.pagecache import bump

DAYS = 7
SHOWN = 5
FEWEST = 3  # fewer stories are no list
KEPT = 2 * SHOWN  # some of them may be taken offline before it is counted again


@transaction.atomic
def refresh() -> bool:
    """Count anew; whether the order has changed, so that readers' pages are made anew."""
    wanted = _counted()
    rows = list(MostRead.objects.select_for_update().order_by("rank").values_list("article", flat=True))
    if rows == wanted:
        return False
    MostRead.objects.all().delete()
    MostRead.objects.bulk_create(MostRead(rank=rank, article_id=key) for rank, key in enumerate(wanted, 1))
    bump()
    purge(LISTS)
    return True


def _counted() -> list[int]:
    since = clock.utc_day() - timedelta(days=DAYS - 1)
    rows = PageFigures.objects.filter(
        day__gte=since, article__publication__isnull=False, article__kind=Kind.ARTICLE
    ).order_by()
    counted = rows.values(key=F("article")).annotate(seen=Sum("visitors")).order_by("-seen", "-key")
    return [row["key"] for row in counted[:KEPT]]


def shown(keys: list[int]) -> list[int]:
    """Those that are shown of the ones that are still live; none where they are too few to be a list."""
    return keys[:SHOWN] if len(keys) >= FEWEST else []
