"""Pictures that come in by the hundred are shown at once, and get the copies from which browsers choose afterwards."""

import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import connection, transaction

from articles import image_library, publishing, renditions
from articles.images import store_image
from articles.models import ImageAsset, Publication
from tests.articles import factories
from tests.articles.test_images import animation
from tests.smtp import wait_until

pytestmark = pytest.mark.django_db


@pytest.fixture
def image():
    return store_image(factories.picture(size=(1100, 700)), name="one.png", whole=False)


@pytest.fixture
def article(image):
    entry = {"src": image.file, "alt": "x"}
    return factories.publication({"type": "image", **entry}, cover=entry).article


def shown(article):
    """The kinds of copies that readers' browsers choose from: in the text, and on cards."""
    seen = Publication.objects.get(article=article)
    in_text = {kind for kind in ("avif", "webp") if f'type="image/{kind}"' in seen.html}
    return in_text, {source["type"] for source in seen.image["card"]["sources"]}


def test_they_are_made_by_a_task_and_readers_get_them(article, image):
    assert (shown(article), article.publication.social_image) == ((set(), set()), "")
    assert default_storage.exists(image.file)
    assert renditions.make_due() == 1
    assert publishing.follow_replaced() == 1
    assert shown(article) == ({"avif", "webp"}, {"image/avif", "image/webp"})
    assert Publication.objects.get(article=article).social_image.endswith("-1200x630-50-50.jpg")
    whole = store_image(factories.picture(size=(1100, 701)), name="two.png")
    image.refresh_from_db()
    assert [(r["type"], r["width"]) for r in image.renditions] == [(r["type"], r["width"]) for r in whole.renditions]
    assert (renditions.make_due(), publishing.follow_replaced()) == (0, 0)


@pytest.mark.django_db(transaction=True)
def test_an_article_that_is_published_while_they_are_made_gets_them_too(image):
    entry = {"src": image.file, "alt": "x"}
    article = factories.article({"type": "image", **entry}, cover=entry)

    def make():
        try:
            return renditions.make_due()
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as thread:
        making = []

        def meanwhile(*_):
            making.append(thread.submit(make))
            wait_until(lambda: making[0].done() or somebody_waits())
            return []

        publishing.publish(article, check=meanwhile)
        assert making[0].result(20) == 1
    assert publishing.follow_replaced() == 1
    assert shown(article) == ({"avif", "webp"}, {"image/avif", "image/webp"})
    assert Publication.objects.get(article=article).social_image.endswith("-1200x630-50-50.jpg")


def somebody_waits():
    with connection.cursor() as cursor:
        cursor.execute("SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted)")
        return cursor.fetchone()[0]


def test_what_a_killed_worker_left_is_written_over(image):
    left = f"{image.file.removesuffix('.webp')}-480.avif"
    default_storage.save(left, ContentFile(b"half"))
    renditions.make_due()
    image.refresh_from_db()
    assert left in image.paths
    assert default_storage.size(left) > 100


def test_one_whose_file_is_gone_holds_up_no_other(image):
    store_image(factories.picture(size=(900, 700)), name="two.png", whole=False)
    default_storage.delete(image.file)
    assert renditions.make_due() == 1
    assert not ImageAsset.objects.filter(renditions_due=True).exists()


def test_one_that_cannot_be_stored_holds_up_no_other_and_is_tried_again(image):
    store_image(factories.picture(size=(900, 700)), name="two.png", whole=False)
    in_the_way = Path(default_storage.path(f"{image.file.removesuffix('.webp')}-480.avif"))
    in_the_way.mkdir()  # where a file cannot be put
    (in_the_way / "x").touch()
    assert renditions.make_due() == 1
    assert list(ImageAsset.objects.filter(renditions_due=True)) == [image]
    shutil.rmtree(in_the_way)
    assert renditions.make_due() == 1


def test_one_that_is_replaced_meanwhile_keeps_the_copies_of_the_new_one(image):
    stale = ImageAsset.objects.get()
    image_library.replace(image, ContentFile(factories.picture(size=(600, 400)), name="new.png"), by=None)
    with transaction.atomic():
        assert not renditions._complete(stale)
    image.refresh_from_db()
    assert (image.renditions_due, {made["width"] for made in image.renditions}) == (False, {480, 600})


def test_an_animation_is_whole_at_once():
    assert not store_image(animation("GIF"), name="moving.gif", whole=False).renditions_due
