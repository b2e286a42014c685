"""Reports, figures and exports are read from a replica, where there is one; here a second connection that may not write."""

import pytest
from django.db import connection, connections, transaction
from django.http import StreamingHttpResponse
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from rest_framework.exceptions import ValidationError

from articles.models import Article
from cms import probes
from core import heartbeats, replica
from core.models import AuditEntry
from newsletter.models import Newsletter
from tests.articles import factories as articles
from tests.newsletter import factories
from tests.sponsors.factories import confirmed
from tests.surveys.questionnaires.factories import answered, choice, opened
from tests.surveys.questionnaires.factories import page as page_of

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", replica.ALIAS])
ONLY_READS = "-c default_transaction_read_only=on"


@pytest.fixture(autouse=True, scope="module")
def _replica(django_db_setup):
    """A second way to the test database, there before the first test begins."""
    connections.settings[replica.ALIAS] = {**connections.settings["default"]}
    yield
    del connections.settings[replica.ALIAS]


@pytest.fixture
def second(settings):
    """Opens it, with options of PostgreSQL or at another address."""
    settings.DATABASE_ROUTERS = ["core.replica.Router"]
    options = connections.settings["default"]["OPTIONS"]

    heartbeats.record("beat")

    def open_it(said=ONLY_READS, **fields):
        fields = connections.settings["default"] | fields | {"OPTIONS": options | {"options": said}}
        connections[replica.ALIAS].settings_dict = fields

    yield open_it
    connections[replica.ALIAS].close()


@pytest.fixture
def administrator(client):
    client.force_login(factories.user(role="administrator", is_superuser=True))
    return client


def at(name, *arguments):
    return reverse(f"admin:{name}", args=arguments)


def briefing_pages():
    briefing = factories.sent(factories.newsletter())
    report = at("newsletter_briefing_report", briefing.pk)
    return [report, at("newsletter_briefing_report_table", briefing.pk, "links")]


def figures():
    newsletter = factories.newsletter()
    factories.subscription(newsletter)
    return [at("newsletter_newsletter_figures"), at("newsletter_newsletter_figures_table", "growth")]


PAGES = {
    "figures of newsletters": figures,
    "report of a briefing": briefing_pages,
    "figures of readers": lambda: [at("articles_dayfigures_changelist")],
    "report to a sponsor": lambda: [confirmed().report_path],
    "the bookkeeper's month": lambda: [at("sponsors_invoice_month")],
}


@pytest.mark.parametrize("pages", PAGES.values(), ids=PAGES.keys())
def test_reports_are_read_from_it(administrator, second, pages):
    paths = pages()
    second()
    for path in paths:
        with CaptureQueriesContext(connections[replica.ALIAS]) as there, CaptureQueriesContext(connection) as here:
            answer = administrator.get(path)
            list(answer.streaming_content if answer.streaming else [])
        assert answer.status_code == 200
        assert len(there) > 1, f"{path}: more than the look at how far it is behind"
        assert not [each for each in here.captured_queries if reads_a_part(each["sql"])], path


def reads_a_part(sql):
    return sql.startswith("SELECT") and any(f'FROM "{part}_' in sql for part in ("newsletter", "articles", "sponsors"))


def test_exports_are_read_from_it_while_they_are_sent_and_logged_on_the_primary(administrator, second):
    newsletter, survey = factories.newsletter(), opened(page_of("p1", choice()))
    factories.subscription(newsletter, "bea@example.com")
    answered(survey, {"q1": "a"}, times=12)
    second()
    asked = [
        (at("newsletter_subscriberimport_export"), {"newsletter": newsletter.pk, "form": "plain"}, b"bea@example.com"),
        (at("surveys_survey_results-export", survey.pk), {"form": "csv"}, b"PK"),
    ]
    for path, form, found in asked:
        answer = administrator.post(path, form)
        with CaptureQueriesContext(connections[replica.ALIAS]) as there:
            assert found in b"".join(answer.streaming_content), path
        assert there.captured_queries, path
    assert AuditEntry.objects.filter(action__startswith="exported").count() == len(asked)


def test_what_programs_ask_for_and_it_has_not_got_yet_is_found(behind):
    factories.newsletter()
    behind("TRUNCATE behind.newsletter_newsletter", "newsletter_newsletter")

    @replica.for_reports
    def view(slug):
        if not (found := Newsletter.objects.filter(slug=slug).first()):
            raise ValidationError({"newsletter": ["There is none."]})
        return found._state.db

    assert view(Newsletter.objects.get().slug) == "default"
    with pytest.raises(ValidationError):
        view("there-is-none")


def test_what_it_breaks_off_is_answered_by_the_primary(administrator, behind):
    briefing = factories.sent(factories.newsletter())
    behind("ALTER TABLE behind.newsletter_briefing DROP COLUMN subject", "newsletter_briefing")
    page = administrator.get(at("newsletter_briefing_report", briefing.pk))
    assert briefing.subject in page.content.decode()


def test_what_is_written_and_read_within_a_transaction_is_the_primarys(second):
    second()
    newsletter = factories.newsletter()

    @replica.for_reports
    def view():
        found = Newsletter.objects.get()
        assert found._state.db == replica.ALIAS
        found.name = "Monthly"
        found.save()
        with transaction.atomic():
            assert Newsletter.objects.get()._state.db == "default"
        return found.briefings.create(issue_date="2026-01-01", subject="One", slug="one")

    assert view()._state.db == "default"
    newsletter.refresh_from_db()
    assert (newsletter.name, newsletter._state.db) == ("Monthly", "default")


def test_pieces_that_are_sent_leave_nothing_behind(second):
    second()
    factories.newsletter()

    @replica.for_reports
    def view():
        return StreamingHttpResponse(str(Newsletter.objects.get()._state.db) for _ in range(2))

    for piece in view().streaming_content:
        assert piece == b"replica"
        assert Newsletter.objects.get()._state.db == "default"


def test_one_that_is_away_is_told_of_and_the_primary_is_read(administrator, second, caplog):
    factories.newsletter()
    second(HOST="127.0.0.1", PORT="1")
    assert administrator.get(at("newsletter_newsletter_figures")).status_code == 200
    assert "the replica cannot be reached" in caplog.text
    assert probes.readiness()["replica"].startswith("cannot be reached")


@pytest.fixture
def behind(second):
    """Opens a second state of some tables, as they are but for what a statement changes."""
    made = []

    def open_it(change, *tables):
        with connection.cursor() as cursor:
            cursor.execute("CREATE SCHEMA behind")
            made.append("behind")
            for table in tables:
                cursor.execute(f"CREATE TABLE behind.{table} AS SELECT * FROM {table}")
            cursor.execute(change)
        second(f"{ONLY_READS} -c search_path=behind,public")

    yield open_it
    with connection.cursor() as cursor:
        for schema in made:
            cursor.execute(f"DROP SCHEMA {schema} CASCADE")


def test_nothing_is_read_from_one_that_is_a_minute_behind(behind, caplog):
    behind("UPDATE behind.core_heartbeat SET at = at - interval '90 seconds'", "core_heartbeat")
    assert replica.usable() == "default"
    assert probes.readiness()["replica"] == "is 90 seconds behind"
    assert "the replica is 90 seconds behind" in caplog.text


@pytest.mark.parametrize(
    "change", ["UPDATE core_heartbeat SET at = at - interval '2 hours'", "DELETE FROM core_heartbeat"]
)
def test_nothing_is_read_from_one_of_which_nothing_tells_how_far_behind_it_is(second, caplog, change):
    second()
    assert replica.usable() == replica.ALIAS
    with connection.cursor() as cursor:
        cursor.execute(change)
    assert replica.lag() is None, "it may be hours behind: what beats is the same on both"
    assert replica.usable() == "default"
    assert "neither worker nor beat is alive" in caplog.text
    assert "neither worker nor beat is alive" in probes.readiness()["replica"]


def added():
    """Rows that were written a moment ago: their tables, and pages that name them, with how they are asked for."""
    newsletter = factories.newsletter()
    briefing = factories.sent(newsletter)
    article = articles.publication().article
    booking = confirmed()
    return {
        "newsletter_newsletter": f"{at('newsletter_newsletter_figures')}?newsletter={newsletter.pk}",
        "newsletter_briefing": at("newsletter_briefing_report", briefing.pk),
        "articles_article": f"{at('articles_dayfigures_changelist')}?article={article.pk}",
        "sponsors_booking": booking.report_path,
    }


def test_what_was_written_a_moment_ago_is_found(administrator, behind):
    paths = added()
    behind("; ".join(f"TRUNCATE behind.{table}" for table in paths), *paths)
    assert replica.usable() == replica.ALIAS
    for path in paths.values():
        assert administrator.get(path).status_code == 200, path
    article = Article.objects.get()
    assert str(article) in administrator.get(paths["articles_article"]).content.decode(), "not of all pages"
    assert administrator.get(at("newsletter_briefing_report", 0)).status_code == 404
