"""The command says what it did, in words and as JSON."""

import json

import pytest
from django.core.management import CommandError, call_command

from articles.models import Article, Publication
from tests.articles.importing.samples import ghost_export, webflow_row, wxr, wxr_item, zipped

pytestmark = pytest.mark.django_db


def test_it_tells_what_came_and_what_was_changed(write, capsys):
    body = {"Post Body": "<h2>FAQ</h2><h3>Q1. Why?</h3><p>So.</p><img src='https://gone.invalid/a.png'>"}
    call_command("import_posts", write([webflow_row("One", **body)]), "--no-fetch")
    told = capsys.readouterr().out
    assert "1 new, 0 unchanged, 0 refused" in told
    assert "questions with their answers became FAQ entries: 1" in told
    assert "https://gone.invalid/a.png (not fetched)" in told


def test_it_fails_when_a_post_was_refused_but_keeps_the_others(write, capsys, tmp_path):
    path = write([webflow_row("One"), webflow_row("Two", **{"Published On": "whenever"})])
    with pytest.raises(CommandError, match="1 of 2 posts were not imported"):
        call_command("import_posts", path, "--report", tmp_path / "report.json")
    assert "line 3 “Two” The date of publication “whenever”" in capsys.readouterr().out
    report = json.loads((tmp_path / "report.json").read_text())
    assert report["counts"] == {
        "new": 1,
        "changed": 0,
        "unchanged": 0,
        "edited here": 0,
        "deleted here": 0,
        "refused": 1,
        "failed": 0,
    }
    assert Article.objects.count() == 1


def test_a_dry_run_writes_nothing_and_says_so(write, capsys):
    call_command("import_posts", write([webflow_row("One")]), "--dry-run")
    assert "(dry run: nothing was written)" in capsys.readouterr().out
    assert not Article.objects.exists()


@pytest.mark.parametrize(
    ("content", "name", "expected"),
    [
        (lambda: webflow_csv(), "a.csv", "webflow"),
        (lambda: webflow_csv(), "export", "webflow"),
        (lambda: wxr(wxr_item(1)), "a.xml", "wordpress"),
        (lambda: ghost_export({"html": "<p>x</p>"}), "a.json", "ghost"),
        (lambda: "---\ntitle: a\n---\nx", "a.txt", "markdown"),
        (lambda: zipped({"a.xml": wxr(wxr_item(1))}), "a.zip", "wordpress"),
        (lambda: zipped({"a.csv": webflow_csv()}), "a.zip", "webflow"),
    ],
)
def test_the_format_is_recognised(write, capsys, content, name, expected):
    call_command("import_posts", write(content(), name), "--no-fetch")
    assert f"1 posts read as {expected}" in capsys.readouterr().out


def webflow_csv():
    from tests.articles.importing.samples import csv_of

    return csv_of([webflow_row("One")])


@pytest.mark.parametrize(
    ("content", "name", "reason"),
    [
        ("just words", "a.bin", "no export that is known"),
        ("", "a.csv", "empty"),
        (b"PK\x05\x06" + b"\0" * 18, "a.zip", "zip holds no"),
    ],
)
def test_what_is_no_export_is_refused_in_plain_words(write, content, name, reason):
    with pytest.raises(CommandError, match=reason):
        call_command("import_posts", write(content, name))


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(CommandError, match="no file or folder"):
        call_command("import_posts", tmp_path / "nowhere.csv")


def test_what_came_knows_what_goes_with_it_also_after_a_run_that_broke_off(write):
    items = [wxr_item(number, "x", title=f"Ether staking {number}") for number in (1, 2, 3)]
    call_command("import_posts", write(wxr(*items), "wp.xml"), "--no-fetch")
    assert {publication.related.count() for publication in Publication.objects.all()} == {2}
    for publication in Publication.objects.all():
        publication.related.clear()
    call_command("import_posts", write(wxr(*items), "wp.xml"), "--no-fetch")
    assert {publication.related.count() for publication in Publication.objects.all()} == {2}


def test_a_post_costs_so_many_queries_and_no_more(write, django_assert_max_num_queries):
    bodies = {number: f"Words {number}." for number in range(1, 21)}
    path = write(wxr(*[wxr_item(number, body) for number, body in bodies.items()]), "wp.xml")
    with django_assert_max_num_queries(20 * 57):
        call_command("import_posts", path, "--no-fetch")


def test_it_says_of_each_kind_of_list_of_subscribers_how_it_is_brought_in(write, capsys):
    data = ghost_export({"html": "<p>Words.</p>"}, members=[{"id": "1", "email": "ann@example.com"}])
    call_command("import_posts", write(data, "ghost.json"), "--dry-run")
    told = capsys.readouterr().out
    assert ("It also says who subscribes" in told, "take them out of the zip" in told) == (True, False)
    call_command("import_posts", write(zipped({"ghost.json": data, "people.csv": "email\nbo@example.com\n"}), "g.zip"))
    told = capsys.readouterr().out
    assert ("It also says who subscribes" in told, "lists of subscribers (people.csv)" in told) == (True, True)
