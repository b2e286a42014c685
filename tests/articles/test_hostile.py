"""What somebody might type, paste, upload or ask for to do harm, or by mishap: none of it reaches a reader's browser."""

import time
from html.parser import HTMLParser

import pytest
from defusedxml import ElementTree
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.urls import reverse

from articles.desk import comments, drafts
from articles.document_schema import DocumentError, normalised
from articles.documents import apply_document, document_of
from articles.export import export_site
from articles.models import Article, Author, Category, ImageAsset, Publication, Redirect, Revision, Snippet, Tag
from core import kept_work
from core.models import OutgoingMail, SiteProfile
from tests.articles import factories
from tests.articles.desk import posted

pytestmark = pytest.mark.django_db

EVIL = "\"'><x-evil onwheel=alert(1)></script></title></textarea>--><!--slot:signup:x-->&lt;x-evil&gt;"
CELL = EVIL.replace("&lt;", "<").replace("&gt;", ">").replace('"', "")
BLOCKS = [
    {"type": "richtext", "html": f"<h2>{EVIL}</h2><p title='{EVIL}'>{EVIL}</p><a href='java&#1;script:a()'>{EVIL}</a>"},
    {"type": "image", "src": "https://evil.example/?\"onwheel='1'", "alt": EVIL, "caption": EVIL, "credit": EVIL},
    {"type": "gallery", "images": [{"src": "images/ab/none.webp", "alt": EVIL, "caption": EVIL}], "caption": EVIL},
    {"type": "faq", "question": EVIL, "answer": f"<p>{EVIL}</p>"},
    {"type": "cta", "heading": EVIL, "body": EVIL, "label": EVIL[:80], "url": "https://a.example/\"onwheel='1'"},
    {"type": "cta", "snippet": "evil"},
    {"type": "callout", "tone": "tip", "html": f"<p>{EVIL}</p>"},
    {"type": "pullquote", "text": EVIL, "attribution": EVIL},
    {"type": "table", "csv": f"{CELL},b\nc,{CELL}", "caption": EVIL},
    {"type": "chart", "kind": "bar", "title": EVIL, "csv": f"{CELL},b\n{CELL},3", "unit": "<x-evil>\"'"},
    {"type": "chart", "kind": "line", "title": EVIL, "csv": f"a,{CELL}\n{CELL},3\nd,4"},
    {"type": "code", "language": "c++", "code": EVIL},
    {"type": "embed", "url": "https://youtu.be/aaaaaaaaaaa?'\"><x-evil>"},
]
PAGES = (
    "/", "/blog/", "/blog/evil/", "/blog/category/evil/", "/blog/tag/evil/", "/blog/author/evil/", "/blog/archive/",
    f"/blog/search/?q={EVIL}", f"/blog/{EVIL}/", "/newsletter/",
)  # fmt: skip
XML = ("/feed.xml", "/feed.atom", "/blog/tag/evil/feed.xml", "/sitemap.xml", "/sitemap-pages.xml", "/news-sitemap.xml")


class Elements(HTMLParser):
    """The names of elements and attributes, as a browser finds them."""

    def __init__(self, html):
        super().__init__()
        self.found = set()
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.found |= {tag, *(name for name, _ in attrs)}
        self.found |= {"javascript:" for _, value in attrs if "script:" in (value or "")}


def wicked(html):
    return Elements(html).found & {"x-evil", "onwheel", "javascript:"}


@pytest.fixture
def evil():
    """An article that says the worst in every field, and so does all that it names."""
    SiteProfile(name=EVIL[:80], tagline=EVIL, about_heading=EVIL, about_html=EVIL).save()
    card = {"kind": "cta", "heading": EVIL, "html": EVIL, "label": EVIL[:80]}
    factories.card("evil", **card, url="https://a.example/\"onwheel='1'")
    disclaimer = factories.card("small-print", kind="disclaimer", html=EVIL)
    factories.category("evil", name=EVIL[:80], description=EVIL, disclaimer=disclaimer)
    links = [{"label": EVIL, "url": f"https://a.example/{EVIL}"}]
    factories.author("evil", name=EVIL[:120], role=EVIL[:120], bio_html=EVIL, links=links)
    tag = factories.tag("evil")
    tag.name = EVIL[:80]
    tag.save()
    names = {"category": "evil", "authors": ["evil"], "tags": ["evil"], "cta": "evil"}
    seo = {"title": EVIL[:120], "description": EVIL}
    return factories.publication(*BLOCKS, title=EVIL, slug="evil", standfirst=EVIL, seo=seo, **names)


def test_no_readers_page_carries_what_was_typed_as_markup(evil, client):
    pages = {path: client.get(path).content.decode() for path in PAGES}
    assert {path: wicked(html) for path, html in pages.items() if wicked(html)} == {}
    assert "x-evil" in pages["/blog/evil/"], "the words themselves are there"


@pytest.mark.parametrize("path", XML)
def test_no_feed_or_map_carries_it(evil, client, path):
    root = ElementTree.fromstring(client.get(path).content)
    assert "x-evil" not in {element.tag.rpartition("}")[2] for element in root.iter()}
    encoded = [element.text or "" for element in root.iter() if element.tag.endswith(("encoded", "content"))]
    assert not any(wicked(html) for html in encoded)


def test_no_page_of_the_desk_carries_it(evil, client):
    editor, article = factories.user("administrator"), evil.article
    editor.name = EVIL[:120]
    editor.save()
    apply_document(article, {**article.revisions.get().document, "blocks": BLOCKS[:1]}, by=editor, reason=EVIL)
    comments.comment(article, by=editor, text=EVIL, asks=factories.user("writer").email)
    client.force_login(editor)
    names = ("change", "revisions", "preview", "frame", "check")
    pages = [reverse(f"admin:articles_article_{name}", args=[article.pk]) for name in names]
    pages += [reverse("admin:articles_article_compare", args=[article.pk]) + "?a=1&b=2", "/admin/"]
    for model in ("article", "author", "category", "tag", "snippet", "auditentry"):
        pages.append(reverse(f"admin:articles_{model}_changelist"))
    answers = {path: client.get(path) for path in pages}
    assert {path: answer.status_code for path, answer in answers.items() if answer.status_code != 200} == {}
    found = {path: wicked(answer.content.decode()) for path, answer in answers.items()}
    assert {path: names for path, names in found.items() if names} == {}
    assert b"<x-evil" not in bytes(OutgoingMail.objects.get().message).replace(b"=\n", b"").partition(b"text/html")[2]


def test_it_goes_out_as_markdown_and_comes_back_the_same(evil, tmp_path):
    before = document_of(evil.article)
    export_site(tmp_path / "site")
    for model in (Publication, Article, Tag, Author, Category, Snippet):
        model.objects.all().delete()
    call_command("import_posts", str(tmp_path / "site"), "--no-fetch")
    after = document_of(Article.objects.get())
    assert [part for part in before if part != "blocks" and after[part] != before[part]] == []
    words = [
        block for block in before["blocks"] if block["type"] not in ("image", "gallery")
    ]  # files that are not there
    assert [block for block in words if block not in after["blocks"]] == []


def keep(article, document, *, by):
    work = drafts.work_of(document, base_version=1)
    return kept_work.keep(Article, article.pk, work, by=by, sitting=kept_work.Sitting())


@pytest.mark.parametrize(
    "half",
    [
        {"type": "chart", "kind": "bar", "title": "t", "csv": "a,b\nc"},
        {"type": "chart", "kind": "line", "title": "t", "csv": "a,b\nc,x"},
        {"type": "table", "csv": "a,b\nc", "header": True},
        {"type": "cta", "heading": "h", "label": "l", "url": "javascript:alert(1)"},
        {"type": "gallery", "images": [{"alt": "no image yet"}]},
        {"type": "image"},
        {"type": "of no kind"},
    ],
)
@pytest.mark.parametrize("typed", [{"slug": "no slug/"}, {"title": "", "reading_minutes": "many"}, {"tags": "none"}])
def test_a_draft_is_shown_while_it_is_half_written(half, typed, client):
    editor, article = factories.user("editor"), factories.article()
    client.force_login(editor)
    blocks = [{"type": "richtext", "html": "<p>Typed just now.</p>"}, half]
    keep(article, {**document_of(article), **typed, "blocks": blocks}, by=editor)
    page = client.get(reverse("admin:articles_article_frame", args=[article.pk]) + "?draft=1")
    assert "Typed just now." in page.content.decode()
    assert "script:" not in page.content.decode()


@pytest.mark.parametrize("code", ['x = "\\u0000"', "a\x00b", "a\ud800b"])
def test_whatever_is_typed_is_kept_unsaved(code):
    article, writer = factories.article(), factories.user("writer")
    typed = {**document_of(article), "blocks": [{"type": "code", "code": code}]}
    keep(article, typed, by=writer)
    assert drafts.newest(article, by=writer)["blocks"][0]["code"] == code.replace("\x00", "").replace("\ud800", "")


def test_no_control_character_stops_a_feed(client):
    unfit = "A\x01B\x0b\x1b\ufffe\x7f"
    factories.author("ana", name=f"Ana{unfit}")
    block = {"type": "richtext", "html": f"<p>{unfit}&#1;</p>"}
    shown = factories.publication(block, title=unfit, slug="a", standfirst=unfit, authors=["ana"])
    assert shown.title == "AB"
    for path in ("/feed.xml", "/feed.atom", "/news-sitemap.xml"):
        assert ElementTree.fromstring(client.get(path).content) is not None


@pytest.mark.parametrize(
    ("block", "said"),
    [
        ({"type": "table", "csv": ";;\n;;"}, "The cells are empty"),
        ({"type": "table", "csv": "a,b\n" * 10_000}, "at most 4000 cells"),
        ({"type": "chart", "kind": "bar", "title": "t", "csv": "a,b\nc,-1"}, "Choose a line"),
        ({"type": "chart", "kind": "line", "title": "t", "csv": f"a,b\nc,{'9' * 400}"}, "too long"),
        ({"type": "chart", "kind": "line", "title": "t", "csv": "a,b\nc,"}, "no figures"),
        ({"type": "richtext", "html": "<p>\ud800</p>"}, "required"),
    ],
)
def test_what_could_not_be_drawn_is_refused_when_it_is_saved(block, said):
    with pytest.raises(DocumentError, match=said):
        normalised(factories.document(blocks=[block]))


@pytest.mark.parametrize("html", [f"<p>{'&lt;' * 100_000}</p>", "<ul><li>" * 40_000 + "a", "<p>a</p>" * 100_000])
def test_a_very_long_text_is_published_in_time_that_grows_with_its_length(html, client):
    began = time.process_time()
    shown = factories.publication({"type": "richtext", "html": html}, slug="long")
    assert client.get(shown.get_absolute_url()).status_code == 200
    assert time.process_time() - began < 20  # these took from minutes to hours


@pytest.mark.parametrize(
    "path",
    [
        "/blog/search/?q=a&category=%00&author=%00&year=%00", f"/sitemap-articles-{'9' * 5000}.xml", "/blog/?page=9e9",
        f"/media/{'a' * 5000}", "/media/%00", "/%ff%fe/", "//evil.example/", f"/blog/archive/{'9' * 5000}/1/",
        f"/blog/?page={'9' * 5000}", "/api/v1/articles/?category=%00&page=%00",
    ],
)  # fmt: skip
def test_an_odd_address_is_answered(client, path):
    assert client.get(path).status_code in (200, 400, 404)


@pytest.mark.parametrize("target", ["http://localhost:8000/a/", "/a", "/a/?x=1", "/a/#b", "/%61/"])
def test_a_redirect_that_would_lead_back_to_itself_is_none(client, target):
    client.force_login(factories.user("editor"))
    client.post(reverse("admin:articles_redirect_csv"), {"csv": f"/a/,{target}"})
    assert not Redirect.objects.exists()


def test_two_redirects_that_differ_by_a_slash_form_no_loop(client):
    client.force_login(factories.user("editor"))
    client.post(reverse("admin:articles_redirect_csv"), {"csv": "/a/,/b\n/b/,/a"})
    assert client.get("/b/", follow=True).redirect_chain == [("/a", 301)]


def test_a_name_that_was_given_away_again_means_who_bears_it_now(client):
    client.force_login(factories.user("editor"))
    author = factories.author("ana")
    fields = {"name": "Ana", "role": "", "bio_html": "", "links": ""}
    client.post(reverse("admin:articles_author_change", args=[author.pk]), {**fields, "slug": "ana-b"})
    factories.author("ana", name="Another Ana")
    shown = factories.publication(authors=["ana"])
    assert [author.name for author in shown.authors.all()] == ["Another Ana"]


def test_an_image_sent_again_with_an_article_that_is_refused_is_no_error_of_its_own(client):
    client.force_login(factories.user("editor"))
    upload = SimpleUploadedFile("a.png", factories.picture(), "image/png")
    document = factories.document(blocks=[{"type": "table", "csv": "a,b\nc"}])
    answer = client.post("/admin/articles/article/add/", posted(document, cover_upload=upload, cover_alt="A view"))
    assert "Row 2 has 1 cells" in answer.content.decode()
    assert "not an image" not in answer.content.decode()
    assert not Revision.objects.filter(document__title=document["title"]).exists()


def test_an_image_uploaded_again_keeps_what_was_said_of_it(client):
    client.force_login(factories.user("writer"))
    content = factories.picture()
    for alt in ("A ship", ""):
        upload = SimpleUploadedFile("ship.png", content, "image/png")
        client.post("/admin/articles/imageasset/add/", {"upload": upload, "alt": alt, "credit": ""})
    assert ImageAsset.objects.get().alt == "A ship"


def test_the_page_of_a_conflict_escapes_what_was_typed(client):
    article, editor = factories.article(), factories.user("editor")
    client.force_login(editor)
    typed = {**document_of(article), "title": EVIL, "cover": {"src": EVIL, "alt": EVIL}, "blocks": BLOCKS}
    piece = keep(article, typed, by=editor)
    page = client.get(reverse("admin:articles_article_conflict", args=[article.pk]) + f"?kept={piece.pk}")
    assert "x-evil" in page.content.decode()
    assert "<x-evil" not in page.content.decode()
    edit = client.get(reverse("admin:articles_article_change", args=[article.pk])).content.decode()
    assert "<x-evil" not in edit
