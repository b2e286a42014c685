"""A verification counts what is there and here by rules of its own, and names every difference."""

import json
from contextlib import suppress

import pytest
from django.core.management import CommandError, call_command

from articles.importing.verify.comparison import verify
from articles.models import Article, Block
from tests.articles.importing.samples import ghost_export, webflow_row, wxr, wxr_item
from tests.articles.importing.test_other_systems import SYSTEMS

pytestmark = pytest.mark.django_db
BODY = '<p>Some words, <a href="https://x.example/">a link</a>.</p><pre>a\n  b</pre><img src="https://x.example/a.png" alt="A"><iframe src="https://www.youtube.com/embed/abcdefghijk"></iframe>'


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (wxr(wxr_item(1, '<a href="https://y.example/"><img src="https://x.example/a.png" alt="A"></a>')), "linked.xml"),
        (wxr(wxr_item(1, BODY), wxr_item(2, '[toggle title="One more"]thing[/toggle]', status="draft")), "a.xml"),
        (ghost_export({"html": BODY}), "a.json"),
        ([webflow_row("One", **{"Post Body": BODY})], "a.csv"),
        ("---\ntitle: One\ndate: 2024-05-01\n---\nSome *words* and [a link](https://x.example/).[^1]\n\n```py\na\n```\n\n[^1]: A note.\n", "one.md"),
        ("---\ntitle: One\ndate: 2024-05-01\n---\n:::info\n\nWords.\n\n:::\n\n````html\n<!-- kept -->\n````\n\n<!-- not shown -->\n", "two.md"),
    ],
)  # fmt: skip
def test_nothing_differs_where_everything_came(write, capsys, content, name):
    call_command("import_posts", write(content, name), "--no-fetch", "--verify")
    assert "Nothing differs." in capsys.readouterr().out


@pytest.mark.parametrize("system", [name for name in SYSTEMS if name not in ("buttondown", "wordpress")])
def test_the_texts_of_each_system_are_counted_apart_from_its_reader(write, capsys, system):
    content, name, *_ = SYSTEMS[system]
    with suppress(CommandError):  # of the damaged posts among these
        call_command("import_posts", write(content, name), "--no-fetch", "--verify")
    told = capsys.readouterr().out
    assert "as the importer read them" not in told
    assert "words are missing" not in told
    assert "links are missing" not in told


def test_what_is_missing_here_is_named_and_the_command_fails(write, capsys, tmp_path):
    path = write(wxr(wxr_item(1, BODY), wxr_item(2)), "a.xml")
    call_command("import_posts", path, "--no-fetch")
    article = Article.objects.get(slug="post-1")
    Block.objects.filter(parent=article).exclude(kind="richtext").delete()
    Block.objects.filter(parent=article).update(data={"html": "<p>Some.</p>"})
    Article.objects.filter(pk=article.pk).update(state="archived", slug="other")
    with pytest.raises(CommandError, match="1 of 2 posts differ"):
        call_command("import_posts", path, "--no-fetch", "--verify", "--report", tmp_path / "report.json")
    [(title, found)] = json.loads((tmp_path / "report.json").read_text())["verified"]["differences"].items()
    assert "Post 1" in title
    told = "; ".join(found)
    for part in ("published there, archived here", "the slug “post-1” is “other”", "words are missing: words", "1 links are missing", "1 players", "1 pictures", "1 of 1 pieces of code"):  # fmt: skip
        assert part in told


def test_a_post_that_did_not_come_is_named(write):
    found = verify(write(wxr(wxr_item(1)), "a.xml"), "wordpress", site="https://old.example")
    assert list(found.differences.values()) == [["it is not here"]]


def test_posts_that_share_an_id_are_each_compared_with_their_own(write):
    path = write(wxr(wxr_item(1, "One."), wxr_item(1, "Quite another.", post_name="other")), "a.xml")
    call_command("import_posts", path, "--no-fetch", "--verify")
    assert set(Article.objects.values_list("slug", flat=True)) == {"post-1", "other"}


def test_a_dry_run_cannot_be_verified(write):
    with pytest.raises(CommandError, match="a dry run imports nothing"):
        call_command("import_posts", write([webflow_row("One")]), "--verify", "--dry-run")
