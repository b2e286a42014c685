"""The edit page: saves, buttons, permissions, conflicts, hostile input, cost."""

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from articles.blocks import KINDS
from articles.desk.checking import blocking, findings_of
from articles.documents import apply_document, document_of
from articles.models import Article, AuditEntry, Draft, ImageAsset, Publication, Redirect, Snippet
from articles.publishing import publish, submit
from cms.models import OutgoingMail, User
from tests.articles import factories
from tests.articles.test_documents import FORBIDDEN, HOSTILE

pytestmark = pytest.mark.django_db


@pytest.fixture
def editor(client: Client) -> User:
    user = factories.user("editor")
    client.force_login(user)
    return user


@pytest.fixture
def writer() -> User:
    return factories.user("writer")


def url(name: str, *args: Any) -> str:
    return reverse(f"admin:articles_article_{name}", args=args)


def posted(document: dict[str, Any], version: int = 0, **more: Any) -> dict[str, Any]:
    """What a browser sends for a document, with the blocks in any order it likes."""
    data: dict[str, Any] = {
        "title": document["title"], "slug": document.get("slug", ""), "standfirst": document.get("standfirst", ""),
        "category": document.get("category") or "", "authors": document.get("authors", []),
        "tags": document.get("tags", []), "cta": document.get("cta") or "", "version": version, "reason": "",
    }  # fmt: skip
    totals = dict.fromkeys(KINDS, 0)
    for place, part in enumerate(document.get("blocks", []), 1):
        kind = part["type"]
        prefix = f"block-{kind}-{totals[kind]}"
        totals[kind] += 1
        data |= {f"{prefix}-region": "main", f"{prefix}-ordering": 10 * place}
        for name, value in part.items():
            if name == "images":
                data[f"{prefix}-images-count"] = len(value)
                data |= {
                    f"{prefix}-images-{n}-{key}": text for n, entry in enumerate(value) for key, text in entry.items()
                }
            elif name != "type" and value is not False:
                data[f"{prefix}-{name}"] = ", ".join(map(str, value)) if name == "focal" else value
    for kind, total in totals.items():
        data |= {f"block-{kind}-TOTAL_FORMS": total, f"block-{kind}-INITIAL_FORMS": 0}
    return data | more


def change(article: Article, **parts: Any) -> None:
    apply_document(article, {**document_of(article), **parts})


def everything() -> list[dict[str, Any]]:
    """One block of each kind."""
    source = factories.image().file
    factories.card("subscribe")
    return [
        {"type": "faq", "question": "Why?", "answer": "<p>Because.</p>"},
        {"type": "richtext", "html": "<h2>Heading</h2><p>Words</p>"},
        {"type": "image", "src": source, "alt": "A picture", "focal": [0.2, 0.3]},
        {"type": "gallery", "images": [{"src": source, "alt": "One", "caption": "First"}]},
        {"type": "cta", "snippet": "subscribe"},
        {"type": "callout", "tone": "warning", "html": "<p>Careful.</p>"},
        {"type": "pullquote", "text": "Well said", "attribution": "Someone"},
        {"type": "table", "caption": "Fees", "csv": "a,b\n1,2", "header": True},
        {"type": "chart", "kind": "line", "title": "Chart", "csv": "a,b\nx,2", "unit": "%"},
        {"type": "embed", "url": "https://youtu.be/dQw4w9WgXcQ"},
        {"type": "code", "language": "python", "code": "print(1)"},
        {"type": "award_results", "season": "s", "category": "c"},
        {"type": "signup", "newsletter": "briefing"},
        {"type": "sponsor_slot"},
        {"type": "related", "article": "other"},
        {"type": "richtext", "html": "<p>The end</p>"},
    ]


def test_an_article_of_every_block_goes_through_the_form_unchanged(editor: User, client: Client) -> None:
    factories.author("ana"), factories.author("ben"), factories.tag("bitcoin"), factories.category("research")
    wanted = factories.document(
        slug="all", category="research", authors=["ben", "ana"], tags=["bitcoin"], blocks=everything()
    )
    answer = client.post(url("add"), posted(wanted))
    stored = Article.objects.get()
    assert answer["Location"] == url("change", stored.pk)
    assert document_of(stored)["blocks"] == wanted["blocks"]
    assert document_of(stored)["authors"] == ["ben", "ana"]
    again = client.post(url("change", stored.pk), posted(document_of(stored), version=1))
    assert again.status_code == 302
    assert stored.revisions.count() == 1


@pytest.mark.parametrize("hostile", HOSTILE)
def test_the_form_stores_clean_html(editor: User, client: Client, hostile: str) -> None:
    blocks = [{"type": "richtext", "html": hostile}, {"type": "faq", "question": hostile[:300], "answer": hostile}]
    client.post(url("add"), posted(factories.document(blocks=blocks)))
    html = [
        value
        for block in Article.objects.get().blocks.all()
        for name, value in block.data.items()
        if name != "question"
    ]
    assert not any(bad in str(html).lower() for bad in FORBIDDEN)
    shown = publish(Article.objects.get())
    assert "alert(1)</script>" not in client.get(shown.get_absolute_url()).content.decode()


def test_the_pages_of_the_desk_take_twelve_queries_at_most(
    editor: User, client: Client, django_assert_max_num_queries: Any
) -> None:
    shown = factories.publication(*everything(), authors=[factories.author().slug], tags=[factories.tag().slug])
    for _ in range(3):
        factories.article(authors=["ana"])
    for path in (url("changelist"), url("change", shown.article_id), url("add"), url("revisions", shown.article_id)):
        client.get(path)
        with django_assert_max_num_queries(12):
            assert client.get(path).status_code == 200, path


def test_an_article_of_150_blocks_is_shown_and_taken(
    editor: User, client: Client, django_assert_max_num_queries: Any
) -> None:
    blocks = [{"type": "richtext", "html": f"<p>Part {number}</p>"} for number in range(150)]
    long = factories.article(*blocks)
    client.get(url("change", long.pk))
    with django_assert_max_num_queries(12):
        page = client.get(url("change", long.pk)).content.decode()
    assert page.count('data-desk-prose="full"') == 151
    document = document_of(long)
    document["blocks"].reverse()
    client.post(url("change", long.pk), posted(document, version=1))
    assert document_of(Article.objects.get())["blocks"][0]["html"] == "<p>Part 149</p>"


def test_what_is_wrong_is_said_and_what_was_typed_is_kept(editor: User, client: Client) -> None:
    factories.article(slug="taken")
    page = client.post(url("add"), posted(factories.document(title="My words", slug="taken"))).content.decode()
    assert "taken by another article" in page
    assert "My words" in page
    assert Article.objects.count() == 1
    blocks = [{"type": "table", "csv": "a,b\nc"}]
    page = client.post(url("add"), posted(factories.document(blocks=blocks))).content.decode()
    assert "Row 2 has 1 cells" in page


def test_a_block_left_blank_is_left_out(editor: User, client: Client) -> None:
    client.post(
        url("add"), posted(factories.document(blocks=[{"type": "richtext", "html": ""}, {"type": "sponsor_slot"}]))
    )
    assert [block["type"] for block in document_of(Article.objects.get())["blocks"]] == ["sponsor_slot"]


def test_an_image_can_be_uploaded_in_its_block(editor: User, client: Client) -> None:
    upload = SimpleUploadedFile("chart.png", factories.picture())
    data = posted(factories.document(blocks=[{"type": "image", "alt": "A chart"}])) | {"block-image-0-upload": upload}
    client.post(url("add"), data)
    asset = ImageAsset.objects.get()
    assert document_of(Article.objects.get())["blocks"] == [{"type": "image", "src": asset.file, "alt": "A chart"}]


def test_an_upload_that_is_no_image_is_refused_in_words(editor: User, client: Client) -> None:
    upload = SimpleUploadedFile("logo.svg", b"<svg><script>alert(1)</script></svg>")
    data = posted(factories.document(blocks=[{"type": "image", "alt": "A logo"}])) | {"block-image-0-upload": upload}
    assert "which can carry scripts" in client.post(url("add"), data).content.decode()
    assert not Article.objects.exists()


# Buttons


def test_an_editor_publishes(editor: User, client: Client) -> None:
    client.post(url("add"), posted(factories.document(slug="news")) | {"_publish": "1"})
    assert client.get("/blog/news/").status_code == 200
    assert AuditEntry.objects.get().by == editor


def test_what_blocks_publication_is_said_and_the_words_are_saved(editor: User, client: Client) -> None:
    blocks = [{"type": "richtext", "html": "<p>TK: find the figure</p>"}]
    answer = client.post(url("add"), posted(factories.document(blocks=blocks)) | {"_publish": "1"}, follow=True)
    assert "unfinished mark" in answer.content.decode()
    assert Article.objects.get().state == "draft"
    assert not Publication.objects.exists()


@pytest.mark.parametrize("button", ["_publish", "_schedule", "_unpublish", "_archive", "_back"])
def test_a_writer_cannot_publish(client: Client, writer: User, button: str) -> None:
    client.force_login(writer)
    article = factories.article(title="Before")
    answer = client.post(
        url("change", article.pk), posted(factories.document(title="After"), version=1) | {button: "1"}
    )
    assert answer.status_code == 403
    assert Article.objects.get().title == "Before"
    assert 'name="_publish"' not in client.get(url("change", article.pk)).content.decode()


def test_a_writer_writes_and_sends_to_review(client: Client, writer: User) -> None:
    client.force_login(writer)
    client.post(url("add"), posted(factories.document()) | {"_submit": "1"})
    assert Article.objects.get().state == "in_review"


def test_an_editor_schedules(editor: User, client: Client) -> None:
    article = factories.article()
    document = document_of(article)
    client.post(
        url("change", article.pk), posted(document, version=1) | {"_schedule": "1", "schedule_at": "2099-01-01T10:30"}
    )
    article.refresh_from_db()
    assert (article.state, article.scheduled_version, article.publish_at.isoformat()) == (
        "scheduled",
        1,
        "2099-01-01T10:30:00+00:00",
    )
    answer = client.post(
        url("change", article.pk), posted(document, version=1) | {"_schedule": "1", "schedule_at": "soon"}, follow=True
    )
    assert "as a date and a time" in answer.content.decode()


# Two people in one article


def test_who_saves_second_keeps_every_word_and_sees_both(editor: User, client: Client) -> None:
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


def test_publishing_does_not_slip_past_the_version_check(editor: User, client: Client) -> None:
    article = factories.article()
    change(article, title="By a colleague")
    client.post(url("change", article.pk), posted(factories.document(), version=1) | {"_publish": "1"})
    assert not Publication.objects.exists()


def test_restoring_does_not_slip_past_the_version_check(editor: User, client: Client) -> None:
    article = factories.article(title="One")
    change(article, title="Two")
    change(article, title="Three")
    client.post(url("restore", article.pk, 1), {"version": 2})
    assert Article.objects.get().title == "Three"
    client.post(url("restore", article.pk, 1), {"version": 3})
    assert Article.objects.get().title == "One"
    assert article.revisions.count() == 4


def test_autosave_is_kept_apart_and_recovered(editor: User, client: Client) -> None:
    article = factories.article({"type": "richtext", "html": "<p>Saved.</p>"})
    typed = {
        **document_of(article),
        "title": "",
        "blocks": [{"type": "richtext", "html": "<p>Typed <script>alert(1)</script>and not saved.</p>"}],
    }
    assert client.post(url("autosave", article.pk), posted(typed, version=1)).status_code == 200
    assert article.revisions.count() == 1
    assert "There is unsaved work of yours" in client.get(url("change", article.pk)).content.decode()
    page = client.get(url("change", article.pk) + "?draft=1").content.decode()
    assert "and not saved." in page
    assert "alert(1)" not in page


def test_autosave_works_before_the_first_save(editor: User, client: Client) -> None:
    client.post(url("autosave_new"), posted(factories.document(title="Half a thought")))
    assert not Article.objects.exists()
    assert "Half a thought" in client.get(url("add") + "?draft=1").content.decode()


@pytest.mark.parametrize("nonsense", [{}, {"version": "x"}, {"block-richtext-TOTAL_FORMS": "many"}, {"title": "\x00"}])
def test_autosave_of_nonsense_does_no_harm(editor: User, client: Client, nonsense: dict[str, str]) -> None:
    article = factories.article()
    assert client.post(url("autosave", article.pk), nonsense).status_code in (200, 400)
    assert client.get(url("change", article.pk) + "?draft=1").status_code == 200


def test_one_sees_who_else_is_here(editor: User, client: Client, writer: User) -> None:
    article = factories.article()
    other = Client()
    other.force_login(writer)
    other.post(url("presence", article.pk))
    answer = client.post(url("presence", article.pk)).json()
    assert [entry["name"] for entry in answer["others"]] == [str(writer)]
    assert answer["version"] == 1
    other.post(url("presence", article.pk), {"leaving": "1"})
    assert client.post(url("presence", article.pk)).json()["others"] == []


# The other pages


def test_two_versions_are_compared_word_by_word(editor: User, client: Client) -> None:
    article = factories.article({"type": "richtext", "html": "<p>The fee is 3 percent.</p>"})
    change(article, blocks=[{"type": "richtext", "html": "<p>The fee is 4 percent.</p>"}])
    page = client.get(url("compare", article.pk) + "?a=2&b=1").content.decode()
    assert "The fee is <del>3</del> percent." in page
    assert "The fee is <ins>4</ins> percent." in page


def test_a_comparison_escapes_what_it_shows(editor: User, client: Client) -> None:
    article = factories.article(title="<script>alert(1)</script>")
    change(article, title="<script>alert(2)</script>")
    assert "<script>alert" not in client.get(url("compare", article.pk) + "?a=1&b=2").content.decode()


PAGES = ["change", "revisions", "preview", "frame", "check", "conflict"]
POSTS = ["presence", "comment", "drop_draft", "autosave"]


@pytest.mark.parametrize("name", [*PAGES, *POSTS, "compare", "restore", "resolve", "history"])
def test_every_page_asks_for_permission(client: Client, name: str) -> None:
    article = factories.article(title="Secret plans")
    path = (
        url("restore", article.pk, 1)
        if name == "restore"
        else url("resolve", article.pk, 1)
        if name == "resolve"
        else url(name, article.pk)
    )
    outsider = User.objects.create_user("outsider@example.com")
    for who in (None, outsider):
        client.logout()
        if who:
            client.force_login(who)
        for answer in (client.get(path + "?a=1&b=1"), client.post(path, {"version": 1, "text": "x"})):
            assert answer.status_code in (302, 403, 405), (name, answer.status_code)
            assert "Secret plans" not in answer.content.decode()
    assert document_of(article)["title"] == "Secret plans"
    assert not article.comments.exists()


@pytest.mark.parametrize("role", ["newsletter manager", "awards steward"])
def test_who_may_only_look_cannot_change(client: Client, role: str) -> None:
    article = factories.article(title="Before")
    client.force_login(factories.user(role))
    assert client.get(url("change", article.pk)).status_code == 200
    assert (
        client.post(url("change", article.pk), posted(factories.document(title="After"), version=1)).status_code == 403
    )
    for name in ("presence", "drop_draft", "autosave"):
        assert client.post(url(name, article.pk), {"version": 1}).status_code == 403
    assert client.post(url("restore", article.pk, 1), {"version": 1}).status_code == 403
    assert Article.objects.get().title == "Before"


@pytest.mark.parametrize("what", ["author", "tag", "article", "cta", "image"])
def test_choices_are_for_the_newsroom(editor: User, client: Client, what: str) -> None:
    (
        factories.author("ana"),
        factories.tag("ana"),
        factories.article(title="ana"),
        factories.card("ana"),
        factories.image(name="ana"),
    )
    path = reverse("admin:articles_article_choices", args=[what])
    assert len(client.get(path, {"term": "ana"}).json()["results"]) == 1
    assert client.get(path, {"term": "\x00", "page": "-1"}).status_code == 200
    client.force_login(User.objects.create_user("outsider@example.com"))
    assert client.get(path).status_code == 403


def test_a_comment_asks_a_colleague_by_mail(editor: User, client: Client, writer: User) -> None:
    article = factories.article()
    client.post(url("comment", article.pk), {"text": "Is this figure right?", "asks": writer.email})
    assert OutgoingMail.objects.get().recipient == writer.email
    row = article.comments.get()
    client.post(url("resolve", article.pk, row.pk))
    row.refresh_from_db()
    assert row.resolved_at
    answer = client.post(url("comment", article.pk), {"text": "x", "asks": "nobody@example.com"}, follow=True)
    assert "no colleague with the address" in answer.content.decode()


def test_what_readers_have_seen_cannot_be_deleted(client: Client) -> None:
    client.force_login(factories.user("administrator"))
    shown = factories.publication()
    assert client.post(url("delete", shown.article_id), {"post": "yes"}).status_code == 403
    draft = factories.article()
    assert client.post(url("delete", draft.pk), {"post": "yes"}).status_code == 302


@pytest.mark.parametrize("verb", ["change", "delete", "add"])
def test_the_audit_log_can_only_be_read(client: Client, verb: str) -> None:
    client.force_login(User.objects.create_superuser("root@example.com"))
    factories.publication()
    args = [] if verb == "add" else [AuditEntry.objects.get().pk]
    assert client.post(reverse(f"admin:articles_auditentry_{verb}", args=args), {"post": "yes"}).status_code == 403
    assert client.get(reverse("admin:articles_auditentry_changelist")).status_code == 200


def test_a_moved_category_redirects(editor: User, client: Client) -> None:
    category = factories.category("old")
    client.post(
        reverse("admin:articles_category_change", args=[category.pk]), {"name": "New", "slug": "new", "position": "0"}
    )
    assert client.get("/blog/category/old/")["Location"] == "/blog/category/new/"


def test_redirects_can_be_edited(editor: User, client: Client) -> None:
    add = reverse("admin:articles_redirect_add")
    client.post(add, {"path": "/old/", "target": "/blog/"})
    assert Redirect.objects.get().target == "/blog/"
    for path, target in (("old", "/blog/"), ("/x/", "javascript:alert(1)"), ("/x/", "//evil.example/")):
        assert client.post(add, {"path": path, "target": target}).status_code == 200
    assert Redirect.objects.count() == 1


def test_a_snippet_with_a_hostile_link_is_refused(editor: User, client: Client) -> None:
    values = {"slug": "x", "kind": "cta", "heading": "h", "label": "l", "url": "javascript:alert(1)", "html": ""}
    page = client.post(reverse("admin:articles_snippet_add"), values).content.decode()
    assert "A link starts with" in page
    assert not Snippet.objects.exists()


def test_scripts_of_the_desk_need_the_nonce(editor: User, client: Client) -> None:
    answer = client.get(url("add"))
    scripts = next(part for part in answer["Content-Security-Policy"].split("; ") if part.startswith("script-src"))
    nonce = scripts.split("'nonce-")[1].split("'")[0]
    assert "unsafe" not in scripts
    assert f'<script type="importmap" nonce="{nonce}">' in answer.content.decode()
    assert "unsafe" not in client.get(url("changelist"))["Content-Security-Policy"]


# Before publishing


def found(*blocks: dict[str, Any], **parts: Any) -> str:
    article = factories.article(*blocks, **parts)
    return " ".join(finding.text for finding in findings_of(document_of(article), article=article))


def text(html: str) -> dict[str, str]:
    return {"type": "richtext", "html": html}


def test_the_checker_names_what_to_look_at() -> None:
    assert "has no alternative text" in found({"type": "image", "src": factories.image(alt="").file})
    assert "a level is left out" in found(text("<h2>a</h2><h4>b</h4><p>c</p>"))
    assert "search engines show about" in found(text("<p>x</p>"), title="Long " * 20)
    assert "neither a standfirst nor" in found(text("<p>x</p>"))
    assert "leads to no page" in found(text('<p><a href="/blog/nowhere/">x</a></p>'))
    assert "unfinished mark, “TK”" in found(text("<p>TK</p>"))
    assert "more than 40 words" in found(text(f"<p>{'word ' * 50}.</p>"))
    assert "No author is named" in found(text("<p>x</p>"))
    assert "is not published" in found(text("<p>x</p>"), {"type": "related", "article": "nothing"})
    assert "same title" in found(text("<p>x</p>"), title="Twice") + found(text("<p>x</p>"), title="Twice", slug="other")


def test_a_link_inside_the_site_that_works_is_no_finding() -> None:
    shown = factories.publication()
    assert "leads to no page" not in found(
        text(f'<p><a href="{shown.get_absolute_url()}#part">x</a> <a href="/blog/">y</a></p>')
    )


def test_what_blocks_is_told_apart_from_advice() -> None:
    article = factories.article(text("<p>TK</p>"))
    assert blocking(document_of(article), article=article) == ["The text still has an unfinished mark, “TK”."]


def test_a_finding_stops_no_review(writer: User) -> None:
    article = factories.article(text("<p>TK</p>"))
    submit(article, by=writer)
    assert article.state == "in_review"
