"""Pictures that nothing uses: uploaded while somebody wrote, and never saved."""

from datetime import timedelta

import pytest
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from articles import unclaimed
from articles.images import store_image
from articles.models import ImageAsset
from core import kept_work
from core.models import KeptWork
from core.retention import purge_expired
from tests.articles import factories
from tests.articles.desk import posted, url

pytestmark = pytest.mark.django_db
LONG_AGO = timezone.now() - unclaimed.KEPT_FOR - timedelta(hours=1)


def uploaded(client, name="a.png"):
    client.post(url("upload"), {"image": SimpleUploadedFile(name, factories.picture())})
    image = ImageAsset.objects.get(name=name)
    ImageAsset.objects.filter(pk=image.pk, unclaimed_since__isnull=False).update(unclaimed_since=LONG_AGO)
    return image


def with_image(image):
    return factories.document(blocks=[{"type": "image", "src": image.file, "alt": "A picture"}])


def test_an_upload_that_nobody_kept_goes_with_its_files(editor, client):
    image = uploaded(client)
    paths = [image.file, *(rendition["src"] for rendition in image.renditions)]
    assert all(map(default_storage.exists, paths))
    assert purge_expired()["pictures that nothing uses"] == 1
    assert not ImageAsset.objects.exists()
    assert not any(map(default_storage.exists, paths))


def test_what_is_saved_or_kept_or_in_the_library_stays(editor, client):
    saved, waiting, portrait = (uploaded(client, name) for name in ("saved.png", "waiting.png", "portrait.png"))
    factories.author("ana", portrait=portrait)
    factories.image(name="library.png")
    client.post(url("add"), posted(with_image(saved)))
    client.post(url("autosave_new"), posted(with_image(waiting)))
    assert unclaimed.delete_old() == 0
    KeptWork.objects.all().delete()
    assert unclaimed.delete_old() == 1
    assert not ImageAsset.objects.filter(pk=waiting.pk).exists()


def test_a_fresh_upload_stays_and_a_picture_of_the_library_is_none(editor, client):
    content = factories.picture()
    store_image(content, name="library.png")
    for name, data in (("again.png", content), ("fresh.png", factories.picture())):
        client.post(url("upload"), {"image": SimpleUploadedFile(name, data)})
    assert ImageAsset.objects.get(unclaimed_since__isnull=False).name == "fresh.png"
    assert unclaimed.delete_old() == 0


def test_unsaved_work_goes_after_its_time(editor, client):
    client.post(url("autosave_new"), posted(factories.document()))
    KeptWork.objects.update(saved_at=timezone.now() - kept_work.KEPT_FOR + timedelta(hours=1))
    assert purge_expired()["unsaved work"] == 0
    KeptWork.objects.update(saved_at=timezone.now() - kept_work.KEPT_FOR - timedelta(hours=1))
    assert purge_expired()["unsaved work"] == 1
