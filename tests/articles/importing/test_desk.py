"""Posts are brought in at the desk: what an export holds is shown, mapped and tried first; it can be undone afterwards."""

import io
import re
import zipfile
from datetime import time, timedelta

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from articles.documents import apply_document, document_of
from articles.importing import subscribers
from articles.importing.load.fetcher import Fetcher
from articles.importing.load.missing_pictures import fetch_missing
from articles.importing.runs import ENGINE
from articles.models import Article, AuditEntry, Author, Category, ImageAsset, ImportedPost, PostImport, Redirect, Tag
from articles.publishing import publish
from core import upload_runs
from core.models import AuditEntry as LogEntry
from newsletter.models import SubscriberImport
from tests.articles import factories
from tests.articles.importing.samples import csv_of, ghost_export, png, webflow_row, zipped
from tests.articles.importing.test_other_systems import SUBSTACK
from tests.newsletter import factories as factories_of_newsletter

pytestmark = pytest.mark.django_db
HERE = "/admin/articles/postimport/"
ROWS = [webflow_row(), webflow_row("Another post"), webflow_row("A draft", Draft="true", Author="bo-berg")]


@pytest.fixture(autouse=True)
def _folders(settings, tmp_path):
    settings.POST_IMPORT_FOLDER, settings.IMPORT_FOLDER = tmp_path / "posts", tmp_path / "subscribers"
    settings.MEDIA_ROOT = tmp_path / "media"


@pytest.fixture
def desk(client):
    client.force_login(factories.user("editor"))
    return client


def upload(client, content, name="posts.csv"):
    content = csv_of(content) if isinstance(content, list) else content
    file = SimpleUploadedFile(name, content if isinstance(content, bytes) else content.encode())
    assert client.post(f"{HERE}upload/", {"file": file}).status_code == 302
    return run(PostImport.objects.first())


def run(row):
    assert ENGINE.run_next(), row.problem
    row.refresh_from_db()
    return row


def text(client, row, page=""):
    return re.sub(r"(<[^>]+>|\s)+", " ", client.get(f"{HERE}{row.pk}/{page}").content.decode())


def decide(client, row, decision, **said):
    form = client.get(f"{HERE}{row.pk}/").context["form"]
    data = {field.html_name: field.value() for field in form if field.value() not in (None, False)} | said
    return client.post(f"{HERE}{row.pk}/decide/", data | {"decision": decision}, follow=True)


def bring_in(client, content, name="posts.csv", **said):
    row = upload(client, content, name)
    decide(client, row, "Import", **said)
    return run(row)


def undo(client, row):
    client.post(f"{HERE}{row.pk}/undo/")
    return run(row)


def test_what_a_file_holds_is_shown_tried_and_then_imported(desk):
    row = upload(desk, ROWS)
    said = text(desk, row)
    assert all(words in said for words in ("Read as Webflow : 3 posts", "A plain post", "Published 2", "Draft 1"))
    assert (row.state, Article.objects.exists()) == ("uploaded", False)
    decide(desk, row, "Dry run")
    assert (run(row).state, row.report["counts"]["new"], Article.objects.exists()) == ("uploaded", 3, False)
    assert "Dry run: what would happen" in text(desk, row)
    decide(desk, row, "Import")
    assert (run(row).state, row.report["counts"]["new"]) == ("done", 3)
    compared = row.report["compared"]
    assert (compared["there"], compared["here"], compared["lines"]) == (3, 3, [])
    assert "Word for word and link for link, nothing differs." in text(desk, row)
    assert (row.path.parent.exists(), Article.objects.filter(state="published").count()) == (False, 2)
    assert LogEntry.objects.get().action == "started an import of posts"


def test_authors_and_categories_come_under_the_names_that_were_chosen(desk):
    here, kept = factories.author("ada", name="Ada L."), factories.category("notebook", name="Notebook")
    bring_in(desk, ROWS, **{"authors-0": "ada l.", "authors-1": "", "categories-0": "Notebook"})
    posts = {post.title: [each.name for each in post.authors.all()] for post in Article.objects.all()}
    assert posts == {"A plain post": ["Ada L."], "Another post": ["Ada L."], "A draft": []}
    assert set(Article.objects.values_list("category", flat=True)) == {kept.pk}
    assert (list(Author.objects.all()), list(Category.objects.all())) == ([here], [kept])


def test_posts_without_an_author_or_category_get_those_that_were_said(desk):
    bring_in(desk, [webflow_row(Author="", Category="")], author="Cy Dahl", category="News")
    post = Article.objects.get()
    assert ([each.name for each in post.authors.all()], post.category.name) == (["Cy Dahl"], "News")


def test_what_differs_from_the_export_is_told(desk):
    bring_in(desk, ROWS)
    edited = Article.objects.get(title="Another post")
    words = [{"type": "richtext", "html": "<p>Other words, written here.</p>"}]
    apply_document(edited, {**document_of(edited), "blocks": words})
    row = bring_in(desk, ROWS)
    compared = row.report["compared"]
    assert (compared["there"], compared["here"], compared["differing"]) == (3, 3, 1)
    assert "Another post" in compared["lines"][0]
    assert "words are missing" in text(desk, row)


PICTURE = "<p>Words.</p><img src='images/a.png' alt='A'>"


def test_undoing_takes_away_what_nobody_touched_with_all_that_came_with_it(desk):
    other = factories.article()
    rows = [webflow_row(Tags="one; two", **{"Post Body": PICTURE}), webflow_row("Second")]
    row = bring_in(desk, zipped({"posts.csv": csv_of(rows), "images/a.png": png()}), "export.zip")
    assert (ImageAsset.objects.count(), Tag.objects.count(), row.posts.count()) == (1, 2, 2)
    assert "2 articles go, 2 of which readers see now" in text(desk, row, "undo/")
    assert Article.objects.count() == 3  # asking does nothing
    assert undo(desk, row).state == "undone"
    assert list(Article.objects.all()) == [other]
    left = [ImageAsset, Tag, ImportedPost, Redirect, Author.objects.exclude(articles=other)]
    assert [getattr(each, "objects", each).count() for each in left] == [0] * 5
    assert bring_in(desk, ROWS).report["counts"]["new"] == 3  # it may come again


def edited(article):
    apply_document(article, document_of(article) | {"title": "Better"}, by=None, reason="")


def commented(article):
    article.comments.create(text="Is that so?")


TOUCHED = {
    "it was edited here": edited,
    "it was published, scheduled or taken down here": publish,
    "somebody commented on it": commented,
    "it leads the front page or a section": lambda article: article.pins.create(position=1),
}


def test_what_somebody_works_with_stays_and_is_said(desk):
    row = bring_in(desk, [webflow_row(why, Draft="true") for why in TOUCHED] + [webflow_row("Goes")])
    for why, touch in TOUCHED.items():
        touch(Article.objects.get(title=why))
    said = text(desk, row, "undo/")
    assert "1 article goes, 1 of which readers see now" in said
    assert all(f": {why}" in said for why in TOUCHED)
    undo(desk, row)
    assert (row.report["undone"]["removed"], Article.objects.count()) == (1, 4)
    assert {each["why"] for each in row.report["undone"]["stays"]} == set(TOUCHED)
    assert Category.objects.count() == 1  # they have it
    assert AuditEntry.objects.filter(action="deleted").count() == 1


def test_undoing_keeps_a_category_that_only_a_plan_of_briefings_has(desk):
    row = bring_in(desk, [webflow_row(Tags="one")])
    plan = factories_of_newsletter.newsletter().plans.create(name="News", weekdays=[1], time=time(9))
    plan.categories.set(Category.objects.all())
    undo(desk, row)
    assert (list(plan.categories.all()), Tag.objects.count()) == (list(Category.objects.all()), 0)
    assert Category.objects.count() == 1  # without it, the plan would be about everything


def test_one_post_that_fails_stops_no_other_and_is_named(desk):
    row = bring_in(desk, [webflow_row(), webflow_row(""), webflow_row("Last")])
    assert row.report["counts"]["new"] == 2
    assert "line 3: The title is missing" in text(desk, row).replace("Refused, ", "")


def test_a_killed_worker_goes_on_and_counts_what_had_come(desk):
    row = upload(desk, ROWS)
    decide(desk, row, "Import")
    bring_in_alone(row, ROWS[:1])
    PostImport.objects.update(attempts=1)
    run(row)
    assert (row.state, row.report["counts"]["new"], row.report["began_anew"]) == ("done", 3, True)
    assert (Article.objects.count(), row.posts.count()) == (3, 3)


def bring_in_alone(row, rows):
    """As a process leaves it that died after some posts."""
    row.refresh_from_db()
    whole = row.path.read_bytes()
    row.path.write_text(csv_of(rows))
    ENGINE.work(row, upload_runs.Watch(row, ""))
    row.path.write_bytes(whole)


def test_it_stops_when_asked_and_what_came_before_can_be_undone(desk):
    row = upload(desk, ROWS)
    decide(desk, row, "Import")
    bring_in_alone(row, ROWS[:1])
    PostImport.objects.claim(limit=1)
    desk.post(f"{HERE}{row.pk}/cancel/")
    PostImport.objects.update(lease_expires_at=timezone.now() - timedelta(seconds=1))
    run(row)
    assert (row.state, Article.objects.count(), "can be undone" in row.problem) == ("cancelled", 1, True)
    assert (undo(desk, row).state, Article.objects.count()) == ("undone", 0)


def test_pictures_that_were_missing_are_fetched_later_and_undoing_takes_them_too(desk, http_server):
    http_server.page, http_server.headers = png(), {"Content-Type": "image/png"}
    row = bring_in(desk, [webflow_row(**{"Post Body": f"<p>A.</p><img src='{http_server.url}/a.png' alt='A'>"})])
    assert "Fetch the missing pictures of 1 article" in text(desk, row)
    desk.post(f"{HERE}{row.pk}/pictures/")
    assert run(row).report["later"]["articles"] == 0  # the desk asks no hosts of our own network
    came = fetch_missing(row, fetcher=Fetcher(max_bytes=10_000, private_hosts=True))
    assert (came["articles"], came["stored"], ImageAsset.objects.count()) == (1, 1, 1)
    assert "Fetch the missing pictures" not in text(desk, row)
    undo(desk, row)
    assert (Article.objects.count(), ImageAsset.objects.count()) == (0, 0)


HOSTILE = {
    "nothing known": (b"\x89PNG\r\n\x1a\n" + bytes(300), "a.png"),
    "an outside path": ("../../evil.md", "a.zip"),
    "a bomb": (b"0" * 60_000_000, "bomb.zip"),
    "a broken zip": (b"PK\x03\x04broken", "a.zip"),
    "entities": (b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "c">]><rss>&b;</rss>', "a.xml"),
    "half a file": (b'{"db":[{"data":{"posts":[{"id":', "a.json"),
}


@pytest.mark.parametrize(("content", "name"), HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_or_broken_file_is_refused_in_words(desk, content, name):
    if isinstance(content, str) or len(content) > 1_000_000:
        archive = io.BytesIO()
        with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as out:
            out.writestr(content if isinstance(content, str) else "a.md", "x" if isinstance(content, str) else content)
        content = archive.getvalue()
    row = upload(desk, content, name)
    assert (row.state, bool(row.problem)) == ("failed", True)
    assert "This file cannot be imported" in text(desk, row)
    assert Article.objects.count() == 0


def test_subscribers_in_the_same_file_are_handed_to_their_own_import(tmp_path):
    factories_of_newsletter.newsletter()
    (tmp_path / "kept").write_text("email\nann@example.com\n")
    address = subscribers.taker().take("lists/email_list.csv", tmp_path / "kept", "editor")
    row = SubscriberImport.objects.get()
    assert (row.file_name, row.path.read_bytes()) == ("email_list.csv", b"email\nann@example.com\n")
    assert address == f"/admin/newsletter/subscriberimport/{row.pk}/"


def test_whoever_clicks_twice_hands_a_list_on_once(client):
    factories_of_newsletter.newsletter()
    client.force_login(factories.user("administrator"))
    row = bring_in(client, zipped(SUBSTACK | {"email_list.other.csv": "email\nbo@example.com\n"}), "export.zip")
    clicks = [client.post(f"{HERE}{row.pk}/subscribers/", {"list": "email_list.mine.csv"}) for _ in range(2)]
    assert [answer["Location"].split("/")[3] for answer in clicks] == ["subscriberimport", "postimport"]
    row.refresh_from_db()
    assert (SubscriberImport.objects.count(), row.found["subscribers"]) == (1, ["email_list.other.csv"])


def test_two_lists_of_one_name_are_both_handed_on_and_then_lie_here_no_more(client):
    factories_of_newsletter.newsletter()
    client.force_login(factories.user("administrator"))
    data = ghost_export({"html": "<p>Words.</p>"}, members=[{"id": "1", "email": "ann@example.com"}])
    files = {
        "ghost.json": data,
        "members.csv": "email\nbo@example.com\n",
        "bo@example.com list.csv": "email\ncy@example.com\n",
    }
    row = upload(client, zipped(files), "ghost.zip")
    assert row.found["subscribers"] == ["members.csv", "… list.csv", "members 2.csv"]
    for name in row.found["subscribers"]:
        client.post(f"{HERE}{row.pk}/subscribers/", {"list": name})
    came = [run.path.read_text().splitlines()[1].split(",")[0] for run in SubscriberImport.objects.order_by("pk")]
    assert came == ["ann@example.com", "cy@example.com", "bo@example.com"]
    assert (list((row.path.parent / ".subscribers").iterdir()), row.path.exists()) == ([], True)


def test_of_lists_that_are_not_here_it_is_said_what_to_do(client):
    client.force_login(factories.user("administrator"))
    row = upload(client, zipped(SUBSTACK), "export.zip")
    assert "upload the export again" not in text(client, row)
    row.list_path("email_list.mine.csv").unlink()
    assert "The subscribers in email_list.mine.csv are no longer here" in text(client, row)


def test_the_members_of_a_ghost_export_are_handed_on_as_ghost_would_list_them(client):
    factories_of_newsletter.newsletter()
    client.force_login(factories.user("administrator"))
    members = [
        {"id": "1", "email": "ann@example.com", "name": "Ann", "created_at": "2024-01-02T03:04:05.000Z"},
        {"id": "2", "email": "bo@example.com", "name": None},
        {"id": "3", "email": "cy@example.com", "subscribed": 1, "email_disabled": 1},
    ]
    data = ghost_export(
        {"html": "<p>Words.</p>"}, members=members, members_newsletters=[{"member_id": "1", "newsletter_id": "9"}]
    )
    row = bring_in(client, data, "ghost.json")
    row.path.unlink()  # what is handed on was laid aside when the file was looked at
    client.post(f"{HERE}{row.pk}/subscribers/", {"list": "members.csv"})
    assert SubscriberImport.objects.get().path.read_text().splitlines() == [
        "email,name,subscribed_to_emails,created_at",
        "ann@example.com,Ann,true,2024-01-02T03:04:05.000Z",
        "bo@example.com,,false,",
        "cy@example.com,,false,",
    ]


def test_which_column_holds_what_is_chosen_at_the_desk(desk):
    post = webflow_row(Tags="One", Line="A line that says in one sentence what the whole post is about.")
    row = upload(desk, [post])
    form = desk.get(f"{HERE}{row.pk}/").context["form"]
    assert (form["column-title"].initial, form["column-standfirst"].initial) == ("Name", "Post Summary")
    assert ("", "none") not in form.fields["column-body"].choices
    assert form.fields["column-dated"].choices[0] == ("", "none: the day it was published there")
    decide(desk, row, "Dry run", **{"column-standfirst": "Line", "column-tags": ""})
    assert run(row).chosen["columns"]["standfirst"] == "Line"
    assert desk.get(f"{HERE}{row.pk}/").context["form"]["column-standfirst"].initial == "Line"
    decide(desk, row, "Import")
    run(row)
    assert Article.objects.get().standfirst == post["Line"]


def test_the_comparison_knows_which_columns_were_chosen(desk):
    row = upload(desk, [webflow_row(Line="A title", Text="<p>Short words.</p>")])
    decide(desk, row, "Import", **{"column-title": "Line", "column-body": "Text"})
    compared = run(row).report["compared"]
    assert (Article.objects.get().title, compared["there"], compared["lines"]) == ("A title", 1, [])


def test_undoing_keeps_what_a_later_import_changed(desk):
    row = bring_in(desk, ROWS)
    bring_in(desk, [webflow_row(**{"Post Body": "<p>Other words.</p>"})])
    assert "A plain post : a later import changed it" in text(desk, row, "undo/")
    undo(desk, row)
    assert [article.title for article in Article.objects.all()] == ["A plain post"]


def test_files_go_after_a_week_and_reports_after_a_year(desk):
    waiting, done = upload(desk, ROWS), bring_in(desk, ROWS)
    with time_machine.travel(timezone.now() + timedelta(days=8)):
        ENGINE.delete_old()
    waiting.refresh_from_db()
    assert (waiting.state, waiting.path.parent.exists()) == ("cancelled", False)
    with time_machine.travel(timezone.now() + timedelta(days=374)):
        ENGINE.delete_old()
    assert not PostImport.objects.filter(pk=done.pk).exists()
    assert Article.objects.count() == 3


@pytest.mark.parametrize("role", ["writer", "newsletter manager", "sponsorship manager"])
def test_no_other_role_brings_posts_in(client, role):
    client.force_login(factories.user(role))
    pages = ["upload/", "1/", "1/decide/", "1/cancel/", "1/undo/", "1/pictures/", "1/subscribers/"]
    assert {client.post(f"{HERE}{page}").status_code for page in pages} == {403}
    assert {client.get(f"{HERE}{page}").status_code for page in pages} <= {403, 405}
