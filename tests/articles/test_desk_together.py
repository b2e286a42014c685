"""Several people at one article: who saves second, unsaved work, presence, comments, revisions."""

import pytest
from django.test import Client

from articles.documents import document_of
from articles.models import Article, Draft, Publication
from core.models import OutgoingMail
from tests.articles import factories
from tests.articles.desk import change, posted, url

pytestmark = pytest.mark.django_db


def test_who_saves_second_keeps_every_word_and_sees_both(editor, client):
    article = factories.article({"type": "richtext", "html": "<p>The original sentence.</p>"}, title="Title")
    change(article, blocks=[{"type": "richtext", "html": "<p>The sentence of a colleague.</p>"}])
    mine = {**document_of(article), "blocks": [{"type": "richtext", "html": "<p>The sentence of mine.</p>"}]}
    answer = client.post(url("change", article.pk), posted(mine, version=1))
    assert answer["Location"] == url("conflict", article.pk)
    assert "colleague" in str(document_of(Article.objects.get()))
    page = client.get(answer["Location"]).content.decode()
    assert "<del>" in page
    assert "<ins>" in page
    assert "of mine" in str(Draft.objects.get().document)
    merging = client.get(url("change", article.pk) + "?draft=1&merge=1").content.decode()
    assert "The sentence of mine." in merging
    assert 'name="version" value="2"' in merging
    client.post(url("change", article.pk), posted(mine, version=2))
    assert "of mine" in str(document_of(Article.objects.get()))
    assert not Draft.objects.exists()


def test_publishing_does_not_slip_past_the_version_check(editor, client):
    article = factories.article()
    change(article, title="By a colleague")
    client.post(url("change", article.pk), posted(factories.document(), version=1) | {"_publish": "1"})
    assert not Publication.objects.exists()


def test_restoring_does_not_slip_past_the_version_check(editor, client):
    article = factories.article(title="One")
    change(article, title="Two")
    change(article, title="Three")
    client.post(url("restore", article.pk, 1), {"version": 2})
    assert Article.objects.get().title == "Three"
    client.post(url("restore", article.pk, 1), {"version": 3})
    assert Article.objects.get().title == "One"
    assert article.revisions.count() == 4


def test_autosave_is_kept_apart_and_recovered(editor, client):
    article = factories.article({"type": "richtext", "html": "<p>Saved.</p>"})
    typed = {
        **document_of(article),
        "title": "",
        "blocks": [{"type": "richtext", "html": "<p>Typed <script>alert(1)</script>and not saved.</p>"}],
    }
    assert client.post(url("autosave", article.pk), posted(typed, version=1)).status_code == 200
    assert article.revisions.count() == 1
    assert "You have unsaved work" in client.get(url("change", article.pk)).content.decode()
    page = client.get(url("change", article.pk) + "?draft=1").content.decode()
    assert "and not saved." in page
    assert "alert(1)" not in page


def test_autosave_works_before_the_first_save(editor, client):
    client.post(url("autosave_new"), posted(factories.document(title="Half a thought")))
    assert not Article.objects.exists()
    assert "Half a thought" in client.get(url("add") + "?draft=1").content.decode()


@pytest.mark.parametrize("nonsense", [{}, {"version": "x"}, {"block-richtext-TOTAL_FORMS": "many"}, {"title": "\x00"}])
def test_autosave_of_nonsense_does_no_harm(editor, client, nonsense):
    article = factories.article()
    assert client.post(url("autosave", article.pk), nonsense).status_code in (200, 400)
    assert client.get(url("change", article.pk) + "?draft=1").status_code == 200


def test_one_sees_who_else_is_here(editor, client, writer):
    article = factories.article()
    other = Client()
    other.force_login(writer)
    other.post(url("presence", article.pk))
    answer = client.post(url("presence", article.pk)).json()
    assert [entry["name"] for entry in answer["others"]] == [str(writer)]
    assert answer["version"] == 1
    other.post(url("presence", article.pk), {"leaving": "1"})
    assert client.post(url("presence", article.pk)).json()["others"] == []


def test_a_comment_asks_a_colleague_by_mail(editor, client, writer):
    article = factories.article()
    client.post(url("comment", article.pk), {"text": "Is this figure right?", "asks": writer.email})
    assert OutgoingMail.objects.get().recipient == writer.email
    row = article.comments.get()
    client.post(url("resolve", article.pk, row.pk))
    row.refresh_from_db()
    assert row.resolved_at
    answer = client.post(url("comment", article.pk), {"text": "x", "asks": "nobody@example.com"}, follow=True)
    assert "no colleague with the address" in answer.content.decode()


def test_two_versions_are_compared_word_by_word(editor, client):
    article = factories.article({"type": "richtext", "html": "<p>The fee is 3 percent.</p>"})
    change(article, blocks=[{"type": "richtext", "html": "<p>The fee is 4 percent.</p>"}])
    page = client.get(url("compare", article.pk) + "?a=2&b=1").content.decode()
    assert "The fee is <del>3</del> percent." in page
    assert "The fee is <ins>4</ins> percent." in page


def test_a_comparison_escapes_what_it_shows(editor, client):
    article = factories.article(title="<script>alert(1)</script>")
    change(article, title="<script>alert(2)</script>")
    assert "<script>alert" not in client.get(url("compare", article.pk) + "?a=1&b=2").content.decode()
