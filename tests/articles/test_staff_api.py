"""Programs write articles, pictures and snippets by the desk's own functions and rules."""

from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from articles.models import Article, ImageAsset, Snippet
from core.models import AuditEntry
from tests.articles import factories
from tests.core.programs import program

pytestmark = pytest.mark.django_db


@pytest.fixture
def editor(db):
    return program("editor")


def test_a_post_in_markdown_is_read_at_its_address(editor, client):
    factories.category()
    made = editor.post(
        "articles/",
        {"title": "Six bridges", "category": "research", "markdown": "## Fees\n\nThey *fell*.", "publish": True},
    )
    assert (made.status_code, made.json()["state"]) == (201, "published")
    assert made["Location"] == f"/api/v1/desk/articles/{made.json()['id']}/"
    page = client.get("/blog/six-bridges/").content.decode()
    assert "<em>fell</em>" in page
    assert editor.get("articles/?state=published&category=research&fields=slug").json()["results"] == [
        {"slug": "six-bridges"}
    ]


def test_blocks_and_html_are_taken_too_and_cleaned(editor):
    blocks = [
        {"type": "richtext", "html": "<p onclick=x>One</p><script>x</script>"},
        {"type": "faq", "question": "Why?", "answer": "<p>So.</p>"},
    ]
    made = editor.post("articles/", {"title": "A", "blocks": blocks}).json()
    assert [block.get("html", "") for block in made["blocks"]] == ["<p>One</p>", ""]
    assert editor.post("articles/", {"title": "B", "html": "<p>Two</p>"}).json()["blocks"][0]["html"] == "<p>Two</p>"
    both = editor.post("articles/", {"title": "C", "html": "x", "markdown": "x"})
    assert (both.status_code, list(both.json()["errors"])) == (400, ["blocks"])


def test_what_is_not_there_is_named_by_field(editor):
    wanted = {"title": "Fees", "markdown": "Words.", "category": "none", "authors": ["nobody"], "tags": ["nothing"]}
    answer = editor.post("articles/", wanted)
    assert (answer.status_code, answer.json()["errors"].keys()) == (400, {"category", "authors", "tags"})


def test_what_is_not_sent_stays(editor):
    article = factories.article(title="Old", standfirst="Stays.", tags=[factories.tag().slug])
    answer = editor.patch(f"articles/{article.pk}/", {"title": "New", "reason": "A better one"}, If_Match="*").json()
    assert (answer["title"], answer["standfirst"], answer["tags"], answer["version"]) == (
        "New",
        "Stays.",
        ["bitcoin"],
        2,
    )
    assert article.revisions.get(version=2).reason == "A better one"


def test_an_article_goes_through_its_life_by_steps(editor, client):
    article = factories.article(slug="life")
    path = f"articles/{article.pk}"
    at = (timezone.now() + timedelta(days=1)).isoformat()
    steps = [
        ("submit", {}, "in_review"), ("send-back", {"reason": "Shorter."}, "sent_back"), ("schedule", {"at": at}, "scheduled"),
        ("cancel-schedule", {}, "draft"), ("publish", {}, "published"), ("unpublish", {}, "draft"), ("publish", {}, "published"),
        ("archive", {}, "archived"),
    ]  # fmt: skip
    etag = editor.get(f"{path}/")["ETag"]
    for step, sent, state in steps:
        answer = editor.post(f"{path}/{step}/", sent, If_Match=etag)
        assert (step, answer.status_code, answer.json().get("state")) == (step, 200, state)
        etag = answer["ETag"]
    refused = editor.post(f"{path}/unpublish/", If_Match=etag)
    assert (refused.status_code, "archived" in refused.json()["detail"]) == (409, True)


def test_what_keeps_an_article_from_readers_is_told_in_words(editor):
    sent = {"title": "A", "html": '<p><a href="/blog/nowhere/">x</a></p>', "publish": True}
    answer = editor.post("articles/", sent)
    assert answer.status_code == 409
    assert "leads to no page that readers can see" in answer.json()["detail"]
    assert not Article.objects.exists(), "all or nothing"
    past = editor.post("articles/", {"title": "B"}).json()["id"]
    late = editor.post(f"articles/{past}/schedule/", {"at": "2020-01-01T00:00:00Z"}, If_Match="*")
    assert (late.status_code, late.json()["detail"][:21]) == (409, "That time has passed.")


def test_who_may_not_publish_writes_drafts():
    writer = program("writer")
    assert writer.post("articles/", {"title": "A", "markdown": "x", "publish": True}).status_code == 403
    assert not Article.objects.exists()
    assert writer.post("articles/", {"title": "A", "markdown": "x"}).json()["state"] == "draft"


def test_a_picture_is_looked_at_uploaded_and_used(editor, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path

    def upload(content, **data):
        file = SimpleUploadedFile("bridge.png", content, "image/png")
        return editor.client.post("/api/v1/desk/pictures/", {"file": file, **data})

    assert (upload(b"no picture").status_code, upload(b"").status_code) == (400, 400)
    made = upload(factories.picture(), alt="A bridge")
    picture = made.json()
    changed = editor.patch(f"pictures/{picture['id']}/", {"credit": "Ann"}, If_Match=made["ETag"])
    assert (made.status_code, changed.json()["credit"], changed.json()["alt"]) == (201, "Ann", "A bridge")
    answer = editor.post(
        "articles/", {"title": "A", "cover": {"src": picture["src"]}, "markdown": "x", "publish": True}
    )
    assert answer.status_code == 201, answer.json()
    assert ImageAsset.objects.get().unclaimed_since is None


def test_snippets_are_made_changed_and_deleted_unless_they_are_used(editor):
    card = {
        "slug": "join",
        "kind": "cta",
        "heading": "Join",
        "label": "Join us",
        "url": "/newsletter/",
        "html": "<b>x</b><script>",
    }
    made = editor.post("snippets/", card)
    wrong = editor.post("snippets/", {"slug": "x", "kind": "cta", "url": "javascript:x"})
    assert (made.status_code, wrong.status_code, "script" in made.json()["html"]) == (201, 400, False)
    assert editor.post("snippets/", card).json()["errors"].keys() == {"slug"}
    factories.article(cta="join")
    changed = editor.patch("snippets/join/", {"label": "Read"}, If_Match=made["ETag"])
    used = editor.delete("snippets/join/", If_Match=changed["ETag"])
    assert (changed.json()["label"], used.status_code, "in use" in used.json()["detail"]) == ("Read", 409, True)
    Article.objects.all().delete()
    assert editor.delete("snippets/join/", If_Match=changed["ETag"]).status_code == 204
    assert not Snippet.objects.exists()
    by = AuditEntry.objects.filter(action__contains="snippet").values_list("by_name", flat=True)
    assert set(by) == {"Ada of editor (key “script”)"}
