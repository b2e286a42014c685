"""The tasks of articles."""

from celery import shared_task

from articles import by_the_clock, most_read, moves, publishing, related, renditions
from articles.desk import bulk_acts, leads
from articles.importing import runs
from articles.readership import rollup


@shared_task
def publish_due() -> None:
    """Publish and take down what is due; run by beat."""
    by_the_clock.publish_due()


@shared_task
def end_pins() -> None:
    """Take away the pins whose time is over; run by beat."""
    leads.end_due()


@shared_task
def refresh_most_read() -> None:
    """Count anew what is read most; run by beat."""
    most_read.refresh()


@shared_task
def refresh_related() -> None:
    """Refresh related articles; run after changes, and by beat for what was left."""
    related.refresh_due()


@shared_task
def follow_moved() -> None:
    """Put links to pages under former slugs right; run after changes, and by beat for what was left."""
    moves.follow_moved()


@shared_task
def follow_replaced() -> None:
    """Render anew what shows a picture that was replaced; run after that, and by beat for what was left."""
    publishing.follow_replaced()


@shared_task
def make_renditions() -> None:
    """Make the copies of pictures that came in by the hundred; run by beat and after an import."""
    renditions.make_due()


@shared_task
def roll_up_readership() -> None:
    """Make the counts of readers' figures anew where they are old; run by beat."""
    rollup.roll_up_due()


@shared_task
def act_on_articles() -> None:
    """Do the acts on many articles that wait, one after the other."""
    while bulk_acts.ENGINE.run_next():
        pass


@shared_task
def import_posts() -> None:
    """Do what waits to be done with uploaded exports, one after the other; beat rings this too."""
    while runs.ENGINE.run_next():
        pass
