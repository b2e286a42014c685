"""A site that was exported can be imported again, and is the same."""

import io
import re
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone
from PIL import Image

from articles import renditions
from articles.documents import apply_document, create_article, document_of
from articles.export import export_site
from articles.images import store_image
from articles.importing.posts import ImportRefused
from articles.models import Article, Author, Category, ImageAsset, Publication, Redirect, Series, Snippet, Tag
from articles.publishing import archive, follow_replaced, publish, schedule, submit
from articles.redirects import redirect_path
from tests.articles.importing.moonpress.test_block_markdown import EVERY_BLOCK
from tests.articles.importing.samples import png, zipped

pytestmark = pytest.mark.django_db


@pytest.fixture
def newsroom(settings, tmp_path):
    """A site with every block, every state and everything that articles refer to."""
    settings.MEDIA_ROOT = tmp_path / "first"
    asset = store_image(png("blue"), name="dot.png", alt="A dot", credit="Ada")
    ImageAsset.objects.update(focal_x=0.2, tags=["dots", "blue"])
    card = Snippet.objects.create(
        slug="read-on", kind="cta", heading="Read on", html="<p>More.</p>", label="Go", url="/x/"
    )
    disclaimer = Snippet.objects.create(slug="none", kind="disclaimer", html="<p>No advice.</p>")
    Category.objects.create(
        slug="basics", name="The basics", description="How it works.", position=3, disclaimer=disclaimer
    )
    Author.objects.create(
        slug="ada",
        name="Ada Lund",
        role="Editor",
        bio_html="<p>Ada <b>edits</b>.</p>",
        portrait=asset,
        links=[{"label": "Site", "url": "https://ada.example"}],
    )
    Author.objects.create(slug="bo", name="Bo Ek")
    Tag.objects.create(slug="eth", name="ETH, the coin")
    Series.objects.create(slug="coins", name="Coins: a series", description="One by one.")
    blocks = [{**block, "src": asset.file} if block["type"] == "image" else block for block in EVERY_BLOCK]
    blocks = [{**block, "images": [{"src": asset.file}]} if block["type"] == "gallery" else block for block in blocks]
    full = {
        "title": "Everything: “all”",
        "slug": "everything",
        "standfirst": "In short.",
        "category": "basics",
        "authors": ["bo", "ada"],
        "tags": ["eth"],
        "seo": {
            "title": "All",
            "description": "Of it",
            "social_title": "Really all",
            "social_image": asset.file,
            "canonical": "https://elsewhere.example/all",
            "noindex": True,
        },
        "corrections": [{"date": "2026-05-03", "text": "It was less: 2 %."}],
        "series": "coins",
        "part": 4,
        "cta": card.slug,
        "cover": {"src": asset.file, "alt": "Dot", "focal": [0.1, 0.9]},
        "reading_minutes": 9,
        "language": "pt-BR",
        "blocks": blocks,
    }
    shown = create_article(full)
    publish(create_article({"title": "Two", "slug": "two", "blocks": [{"type": "richtext", "html": "<p>Two.</p>"}]}))
    publish(shown)
    apply_document(shown, full | {"title": "Everything, changed"})
    about = create_article(
        {"kind": "page", "title": "About", "slug": "two", "blocks": [{"type": "richtext", "html": "<p>Us.</p>"}]}
    )
    publish(about)
    apply_document(about, document_of(about) | {"title": "About us"})
    submit(create_article({"title": "Three", "slug": "three", "blocks": []}))
    archive(create_article({"title": "Four", "slug": "four", "blocks": []}))
    schedule(create_article({"title": "Five", "slug": "five", "blocks": []}), at=timezone.now() + timedelta(days=9))
    redirect_path("/old/", "/blog/two/")


def everything():
    """What a site says, apart from ids and the time of the import."""
    return {
        "articles": [
            (document_of(article), article.state, article.publish_at, article.feed_id)
            for article in Article.objects.order_by("slug", "kind")
        ],
        "shown": [
            (
                row.slug,
                row.title,
                row.html,
                row.faq,
                row.published_at,
                row.updated_at,
                [other.slug for other in row.also_read.all()],
                (row.kind, row.corrections, row.noindex, row.canonical, row.social_title, row.part),
            )
            for row in Publication.every.order_by("slug", "kind")
        ],
        "series": list(Series.objects.values_list("slug", "name", "description")),
        "categories": list(
            Category.objects.order_by("slug").values_list("slug", "name", "description", "position", "disclaimer__slug")
        ),
        "authors": list(
            Author.objects.order_by("slug").values_list("slug", "name", "role", "bio_html", "portrait__file", "links")
        ),
        "tags": list(Tag.objects.order_by("slug").values_list("slug", "name")),
        "snippets": list(
            Snippet.objects.order_by("slug").values_list("slug", "kind", "heading", "html", "label", "url")
        ),
        "redirects": list(Redirect.objects.order_by("path").values_list("path", "target")),
        "images": list(
            ImageAsset.objects.order_by("file").values_list(
                "file", "name", "alt", "credit", "focal_x", "is_decorative", "tags"
            )
        ),
    }


def empty(settings, tmp_path):
    """Another site, with nothing in it."""
    settings.MEDIA_ROOT = tmp_path / "second"
    Publication.every.all().delete()
    for model in (Article, Category, Series, Author, Tag, Snippet, Redirect, ImageAsset):
        model.objects.all().delete()


def _without_ids(site):
    """Marks in rendered text name other articles by a number of this database."""
    rows = [
        (slug, title, re.sub(r"slot:also_read:\d+", "slot:also_read:", html), *rest)
        for slug, title, html, *rest in site["shown"]
    ]
    return site | {"shown": rows}


def test_an_exported_site_is_the_same_when_it_is_imported(newsroom, bring_in, settings, tmp_path):
    before = everything()
    counts = export_site(tmp_path / "out")
    assert (counts["articles"], counts["images"], counts["images without a file"]) == (6, 1, 0)
    empty(settings, tmp_path)
    report = bring_in(tmp_path / "out")
    assert not report.failed, [entry.reason for entry in report.entries]
    renditions.make_due()
    follow_replaced()
    assert _without_ids(everything()) == _without_ids(before)
    assert bring_in(tmp_path / "out").counts["unchanged"] == 6


def test_an_export_into_its_own_site_changes_nothing(newsroom, bring_in, tmp_path):
    before = everything()
    export_site(tmp_path / "out")
    report = bring_in(tmp_path / "out")
    assert report.counts["unchanged"] == 6, [(entry.title, entry.outcome, entry.reason) for entry in report.entries]
    assert everything()["articles"] == before["articles"]


@pytest.mark.parametrize("colour", ["red", (10, 20, 30, 90)])
def test_images_stay_the_same_to_the_byte(bring_in, settings, tmp_path, colour):
    out = io.BytesIO()
    Image.effect_noise((300, 200), 60).convert("RGBA" if isinstance(colour, tuple) else "RGB").save(out, "PNG")
    asset = store_image(out.getvalue(), name="a.png")
    create_article({"title": "One", "blocks": [{"type": "image", "src": asset.file, "alt": "A"}]})
    export_site(tmp_path / "out")
    before = (tmp_path / "out" / asset.file).read_bytes()
    Article.objects.all().delete()
    ImageAsset.objects.all().delete()
    settings.MEDIA_ROOT = tmp_path / "second"
    bring_in(tmp_path / "out")
    assert (tmp_path / "second" / asset.file).read_bytes() == before


def test_an_image_of_an_export_with_something_hidden_in_it_is_written_anew(bring_in, settings, tmp_path):
    asset = store_image(png("blue"), name="a.png")
    create_article({"title": "One", "blocks": [{"type": "image", "src": asset.file, "alt": "A"}]})
    export_site(tmp_path / "out")
    with (tmp_path / "out" / asset.file).open("ab") as file:
        file.write(b"<script>alert(1)</script>")
    Article.objects.all().delete()
    ImageAsset.objects.all().delete()
    settings.MEDIA_ROOT = tmp_path / "second"
    bring_in(tmp_path / "out")
    assert b"script" not in (tmp_path / "second" / asset.file).read_bytes()


def test_texts_side_by_side_stay_apart(bring_in, settings, tmp_path):
    blocks = [{"type": "richtext", "html": "<p>One.</p>"}, {"type": "richtext", "html": "<p>Two.</p>"}]
    article = create_article({"title": "Apart", "slug": "apart", "blocks": blocks})
    before = document_of(article)
    export_site(tmp_path / "out")
    article.delete()
    bring_in(tmp_path / "out")
    assert document_of(Article.objects.get()) == before


def test_an_export_can_be_zipped(newsroom, bring_in, write, settings, tmp_path):
    out = tmp_path / "out"
    export_site(out)
    before = everything()
    empty(settings, tmp_path)
    files = {f"site/{path.relative_to(out)}": path.read_bytes() for path in out.rglob("*") if path.is_file()}
    bring_in(write(zipped(files), "site.zip"))
    assert everything()["articles"] == before["articles"]


def test_the_command_writes_a_folder_and_refuses_one_that_is_in_use(newsroom, tmp_path, capsys):
    call_command("export_site", tmp_path / "out")
    assert "6 articles" in capsys.readouterr().out
    text = (tmp_path / "out" / "articles" / "two.md").read_text()
    assert text.startswith("---\ntitle: Two\nslug: two\nstate: published\n")
    assert text.endswith("---\n\nTwo.\n")
    with pytest.raises(CommandError, match="not empty"):
        call_command("export_site", tmp_path / "out")


def test_an_export_that_was_tampered_with_is_refused_or_cleaned(newsroom, bring_in, settings, tmp_path):
    out = tmp_path / "out"
    export_site(out)
    empty(settings, tmp_path)
    (out / "articles" / "two.md").write_text(
        "---\ntitle: Two\nslug: two\n---\n\n<script>x()</script>\n\n[a](javascript:x) <b onclick=x>b</b>\n"
    )
    (out / "articles" / "three.md").write_text(
        "---\ntitle: Three\nslug: three\n---\n\n:::image\nsrc: ../../../etc/passwd\n:::\n"
    )
    report = bring_in(out)
    assert "<script" not in str(document_of(Article.objects.get(slug="two", kind="article")))
    assert "onclick" not in str(document_of(Article.objects.get(slug="two", kind="article")))
    assert document_of(Article.objects.get(slug="three"))["blocks"] == []
    assert any("passwd" in sentence for sentence in report.notes.lost)
    (out / "categories.yaml").write_text("just words")
    with pytest.raises(ImportRefused, match=r"categories.yaml should be a list"):
        bring_in(out)
