"""Acts on many articles: each as by hand, with its own permission; what fails is told and stops no other; undoing."""

from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from articles import publishing
from articles.desk import bulk_acts, selection
from articles.documents import apply_document, document_of
from articles.models import Article, ArticleAct, AuditEntry, Category, Redirect, Tag
from core.models import OutgoingRequest
from tests.articles import factories

pytestmark = pytest.mark.django_db
HERE = "/admin/articles/articleact/"
LIST = "/admin/articles/article/"


def begin(client, kind, articles=None, query="", **said):
    """The act, found and waiting for a yes."""
    query = query or "ids=" + ",".join(str(article.pk) for article in articles)
    answer = client.post(f"{HERE}new/{kind}/?{query}", said, follow=True)
    assert answer.redirect_chain, answer.context["form"].errors
    if ArticleAct.objects.first().state == "collecting":
        assert bulk_acts.ENGINE.run_next()
    return ArticleAct.objects.first()


def do(client, kind, articles=None, query="", **said):
    row = begin(client, kind, articles, query, **said)
    client.post(f"{HERE}{row.pk}/start/")
    assert bulk_acts.ENGINE.run_next()
    row.refresh_from_db()
    return row


def undo(client, row):
    client.post(f"{HERE}{row.pk}/undo/")
    assert bulk_acts.ENGINE.run_next()
    row.refresh_from_db()
    return row


def fresh(*articles):
    return [Article.objects.get(pk=article.pk) for article in articles]


def tags(article):
    return list(article.tags.values_list("slug", flat=True))


def text(client, row):
    return " ".join(client.get(f"{HERE}{row.pk}/").content.decode().split())


def test_ticked_articles_get_a_tag_after_a_question(editor, client):
    draft, other = factories.article(), factories.article()
    chosen = client.post(LIST, {"action": "bulk_tag", "_selected_action": [draft.pk]})
    row = begin(client, "tag", query=chosen["Location"].partition("?")[2], tag="Halving 2028")
    assert (row.state, row.total, str(row), tags(draft)) == ("ready", 1, "Add a tag: Halving 2028", [])
    assert "Yes, for 1 article" in text(client, row)
    client.post(f"{HERE}{row.pk}/start/")
    assert bulk_acts.ENGINE.run_next()
    assert (tags(draft), tags(other)) == (["halving-2028"], [])
    revision = draft.revisions.first()
    assert (revision.version, revision.by, revision.reason) == (2, editor, "Add a tag: Halving 2028")


def test_readers_see_a_change_at_once_where_nothing_else_is_new(editor, client, settings):
    settings.CACHE_PURGE_URL = "https://cdn.example/purge"
    shown, behind = factories.publication().article, factories.publication().article
    apply_document(behind, {**document_of(behind), "title": "Not ready yet"})
    OutgoingRequest.objects.all().delete()
    row = do(client, "category", [shown, behind], category="Research", shown="on") if factories.category() else None
    assert (row.changed, row.failed) == (2, 0)
    shown, behind = fresh(shown, behind)
    assert (shown.publication.version, shown.publication.category.slug) == (2, "research")
    assert (behind.version, behind.publication.version, behind.category.slug) == (3, 1, "research")
    assert "“Not ready yet”: saved, not published" in row.problem
    assert OutgoingRequest.objects.exists()
    assert AuditEntry.objects.filter(article=shown).first().by == editor


def test_a_scheduled_version_takes_the_change_along(editor, client):
    article = factories.article()
    at = timezone.now() + timedelta(days=1)
    publishing.schedule(article, at=at)
    factories.author("bo", name="Bo Day")
    do(client, "author", [article], author="bo day", shown="on")
    (article,) = fresh(article)
    assert (article.state, article.version, article.scheduled_version, article.publish_at) == ("scheduled", 2, 2, at)


def test_undoing_gives_each_article_what_it_had(editor, client):
    factories.author("bo"), factories.category("news")
    one = factories.article(authors=["ana"], category=factories.category().slug) if factories.author() else None
    two = factories.article(tags=[factories.tag().slug])
    for kind, said in {
        "author": {"author": "Bo", "instead": "1"},
        "category": {"category": "News"},
        "tag": {"tag": "Bitcoin"},
        "untag": {"tag": "bitcoin"},
    }.items():
        before = [document_of(article) for article in fresh(one, two)]
        row = do(client, kind, [one, two], **said)
        assert [document_of(article) for article in fresh(one, two)] != before, kind
        assert undo(client, row).state == "undone"
        assert [document_of(article) for article in fresh(one, two)] == before, kind


def test_undoing_leaves_what_somebody_changed_since(editor, client):
    factories.category("news"), factories.category("other")
    one, two = factories.article(), factories.article()
    row = do(client, "category", [one, two], category="news")
    (two,) = fresh(two)
    apply_document(two, {**document_of(two), "category": "other"})
    row = undo(client, row)
    assert [article.category and article.category.slug for article in fresh(one, two)] == [None, "other"]
    assert f"“{two}”: somebody has changed that since" in row.problem


def test_archiving_and_its_undoing_are_as_by_hand(editor, client):
    shown, draft, gone = factories.publication().article, factories.article(), factories.article()
    publishing.archive(gone)
    address = shown.get_absolute_url()
    row = do(client, "archive", [shown, draft, gone])
    assert (row.done, row.changed, row.failed) == (3, 2, 0)
    assert {article.state for article in fresh(shown, draft, gone)} == {"archived"}
    assert Redirect.objects.get(path=address).target == "/blog/"
    undo(client, row)
    assert [article.state for article in fresh(shown, draft, gone)] == ["published", "draft", "archived"]
    assert client.get(address).status_code == 200
    assert not Redirect.objects.filter(path=address).exists()


def test_scheduling_and_its_undoing(editor, client):
    draft, reviewed, shown = factories.article(), factories.article(), factories.publication().article
    publishing.submit(reviewed)
    at = (timezone.now() + timedelta(days=2)).replace(second=0, microsecond=0)
    row = do(client, "schedule", [draft, reviewed, shown], at=f"{at:%Y-%m-%dT%H:%M}")
    assert [article.publish_at for article in fresh(draft, reviewed, shown)] == [at] * 3
    undo(client, row)
    states = [(article.state, article.publish_at) for article in fresh(draft, reviewed, shown)]
    assert states == [("draft", None), ("in_review", None), ("published", None)]


def test_one_that_fails_stops_no_other_and_is_named(editor, client):
    good = factories.article(title="All is well")
    bad = factories.article({"type": "richtext", "html": "<p>TK</p>"}, title="Not done")
    deleted = factories.article()
    at = timezone.now() + timedelta(days=2)
    row = begin(client, "schedule", [good, bad, deleted], at=f"{at:%Y-%m-%dT%H:%M}")
    Article.objects.filter(pk=deleted.pk).delete()
    client.post(f"{HERE}{row.pk}/start/")
    bulk_acts.ENGINE.run_next()
    row.refresh_from_db()
    assert (row.state, row.done, row.changed, row.failed) == ("done", 3, 1, 2)
    assert "“Not done”: It cannot be published yet" in row.problem
    assert "was deleted meanwhile" in row.problem
    assert [article.state for article in fresh(good, bad)] == ["scheduled", "draft"]


def test_an_error_of_ours_leaves_that_article_as_it_was(editor, client):
    articles = [factories.article() for _ in range(3)]
    factories.tag()
    with connection.cursor() as cursor:
        cursor.execute(
            f"ALTER TABLE articles_revision ADD CONSTRAINT refused CHECK (article_id <> {articles[1].pk} OR version < 2)"
        )
    row = do(client, "tag", articles, tag="bitcoin")
    assert (row.changed, row.failed) == (2, 1)
    assert [len(tags(article)) for article in articles] == [1, 0, 1]
    assert "an error of Moonpress" in row.problem
    assert [article.version for article in fresh(*articles)] == [2, 1, 2]


def test_the_permission_is_looked_at_for_each_article_when_it_is_its_turn(editor, client):
    articles = [factories.publication().article for _ in range(2)]
    row = begin(client, "archive", articles)
    client.post(f"{HERE}{row.pk}/start/")
    editor.groups.clear()
    bulk_acts.ENGINE.run_next()
    row.refresh_from_db()
    assert (row.changed, row.failed) == (0, 2)
    assert "your account may not do that" in row.problem
    assert {article.state for article in fresh(*articles)} == {"published"}


def test_a_writer_tags_but_shows_readers_nothing_and_archives_nothing(writer, client):
    client.force_login(writer)
    article = factories.publication().article
    factories.tag()
    row = do(client, "tag", [article], tag="bitcoin", shown="on")
    assert "saved; readers see it once it is published" in row.problem
    (article,) = fresh(article)
    assert (article.version, article.publication.version) == (2, 1)
    assert {client.get(f"{HERE}new/{kind}/?ids=1").status_code for kind in ("archive", "schedule")} == {403}
    archived = bulk_acts.begin("archive", by=writer, given={}, keys=[article.pk])
    assert client.get(f"{HERE}{archived.pk}/").status_code == 403
    assert client.post(f"{HERE}{archived.pk}/start/").status_code == 403


@pytest.mark.parametrize("role", ["newsletter manager", "sponsorship manager", "awards steward"])
def test_no_other_role_acts_on_articles(client, role):
    row = bulk_acts.begin("archive", by=factories.user("editor"), given={}, keys=[factories.article().pk])
    client.force_login(factories.user(role))
    assert {client.get(f"{HERE}{page}").status_code for page in ("new/", "new/tag/", f"{row.pk}/")} == {403}
    assert {client.post(f"{HERE}{row.pk}/{page}/").status_code for page in ("start", "cancel", "undo")} == {403}


@pytest.mark.parametrize(
    ("kind", "said", "field"),
    [
        ("untag", {"tag": "no such tag"}, "tag"),
        ("tag", {"tag": " "}, "tag"),
        ("tag", {"tag": "x" * 81}, "tag"),
        ("category", {"category": "nowhere"}, "category"),
        ("author", {"author": "Sam"}, "author"),
        ("schedule", {"at": "2020-01-01T10:00"}, "at"),
        ("schedule", {"at": "2999-01-02T10:00", "until": "2999-01-01T10:00"}, "until"),
        ("schedule", {"at": "soon"}, "at"),
    ],
)
def test_what_an_act_needs_is_asked_for_at_its_field(editor, client, kind, said, field):
    factories.author("sam", name="Sam"), factories.author("sam-2", name="Sam")
    page = client.post(f"{HERE}new/{kind}/?ids={factories.article().pk}", said)
    assert list(page.context["form"].errors) == [field]
    assert not ArticleAct.objects.exists()


def test_an_act_on_all_that_the_list_shows_means_those_and_no_others(editor, client):
    factories.article(category=factories.category().slug)
    wanted = factories.article(category="research", title="Fees again")
    page = client.get(f"{HERE}new/?q=fees&category=research").content.decode()
    assert "words: fees; category: Research" in page
    row = do(client, "tag", query="q=fees&category=research", tag="Fees")
    assert (row.total, [article.pk for article in Tag.objects.get().articles.all()]) == (1, [wanted.pk])


def test_what_is_gone_meanwhile_widens_nothing(editor, client):
    factories.article(category=factories.category().slug)
    client.post(f"{HERE}new/archive/?category=research")
    Article.objects.update(category=None)
    Category.objects.all().delete()
    bulk_acts.ENGINE.run_next()
    assert ArticleAct.objects.get().state == "failed"
    assert not Article.objects.filter(state="archived").exists()


@pytest.mark.parametrize(
    "said", [{"state": "x"}, {"flag": "x"}, {"tag": "x"}, {"date": "id", "from": "2026-01-01"}, {"name": "x"}]
)
def test_what_is_not_known_means_nothing(editor, client, said):
    with pytest.raises(selection.ValidationError):
        selection.meant(said)
    client.post(f"{HERE}new/archive/?{'&'.join(f'{name}={value}' for name, value in said.items())}")
    assert not ArticleAct.objects.exists()
