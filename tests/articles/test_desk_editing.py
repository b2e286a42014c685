"""The edit page: what is typed is what is stored."""

import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from articles.blocks import KINDS
from articles.documents import document_of
from articles.models import Article, ImageAsset
from articles.publishing import publish
from core.models import KeptWork
from tests.articles import factories
from tests.articles.desk import everything, posted, url
from tests.articles.test_documents import FORBIDDEN, HOSTILE
from tests.html import one_line

pytestmark = pytest.mark.django_db


def test_an_article_of_every_block_goes_through_the_form_unchanged(editor, client):
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
def test_the_form_stores_clean_html(editor, client, hostile):
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


def test_the_pages_of_the_desk_take_twelve_queries_at_most(editor, client, django_assert_max_num_queries):
    shown = factories.publication(*everything(), authors=[factories.author().slug], tags=[factories.tag().slug])
    for _ in range(3):
        factories.article(authors=["ana"])
    for path in (url("changelist"), url("change", shown.article_id), url("add"), url("revisions", shown.article_id)):
        client.get(path)
        with django_assert_max_num_queries(12):
            assert client.get(path).status_code == 200, path


def test_an_article_of_150_blocks_is_shown_and_taken(editor, client, django_assert_max_num_queries):
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


def test_what_is_wrong_is_said_and_what_was_typed_is_kept(editor, client):
    blocks = [{"type": "table", "csv": "a,b\nc"}]
    page = client.post(url("add"), posted(factories.document(title="My words", blocks=blocks))).content.decode()
    assert "Row 2 has 1 cells" in page
    assert "My words" in page
    assert not Article.objects.exists()


def test_a_text_without_a_word_is_left_out_and_that_is_said(editor, client):
    blocks = [{"type": "richtext", "html": ""}, {"type": "sponsor_slot"}]
    answer = client.post(url("add"), posted(factories.document(blocks=blocks)), follow=True)
    assert [block["type"] for block in document_of(Article.objects.get())["blocks"]] == ["sponsor_slot"]
    assert "A text without a word was left out" in answer.content.decode()


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind not in ("richtext", "sponsor_slot", "signup")])
def test_a_block_that_is_added_and_left_empty_is_refused_in_words(editor, client, kind):
    empty = {"type": kind} | {"chart": {"kind": "bar"}, "callout": {"tone": "note"}}.get(kind, {})
    page = client.post(url("add"), posted(factories.document(blocks=[empty]))).content.decode()
    assert f"This block ({KINDS[kind].block_name}) is empty: fill it in, or remove it." in page
    assert not Article.objects.exists()
    removed = posted(factories.document(blocks=[empty])) | {f"block-{kind}-0-DELETE": "on"}
    assert client.post(url("add"), removed).status_code == 302


def test_what_a_card_lacks_is_said_beside_its_fields(editor, client):
    blocks = [{"type": "cta", "heading": "Only a heading"}]
    page = one_line(client.post(url("add"), posted(factories.document(blocks=blocks))).content)
    assert page.count("Choose a reusable card, or write a heading, a label and a link.") == 2
    assert 'form-row field-label errors">' in page


def test_a_block_that_needs_nothing_is_kept(editor, client):
    client.post(url("add"), posted(factories.document(blocks=[{"type": "signup"}, {"type": "sponsor_slot"}])))
    assert document_of(Article.objects.get())["blocks"] == [{"type": "signup"}, {"type": "sponsor_slot"}]


def upload(size=90):
    return SimpleUploadedFile(f"{size}.png", factories.picture(size=(size, size)))


UPLOADS = {
    "cover_upload": ("cover_src", []),
    "block-image-0-upload": ("block-image-0-src", [{"type": "image", "alt": "A picture"}]),
    "block-gallery-0-images-uploads": ("block-gallery-0-images-0-src", [{"type": "gallery", "images": []}]),
}


@pytest.mark.parametrize("wrong", [{"title": ""}, {"authors": ["nobody"]}, {"block-table-0-csv": "a,b\nc"}])
@pytest.mark.parametrize("field", UPLOADS)
def test_an_upload_stays_chosen_when_something_else_is_refused(editor, client, field, wrong):
    name, blocks = UPLOADS[field]
    data = posted(factories.document(blocks=[{"type": "table", "csv": "a,b"}, *blocks])) | wrong
    answer = client.post(url("add"), data | {field: upload()})
    assert answer.status_code == 200
    path = ImageAsset.objects.get().file
    assert chosen_in(answer.content.decode(), name) == path


def chosen_in(html, name):
    """The value of a select or an input of a page."""
    found = re.search(rf'<select name="{name}".*?<option value="([^"]+)" selected', html, re.DOTALL)
    return (found or re.search(rf'name="{name}" value="([^"]+)"', html))[1]


def test_an_upload_in_a_field_that_is_itself_refused_is_said_and_the_other_one_stays(editor, client):
    data = posted(factories.document()) | {"block-gallery-TOTAL_FORMS": 1}
    bad = SimpleUploadedFile("logo.svg", b"<svg></svg>")
    html = client.post(url("add"), data | {"block-gallery-0-images-uploads": [bad, upload()]}).content.decode()
    assert "which can carry scripts" in html
    assert chosen_in(html, "block-gallery-0-images-0-src") == ImageAsset.objects.get().file


def test_a_cover_s_words_without_a_picture_are_refused_and_kept_while_typing(editor, client):
    typed = posted(factories.document()) | {"cover_caption": "A caption"}
    assert "Choose a picture for this cover" in client.post(url("add"), typed).content.decode()
    client.post(url("autosave_new"), typed)
    assert KeptWork.objects.get().content["cover"] == {"caption": "A caption"}


def test_an_image_can_be_uploaded_in_its_block(editor, client):
    upload = SimpleUploadedFile("chart.png", factories.picture())
    data = posted(factories.document(blocks=[{"type": "image", "alt": "A chart"}])) | {"block-image-0-upload": upload}
    client.post(url("add"), data)
    asset = ImageAsset.objects.get()
    assert document_of(Article.objects.get())["blocks"] == [{"type": "image", "src": asset.file, "alt": "A chart"}]


def test_an_upload_that_is_no_image_is_refused_in_words(editor, client):
    upload = SimpleUploadedFile("logo.svg", b"<svg><script>alert(1)</script></svg>")
    data = posted(factories.document(blocks=[{"type": "image", "alt": "A logo"}])) | {"block-image-0-upload": upload}
    assert "which can carry scripts" in client.post(url("add"), data).content.decode()
    assert not Article.objects.exists()


def test_scripts_of_the_desk_need_the_nonce(editor, client):
    answer = client.get(url("add"))
    scripts = next(part for part in answer["Content-Security-Policy"].split("; ") if part.startswith("script-src"))
    nonce = scripts.split("'nonce-")[1].split("'")[0]
    assert "unsafe" not in scripts
    assert f'<script type="importmap" nonce="{nonce}">' in answer.content.decode()
    assert "unsafe" not in client.get(url("changelist"))["Content-Security-Policy"]


# Choices in an order, without JavaScript: a number and a tick for each


def test_images_of_a_gallery_are_numbered_captioned_and_taken_out(editor, client):
    first, second, third = (factories.image(name=name).file for name in ("a.png", "b.png", "c.png"))
    gallery = {"type": "gallery", "images": [{"src": source} for source in (first, second, third)]}
    data = posted(factories.document(blocks=[gallery]))
    name = "block-gallery-0-images"
    places = {f"{name}-0-place": "3", f"{name}-1-place": "1", f"{name}-2-remove": "1"}
    said = {f"{name}-1-caption": "The second", f"{name}-1-focal": "0.2, 0.3", f"{name}-1-link": "x.example/a"}
    client.post(url("add"), data | places | said)
    [block] = document_of(Article.objects.get())["blocks"]
    kept = {"src": second, "caption": "The second", "focal": [0.2, 0.3], "link": "https://x.example/a"}
    assert block["images"] == [kept, {"src": first}]


def test_a_gallery_takes_several_uploads(editor, client):
    uploads = [SimpleUploadedFile(f"{size}.png", factories.picture(size=(size, 90))) for size in (90, 80)]
    data = posted(factories.document(blocks=[{"type": "gallery", "images": []}]))
    client.post(url("add"), data | {"block-gallery-0-images-uploads": uploads})
    [block] = document_of(Article.objects.get())["blocks"]
    widths = dict(ImageAsset.objects.values_list("file", "width"))
    assert [widths[image["src"]] for image in block["images"]] == [90, 80]


def test_authors_are_numbered_and_taken_out(editor, client):
    for slug in ("ana", "ben", "cem"):
        factories.author(slug)
    data = posted(factories.document(authors=["ana", "ben", "cem"]))
    client.post(url("add"), data | {"authors-place": ["3", "2", "1"], "authors-remove": ["ben"]})
    assert document_of(Article.objects.get())["authors"] == ["cem", "ana"]


def test_what_was_chosen_keeps_its_name_after_an_error(editor, client):
    factories.author("maren-osei", name="Maren Osei"), factories.tag("eth"), factories.article(title="Other", slug="o")
    document = factories.document(authors=["maren-osei"], blocks=[{"type": "related", "article": "o"}])
    page = client.post(url("add"), posted({**document, "title": ""})).content.decode()
    assert '<span class="desk-order__name">Maren Osei</span>' in page
    assert '<option value="o" selected>Other</option>' in page


def test_a_link_that_would_lose_its_address_is_refused_in_words(editor, client):
    blocks = [{"type": "richtext", "html": '<p><a href="ftp://example.org/x">x</a></p>'}]
    page = client.post(url("add"), posted(factories.document(blocks=blocks))).content.decode()
    assert "A link to “ftp://example.org/x” cannot be published" in page
    blocks = [
        {"type": "richtext", "html": '<p><a href="tel:+4930">x</a></p>'},
        {"type": "cta", "heading": "A", "label": "Go", "url": "example.org/x"},
    ]
    client.post(url("add"), posted(factories.document(blocks=blocks)))
    stored = document_of(Article.objects.get())["blocks"]
    assert ("tel:+4930" in stored[0]["html"], stored[1]["url"]) == (True, "https://example.org/x")
