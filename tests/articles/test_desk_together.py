"""Several people at one article: who saves second, unsaved work, presence, comments, revisions."""

import re

import pytest
from django.test import Client

from articles.documents import document_of
from articles.models import Article, Publication
from core.kept_work import MOST_CHARACTERS, MOST_PIECES
from core.lib.html import text_of
from core.models import KeptWork, OutgoingMail
from tests.articles import factories
from tests.articles.desk import change, posted, url
from tests.html import one_line

pytestmark = pytest.mark.django_db


def text(words):
    return {"type": "richtext", "html": f"<p>{words}</p>"}


def value_of(name, html):
    return re.search(f'name="{name}" value="([^"]*)"', html)[1]


def lose(client, article, **mine):
    """Save `mine`, begun from version 1, after version 2 was saved; the page that comes of it."""
    answer = client.post(url("change", article.pk), posted({**factories.document(), **mine}, version=1))
    assert answer["Location"].startswith(url("conflict", article.pk))
    return answer["Location"]


def chosen(client, page, **sides):
    """Press the button of a page of conflict; where sides are not named, what it has chosen already."""
    html = one_line(client.get(page).content)
    radios = dict(re.findall(r'<input type="radio" name="([^"]+)" value="([a-z]+)"(?: required)? checked', html))
    return client.post(page, {"seen": value_of("seen", html), **radios, **sides})


def put_together(client, answer):
    """The document that the edit page shows after a conflict."""
    return KeptWork.objects.get(pk=answer["Location"].split("kept=")[1]).content


def test_who_saves_second_keeps_every_word_and_sees_both(editor, client):
    article = factories.article(text("The original sentence."), title="Title")
    change(article, blocks=[text("The sentence of a colleague.")])
    page = client.get(lose(client, article, title="Title", blocks=[text("The sentence of mine.")])).content.decode()
    assert "colleague" in str(document_of(Article.objects.get()))
    assert "The sentence of <ins>mine</ins>." in page
    assert "of mine" in str(KeptWork.objects.get().content)


def test_what_only_one_side_changed_is_chosen_already(editor, client):
    article = factories.article(text("One"), text("Two"), text("Three"), title="Title", slug="slug")
    change(article, title="Their title", blocks=[text("One"), text("Two of theirs"), text("Three"), text("New")])
    mine = [text("Mine before"), text("One of mine"), text("Two")]
    answer = chosen(client, lose(client, article, title="Title", slug="slug", standfirst="Mine", blocks=mine))
    document = put_together(client, answer)
    assert (document["title"], document["standfirst"]) == ("Their title", "Mine")
    assert document["blocks"] == [text("Mine before"), text("One of mine"), text("Two of theirs"), text("New")]
    client.post(answer["Location"], posted(document, version=2))
    assert document_of(Article.objects.get())["blocks"] == document["blocks"]


def test_where_both_changed_a_block_both_stay_and_a_field_has_to_be_chosen(editor, client):
    article = factories.article(text("The fee"), title="Title", slug="slug")
    change(article, title="Theirs", blocks=[text("The fee of theirs")])
    page = lose(client, article, title="Mine", slug="slug", blocks=[text("The fee of mine")])
    assert "Choose a side" in chosen(client, page).content.decode()
    document = put_together(client, chosen(client, page, title="mine"))
    assert document["title"] == "Mine"
    assert document["blocks"] == [text("The fee of theirs"), text("The fee of mine")]
    again = put_together(client, chosen(client, page, **{"title": "theirs", "block-0": "mine"}))
    assert (again["title"], again["blocks"]) == ("Theirs", [text("The fee of mine")])


def test_saving_what_was_chosen_leaves_no_unsaved_work_and_dropping_it_leaves_ones_own(editor, client):
    article = factories.article(text("One"), title="Title", slug="slug")
    change(article, title="Theirs")
    page = lose(client, article, title="Title", slug="slug", blocks=[text("Mine")])
    first, second = (chosen(client, page)["Location"] for _ in range(2))
    client.post(url("drop_kept", first.split("kept=")[1]))
    assert KeptWork.objects.count() == 2
    client.post(second, posted(put_together(client, {"Location": second}), version=2, **sitting(client, second)))
    assert not KeptWork.objects.exists()
    assert document_of(Article.objects.get())["blocks"] == [text("Mine")]


def test_choices_about_an_older_version_are_asked_again(editor, client):
    article = factories.article(text("One"), slug="slug")
    change(article, title="Second")
    page = lose(client, article, title="Mine", slug="slug")
    change(article, title="Third")
    answer = client.post(page, {"seen": f"2 {KeptWork.objects.get().saved_at.isoformat()}", "title": "mine"})
    assert "There is something newer now" in answer.content.decode()
    assert 'name="title" value="mine" required checked' in one_line(answer.content)


def test_pictures_of_a_conflict_are_shown_and_an_untouched_gallery_is_the_same(editor, client):
    one, two, three = (factories.image(name=name).file for name in ("1.png", "2.png", "3.png"))
    gallery = {"type": "gallery", "images": [{"src": one, "alt": "First", "caption": "C"}], "caption": "All"}
    article = factories.article(gallery, {"type": "image", "src": two, "alt": "Second"}, title="T", slug="t")
    change(article, standfirst="Theirs")
    mine = [gallery, {"type": "image", "src": three, "alt": "Second"}]
    page = client.get(lose(client, article, title="T", slug="t", blocks=mine)).content.decode()
    pictures = re.findall(r"thumbnail/[?]src=(images/[^\"]+)", page)
    assert pictures == [two, three]
    assert ".webp" not in text_of(page)


def test_ones_own_other_window_is_not_somebody_else(editor, client):
    article = factories.article(title="T", slug="t")
    client.post(url("change", article.pk), posted(factories.document(title="First window", slug="t"), version=1))
    page = client.get(lose(client, article, title="Second window", slug="t")).content.decode()
    assert "you, in another window," in page
    assert "someone" not in page


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


def sitting(client, page):
    """The fields by which an edit page says which sitting it is."""
    html = client.get(page).content.decode()
    return {name: value_of(name, html) for name in ("sitting", "continues")}


def test_autosave_is_kept_apart_and_recovered(editor, client):
    article = factories.article({"type": "richtext", "html": "<p>Saved.</p>"})
    typed = {
        **document_of(article),
        "title": "",
        "blocks": [{"type": "richtext", "html": "<p>Typed <script>alert(1)</script>and not saved.</p>"}],
    }
    assert client.post(url("autosave", article.pk), posted(typed, version=1)).status_code == 200
    assert article.revisions.count() == 1
    page = client.get(url("change", article.pk)).content.decode()
    assert "Your unsaved work" in page
    assert "4 words, 1 block" in page
    page = client.get(url("change", article.pk) + f"?kept={KeptWork.objects.get().pk}").content.decode()
    assert "and not saved." in page
    assert "alert(1)" not in page


def test_unsaved_work_of_another_sitting_is_never_overwritten(editor, client):
    article = factories.article(title="Saved", slug="s")
    pages = [url("change", article.pk), url("change", article.pk)]
    for page, title in zip(pages, ["The first window", "T"], strict=True):
        now = sitting(client, page)
        for word in ("", " and more"):
            client.post(url("autosave", article.pk), posted(factories.document(title=title + word), **now))
    assert {piece.title for piece in KeptWork.objects.all()} == {"The first window and more", "T and more"}
    client.post(pages[1], posted(factories.document(title="T", slug="s"), version=1, **now))
    assert KeptWork.objects.get().title == "The first window and more"


def test_a_second_new_article_does_not_bury_the_first(editor, client):
    for title in ("Half a thought", "Another one"):
        client.post(url("autosave_new"), posted(factories.document(title=title), **sitting(client, url("add"))))
    assert not Article.objects.exists()
    page = client.get(url("add")).content.decode()
    assert "Half a thought" in page
    assert "Another one" in page
    first = KeptWork.objects.get(title="Half a thought")
    taken = f"{url('add')}?kept={first.pk}"
    assert "Half a thought" in client.get(taken).content.decode()
    client.post(taken, posted(first.content, **sitting(client, taken)))
    assert KeptWork.objects.get().title == "Another one"
    assert Article.objects.get().title == "Half a thought"
    client.post(url("drop_kept", KeptWork.objects.get().pk))
    assert not KeptWork.objects.exists()


def test_work_that_two_windows_go_on_with_is_kept_for_each(editor, client):
    client.post(url("autosave_new"), posted(factories.document(title="Begun"), **sitting(client, url("add"))))
    begun = f"{url('add')}?kept={KeptWork.objects.get().pk}"
    for now, title in [(sitting(client, begun), "Here"), (sitting(client, begun), "There")]:
        now["continues"] = now["continues"] or str(KeptWork.objects.first().sitting)
        client.post(url("autosave_new"), posted(factories.document(title=title), **now))
    assert {piece.title for piece in KeptWork.objects.all()} == {"Here", "There"}


def test_where_much_is_taken_out_what_was_there_stays_until_the_sitting_is_saved(editor, client):
    article = factories.article(title="T", slug="t")
    now = sitting(client, url("change", article.pk))
    for words in ("word " * 100, "word", "word again"):
        typed = factories.document(title="T", slug="t", blocks=[text(words)])
        client.post(url("autosave", article.pk), posted(typed, version=1, **now))
    assert sorted(piece.words for piece in KeptWork.objects.all()) == [3, 101]
    client.post(url("change", article.pk), posted(typed, version=1, **now))
    assert not KeptWork.objects.exists()


def test_so_much_unsaved_work_and_no_more_waits_on_a_page(editor, client):
    for _ in range(MOST_PIECES):
        assert client.post(url("autosave_new"), posted(factories.document())).status_code == 200
    answer = client.post(url("autosave_new"), posted(factories.document()))
    assert (answer.status_code, KeptWork.objects.count()) == (409, MOST_PIECES)
    assert "Drop some" in answer.content.decode()


def test_what_is_too_long_to_be_kept_while_typing_is_kept_where_somebody_else_saved_first(editor, client):
    article = factories.article(text("One"))
    change(article, blocks=[text("Theirs")])
    mine = [text("words " * (MOST_CHARACTERS // 6 + 1))]
    assert (
        client.post(url("autosave", article.pk), posted(factories.document(blocks=mine), version=1)).status_code == 409
    )
    lose(client, article, blocks=mine)
    assert len(KeptWork.objects.get().content["blocks"][0]["html"]) > MOST_CHARACTERS


@pytest.mark.parametrize("nonsense", [{}, {"version": "x"}, {"block-richtext-TOTAL_FORMS": "many"}, {"title": "\x00"}])
def test_autosave_of_nonsense_does_no_harm(editor, client, nonsense):
    article = factories.article()
    assert client.post(url("autosave", article.pk), nonsense).status_code in (200, 400)
    for kept in [*KeptWork.objects.values_list("pk", flat=True), "x", "0", "9" * 5000]:
        assert client.get(url("change", article.pk) + f"?kept={kept}").status_code == 200


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


def test_a_comparison_shows_pictures_and_no_paths(editor, client):
    one, two = (factories.image(name=name).file for name in ("1.png", "2.png"))
    article = factories.article({"type": "gallery", "images": [{"src": one, "alt": "First"}]}, title="T", slug="t")
    change(article, blocks=[{"type": "gallery", "images": [{"src": two, "alt": "First"}]}], cover={"src": one})
    page = client.get(url("compare", article.pk) + "?a=1&b=2").content.decode()
    assert re.findall(r"thumbnail/[?]src=(images/[^\"]+)", page) == [one, one, two]
    assert ".webp" not in text_of(page)
