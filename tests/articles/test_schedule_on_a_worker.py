"""The schedule, kept by the real worker."""

from datetime import timedelta

from django.utils import timezone

from articles.models import Article, Publication
from articles.tasks import publish_due
from tests.articles import factories
from tests.processes import RealProcess
from tests.smtp import wait_until


def test_a_worker_that_was_down_publishes_what_fell_due_meanwhile(celery_worker: RealProcess) -> None:
    celery_worker.kill()
    article = factories.article()
    moment = timezone.now() - timedelta(hours=1)
    Article.objects.filter(pk=article.pk).update(state="scheduled", publish_at=moment, scheduled_version=1)
    publish_due.delay()  # as beat does, every 20 seconds
    assert not Publication.objects.exists()
    celery_worker.start()
    wait_until(Publication.objects.exists, 60, "the publication")
    assert Publication.objects.get().published_at == moment
