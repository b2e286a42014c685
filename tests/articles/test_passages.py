"""Comments on a passage of an article: kept beside it, found again in it, answered, resolved, and never for readers."""

import pytest
from django.core.management import call_command
from django.db import IntegrityError, transaction

from articles.desk.comments import comment, reopen, resolve, threads_of
from articles.documents import apply_document, document_of
from articles.models import Comment
from articles.publishing import publish
from tests.articles import factories
from tests.articles.desk import url

pytestmark = pytest.mark.django_db
SECRET = "Zebra remark"
PASSAGE = {"exact": "half of the fee", "prefix": "They burn ", "suffix": ", they say."}


def text(html):
    return {"type": "richtext", "html": html}


@pytest.fixture
def article(db):
    return factories.article(text("<p>They burn <b>half</b> of the fee, they say.</p><p>More.</p>"), slug="burnt")


def is_in_text(article):
    (thread,) = threads_of(article, document_of(article))
    return thread.is_in_text


def test_a_passage_is_kept_whatever_is_edited_around_it(editor, client, article):
    client.post(url("comment", article.pk), {"text": SECRET, **PASSAGE})
    assert article.comments.get().passage == PASSAGE | {"prefix": "They burn", "suffix": ", they say."}
    apply_document(
        article, document_of(article) | {"blocks": [text("<p>New.</p>"), text("<p>Now half of the fee goes.</p>")]}
    )
    assert is_in_text(article)
    apply_document(article, document_of(article) | {"blocks": [text("<p>Now a third of the fee goes.</p>")]})
    assert not is_in_text(article)
    page = client.get(url("change", article.pk)).content.decode()
    assert "half of the fee" in page  # what it was about is still told


def test_comments_change_no_version_and_no_kept_work(editor, client, article):
    client.post(url("comment", article.pk), {"text": SECRET, **PASSAGE})
    article.refresh_from_db()
    assert article.version == 1
    assert SECRET not in str(article.revisions.get().document)


def test_a_comment_is_answered_resolved_and_opened_again(editor, client, article):
    client.post(url("comment", article.pk), {"text": SECRET, **PASSAGE})
    first = article.comments.get()
    client.post(url("comment", article.pk), {"text": "It is.", "answers": first.pk})
    answer = article.comments.get(answers=first)
    client.post(
        url("comment", article.pk), {"text": "Thanks.", "answers": answer.pk}
    )  # an answer to an answer is one, too
    (thread,) = threads_of(article, document_of(article))
    assert [row.text for row in thread.answers] == ["It is.", "Thanks."]
    client.post(url("resolve", article.pk, first.pk))
    assert not article.comments.filter(resolved_at=None).exists()
    client.post(url("reopen", article.pk, first.pk))
    assert article.comments.filter(resolved_at=None).count() == 3


def test_an_answer_opens_what_was_resolved(editor, article):
    first = comment(article, by=editor, text="Really?")
    resolve(first)
    first.refresh_from_db()
    comment(article, by=editor, text="Wait.", answers=first)
    assert article.comments.filter(resolved_at=None).count() == 2
    reopen(first)  # once more changes nothing
    assert article.comments.filter(resolved_at=None).count() == 2


def test_the_page_gets_the_comments_alone_and_reasons_as_text(editor, client, article):
    part = client.post(f"{url('comment', article.pk)}?part", {"text": SECRET, **PASSAGE})
    assert SECRET in part.content.decode()
    assert "<html" not in part.content.decode()
    refused = client.post(f"{url('comment', article.pk)}?part", {"text": " ", **PASSAGE})
    assert (refused.status_code, refused.content.decode()) == (400, "Write what you want to say.")
    long = client.post(f"{url('comment', article.pk)}?part", {"text": "x", "exact": "a" * 1001})
    assert "at most 1000 characters" in long.content.decode()


def test_an_answer_belongs_to_its_own_article(editor, client, article):
    other = comment(factories.article(), by=editor, text="Elsewhere")
    assert client.post(url("comment", article.pk), {"text": "x", "answers": other.pk}).status_code == 404


def test_the_database_keeps_passages_to_what_begins_a_thread(editor, article):
    first = comment(article, by=editor, text="Here", passage=PASSAGE)
    with pytest.raises(IntegrityError), transaction.atomic():
        Comment.objects.create(article=article, by=editor, text="x", answers=first, passage=PASSAGE)


def test_no_reader_ever_gets_a_comment(editor, client, article, tmp_path):
    first = comment(article, by=editor, text=SECRET, passage=PASSAGE)
    comment(article, by=editor, text=f"{SECRET}, too", answers=first)
    publish(article)
    link = article.preview_links.create()
    call_command("export_site", tmp_path / "out")
    exported = "".join(path.read_text() for path in (tmp_path / "out").rglob("*") if path.suffix in (".md", ".yaml"))
    client.logout()
    pages = ["/blog/burnt/", "/feed.xml", "/feed.json", "/api/v1/articles/burnt/", "/blog/search/?q=zebra"]
    answers = [client.get(path).content.decode() for path in [*pages, link.get_absolute_url()]]
    assert all("burnt" in answer or "They burn" in answer or "zebra" in answer for answer in answers)
    assert SECRET not in exported + "".join(answers)
    assert PASSAGE["exact"] not in exported  # the text has it with a tag in between
    assert client.post(url("comment", article.pk), {"text": "x"}).status_code == 302  # to the sign-in page
    assert article.comments.count() == 2


def test_the_edit_page_asks_for_all_comments_at_once(editor, client, article, django_assert_max_num_queries):
    for number in range(12):
        first = comment(article, by=editor, text=f"Remark {number}", passage=PASSAGE)
        comment(article, by=editor, text="Yes", answers=first)
    with django_assert_max_num_queries(30):
        client.get(url("change", article.pk))
