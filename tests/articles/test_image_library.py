"""The library of pictures: the grid, where each is used, texts that stand in for it, replacing and removing."""

from importlib import import_module

import pytest
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection

from articles import image_library, publishing
from articles.desk import checks
from articles.documents import apply_document, document_of
from articles.images import store_image
from articles.models import ImageAsset, ImageUse, Publication
from articles.rendering import rendered
from core.kept_work import Sitting, Work, keep
from core.models import AuditEntry, OutgoingRequest
from newsletter.models import BriefingItem
from tests.articles import factories
from tests.newsletter import factories as mailing

pytestmark = pytest.mark.django_db
LIST = "/admin/articles/imageasset/"


def picture(name="one", size=(500, 300), **values):
    return store_image(factories.picture(size=size), name=f"{name}.png", **values)


def block(image, **values):
    return {"type": "image", "src": image.file, **values}


def shown(client, **said):
    return {image.name for image in client.get(LIST, said).context["cl"].result_list}


def uses(image):
    return sorted(ImageUse.objects.filter(image=image).values_list("article", "is_live"))


def test_uses_follow_what_is_saved_and_what_readers_see():
    one, two, three = picture("one"), picture("two", (400, 300)), picture("three", (300, 300))
    article = factories.publication(
        block(one, alt="x"),
        {"type": "gallery", "images": [{"src": two.file, "alt": "y"}]},
        cover={"src": three.file, "alt": "z"},
    ).article
    assert [uses(image) for image in (one, two, three)] == [[(article.pk, False), (article.pk, True)]] * 3
    apply_document(article, {**document_of(article), "blocks": [], "cover": None})
    assert uses(one) == [(article.pk, True)]
    publishing.unpublish(article)
    assert not ImageUse.objects.exists()


def test_articles_of_before_are_found_too():
    one, two, three = picture("one"), picture("two", (400, 300)), picture("three", (300, 300))
    article = factories.publication(
        block(one, alt="x"),
        {"type": "gallery", "images": [{"src": two.file, "alt": "y"}]},
        cover={"src": three.file, "alt": "z"},
    ).article
    apply_document(article, {**document_of(article), "cover": None})
    noted = sorted(ImageUse.objects.values_list("image", "article", "is_live"))
    ImageUse.objects.all().delete()
    with connection.cursor() as cursor:
        cursor.execute(import_module("articles.migrations.0020_pictures_used").NOTE)
    assert sorted(ImageUse.objects.values_list("image", "article", "is_live")) == noted


def test_the_grid_is_searched_and_narrowed(editor, client):
    used = picture("used", alt="A bridge")
    factories.article(block(used))
    ImageAsset.objects.filter(pk=used.pk).update(tags=["bridge"])
    picture("plain", (400, 300))
    ornament = picture("ornament", (300, 300))
    ImageAsset.objects.filter(pk=ornament.pk).update(is_decorative=True)
    face = picture("face", (200, 200), alt="Ana")
    factories.author("ana", portrait=face)
    names = {"used.png", "plain.png", "ornament.png", "face.png"}
    assert shown(client) == names
    assert shown(client, q="bri") == {"used.png"}
    assert shown(client, tag="bridge") == {"used.png"}
    assert shown(client, use="used") == {"used.png", "face.png"}
    assert shown(client, use="unused") == {"plain.png", "ornament.png"}
    assert shown(client, use="decorative") == {"ornament.png"}
    assert shown(client, use="untold") == {"plain.png"}
    page = " ".join(client.get(LIST).content.decode().split())
    assert "in 1 article" in page
    assert "no alternative text" in page


def test_the_grid_costs_the_same_however_many_it_shows(editor, client, django_assert_max_num_queries):
    for number in range(30):
        image = ImageAsset.objects.create(name="x", file=f"{number}.webp", digest=number, width=9, height=9)
        ImageUse.objects.create(image=image, article=factories.article(), is_live=False)
    with django_assert_max_num_queries(12):
        client.get(LIST)


def test_what_the_library_says_stands_where_nothing_else_is_written(editor, client):
    image = picture(alt="A bridge")
    client.post(
        f"{LIST}{image.pk}/change/",
        {
            "name": "Bridge",
            "alt": "A long bridge",
            "credit": "Ana",
            "tags": " Bridges, news ,bridges",
            "focal_x": 0.5,
            "focal_y": 0.5,
        },
    )
    image.refresh_from_db()
    assert (image.name, image.tags) == ("Bridge", ["bridges", "news"])
    body = rendered(document_of(factories.article(block(image), block(image, alt="Of stone"))))
    assert 'alt="A long bridge"' in body.html
    assert 'alt="Of stone"' in body.html


def test_a_decoration_needs_no_alternative_text_and_shows_none(editor, client):
    image = picture(alt="A line")
    article = factories.article(block(image))
    page = client.post(
        f"{LIST}{image.pk}/change/", {"name": "x", "alt": "A line", "is_decorative": "on", "focal_x": 0, "focal_y": 0}
    )
    assert "is_decorative" in page.context["adminform"].form.errors
    client.post(f"{LIST}{image.pk}/change/", {"name": "x", "is_decorative": "on", "focal_x": 0, "focal_y": 0})
    body = rendered(document_of(article))
    assert 'alt=""' in body.html
    assert not [said for said in checks.blocking(document_of(article), body) if "alternative" in said]


def test_tags_that_cannot_be_are_said(editor, client):
    image = picture()
    for tags in ("x" * 41, ",".join(map(str, range(21)))):
        page = client.post(f"{LIST}{image.pk}/change/", {"name": "x", "tags": tags, "focal_x": 0, "focal_y": 0})
        assert "tags" in page.context["adminform"].form.errors


# Replacing


def replace(client, image, size=(640, 360), **said):
    upload = SimpleUploadedFile("new.png", factories.picture(size=size), "image/png")
    return client.post(f"{LIST}{image.pk}/replace/", {"upload": upload, **said}, follow=True)


def test_a_picture_is_replaced_wherever_readers_see_it(editor, client, settings):
    settings.CACHE_PURGE_URL = "https://cdn.example/purge"
    image = picture(alt="A bridge")
    article = factories.publication(block(image), cover={"src": image.file}).article
    before = Publication.objects.get()
    old = image.path
    OutgoingRequest.objects.all().delete()
    assert "follow within a minute" in replace(client, image).content.decode()
    image.refresh_from_db()
    assert (image.width, image.path == old, image.file) == (640, False, old)
    assert publishing.follow_replaced() == 1
    assert publishing.follow_replaced() == 0
    page = Publication.objects.get()
    assert (image.path in page.html, old in page.html, "A bridge" in page.html) == (True, False, True)
    assert image.path.removesuffix(".webp") in str(page.image["card"])
    assert (page.version, page.updated_at, page.published_at) == (
        before.version,
        before.updated_at,
        before.published_at,
    )
    assert f"article:{article.slug}" in str([request.body for request in OutgoingRequest.objects.all()])
    assert default_storage.exists(old)
    assert client.get(article.get_absolute_url()).content.decode().count(image.path)


def test_an_article_that_was_edited_since_shows_readers_the_version_they_saw(editor, client):
    image = picture(alt="A bridge")
    article = factories.publication(block(image), title="Before").article
    apply_document(article, {**document_of(article), "title": "After"})
    replace(client, image)
    publishing.follow_replaced()
    assert Publication.objects.get().title == "Before"


def test_the_one_before_goes_at_once_if_it_must(editor, client, django_capture_on_commit_callbacks):
    image = picture(size=(1300, 700))
    factories.publication(cover={"src": image.file, "alt": "x"})
    old, crop = image.path, default_storage.listdir(image.path.rpartition("/")[0])[1]
    with django_capture_on_commit_callbacks(execute=True):
        replace(client, image, forget="on")
    image.refresh_from_db()
    assert (default_storage.exists(old), default_storage.exists(image.path), image.former) == (False, True, [])
    left = default_storage.listdir(old.rpartition("/")[0])[1]
    stem = old.rpartition("/")[2].removesuffix(".webp")
    assert [name for name in crop if name.startswith(f"{stem}-")]
    assert not [name for name in left if name.startswith(stem)]


def test_what_cannot_replace_is_said_at_its_field(editor, client):
    image, other = picture(), picture("other", (400, 300))
    same = SimpleUploadedFile("x.png", factories.picture(size=(10, 10)), "image/png")
    client.post(f"{LIST}{image.pk}/replace/", {"upload": same})
    image.refresh_from_db()
    same.seek(0)
    text = SimpleUploadedFile("x.png", b"no picture", "image/png")
    for upload, words in ((same, "the same picture"), (text, "x.png"), (None, "required")):
        page = client.post(f"{LIST}{image.pk}/replace/", {"upload": upload} if upload else {})
        assert words in str(page.context["form"].errors["upload"])
    same.seek(0)
    page = client.post(f"{LIST}{other.pk}/replace/", {"upload": same})
    assert "is in the library already" in str(page.context["form"].errors["upload"])


def test_a_writer_replaces_nothing(writer, client):
    client.force_login(writer)
    assert client.get(f"{LIST}{picture().pk}/replace/").status_code == 403


# Removing


def ticked(client, *images, **said):
    return client.post(
        LIST, {"action": "remove", "_selected_action": [image.pk for image in images], **said}, follow=True
    )


def test_unused_pictures_are_removed_after_a_question(editor, client, django_capture_on_commit_callbacks):
    used, free = picture("used"), picture("free", (400, 300))
    factories.article(block(used))
    page = ticked(client, used, free).content.decode()
    assert ("Yes, remove 1" in page, ImageAsset.objects.count()) == (True, 2)
    with django_capture_on_commit_callbacks(execute=True):
        page = ticked(client, free, sure="yes").content.decode()
    assert "1 picture removed" in page
    assert [image.pk for image in ImageAsset.objects.all()] == [used.pk]
    assert [default_storage.exists(path) for path in free.paths] == [False] * len(free.paths)
    assert AuditEntry.objects.get().action == "removed a picture"
    assert "all of them are used" in ticked(client, used).content.decode()


def test_one_that_is_used_by_now_stays(editor, client):
    late, written = picture("late"), picture("written", (400, 300))
    ticked(client, late, written)
    factories.article(block(late))
    keep(
        type(factories.article()),
        None,
        Work({"cover": None, "blocks": [block(written)]}, "x", "x", 1),
        by=editor,
        sitting=Sitting(),
    )
    gone, kept = image_library.remove([late, written], by=editor)
    assert (gone, {image.pk for image in kept}) == ([], {late.pk, written.pk})


def test_only_those_who_may_delete_remove(writer, client):
    client.force_login(writer)
    image = picture()
    ticked(client, image, sure="yes")
    assert ImageAsset.objects.filter(pk=image.pk).exists()
    assert client.post(f"{LIST}{image.pk}/delete/", {"post": "yes"}).status_code == 403


# Choosing at the desk


def test_the_dialog_has_pages_and_is_searched(editor, client):
    for number in range(30):
        ImageAsset.objects.create(
            name=f"chart {number}", file=f"{number}.webp", digest=number, width=9, height=9, alt="A chart"
        )
    first, second = (client.get(f"{LIST}grid/", {"q": "chart", "page": page}).content.decode() for page in (1, 2))
    assert (first.count("data-src"), 'data-next="2"' in first) == (24, True)
    assert (second.count("data-src"), "data-next" in second) == (6, False)
    assert "No pictures are found" in client.get(f"{LIST}grid/?q=nothing").content.decode()
    assert client.get(f"{LIST}grid/?page=x").status_code == 404


def test_a_picture_of_a_briefing_is_used(editor, client):
    image = picture()
    briefing = mailing.briefing(mailing.newsletter())
    BriefingItem.objects.create(
        briefing=briefing, heading="x", url="https://example.com/", image=image.file, ordering=99
    )
    assert (shown(client, use="unused"), shown(client, use="used")) == (set(), {"one.png"})
    assert "1 briefing&#x27;s part" in client.get(f"{LIST}{image.pk}/change/").content.decode()
    assert image_library.remove([image], by=editor) == ([], [image])


def test_who_puts_pictures_into_briefings_chooses_them_from_the_grid(client):
    image = picture("chart")
    client.force_login(mailing.user("nell@example.com", role="newsletter manager"))
    assert image.file in client.get(f"{LIST}grid/").content.decode()
    assert "library-dialog" in client.get("/admin/newsletter/briefing/add/").content.decode()
    client.force_login(mailing.user("stew@example.com", role="awards steward"))
    assert client.get(f"{LIST}grid/").status_code == 403
