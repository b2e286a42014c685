"""Uploads: re-encoded, stripped, bounded."""

import base64
import io
import subprocess
import sys
import threading

import pytest
from django.core.exceptions import ValidationError
from django.core.files.storage import default_storage
from django.db import connection
from PIL import Image

from articles import images
from articles.models import ImageAsset
from tests.articles import factories

pytestmark = pytest.mark.django_db


def test_what_a_camera_wrote_stays_behind():
    exif = Image.Exif()
    exif[0x010F], exif[0x8825] = "Secret camera", {1: "N", 2: (52.0, 31.0, 0.0)}
    asset = images.store_image(factories.picture("JPEG", exif=exif), name="holiday.jpg")
    for path in [asset.file, *(made["src"] for made in asset.renditions)]:
        with default_storage.open(path) as file:
            content = file.read()
        assert b"Secret camera" not in content
        assert not Image.open(io.BytesIO(content)).getexif()


def test_what_is_hidden_behind_an_image_stays_behind():
    asset = images.store_image(factories.picture() + b"<script>alert(1)</script>", name="x.png")
    with default_storage.open(asset.file) as file:
        assert b"<script>" not in file.read()


def test_renditions_are_smaller_and_in_two_formats():
    asset = images.store_image(factories.picture(size=(1000, 600)), name="large.png")
    made = {(made["type"], made["width"]) for made in asset.renditions}
    assert made >= {(kind, width) for kind in ("image/avif", "image/webp") for width in (480, 960)}


def with_empty_pixels(avif):
    start = avif.index(b"mdat") + 4
    return avif[:start] + bytes(len(avif) - start)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>", "SVG"),
        (b"<?xml version='1.0'?><svg/>", "SVG"),
        (b"MZ\x90\x00", "not an image"),
        (b"", "not an image"),
        (factories.picture()[:400], "not an image"),
        (with_empty_pixels(factories.picture("AVIF", size=(60, 40))), "not an image"),
        (b"%PDF-1.7", "not an image"),
    ],
)
def test_what_is_no_image_is_refused(content, said):
    with pytest.raises(ValidationError, match=said):
        images.store_image(content, name="x")
    assert not ImageAsset.objects.exists()


def test_a_decompression_bomb_is_refused_before_it_is_unpacked():
    out = io.BytesIO()
    Image.new("1", (20_000, 20_000)).save(out, "PNG")
    with pytest.raises(ValidationError, match="pixels"):
        images.store_image(out.getvalue(), name="bomb.png")


def test_a_file_too_large_is_refused():
    with pytest.raises(ValidationError, match="larger than"):
        images.store_image(b"\x89PNG" + b"0" * images.MAX_BYTES, name="large.png")


def test_the_same_bytes_are_kept_once():
    content = factories.picture()
    assert images.store_image(content, name="a.png") == images.store_image(content, name="b.png")


@pytest.mark.django_db(transaction=True)
def test_two_who_upload_the_same_at_once_get_the_same():
    content, stored = factories.picture(), []

    def upload():
        stored.append(images.store_image(content, name="a.png").pk)
        connection.close()

    threads = [threading.Thread(target=upload) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert stored == [ImageAsset.objects.get().pk] * 3


def test_sixteen_bits_of_grey_stay_grey():
    out = io.BytesIO()
    Image.new("I;16", (20, 20), 20_000).save(out, "PNG")
    with default_storage.open(images.store_image(out.getvalue(), name="scan.png").file) as file:
        assert Image.open(file).convert("L").getpixel((5, 5)) == pytest.approx(78, abs=2)


def test_a_crop_keeps_its_focal_point_in_view():
    picture = Image.new("RGB", (1600, 400), "white")
    picture.paste("red", (1500, 0, 1600, 400))
    out = io.BytesIO()
    picture.save(out, "PNG")
    asset = images.store_image(out.getvalue(), name="wide.png")
    path = images.cut_social({"src": asset.file, "focal": [1.0, 0.5]}, asset)
    with default_storage.open(path) as file:
        cut = Image.open(file).convert("RGB")
        assert cut.size == images.SOCIAL_SIZE
        red, green, _ = cut.getpixel((cut.width - 3, cut.height // 2))
    assert red > 200 > 60 > green


# Half red, half blue, 48 × 32 pixels, by libheif's own encoder.
HEIC = base64.b64decode(
    "AAAAHGZ0eXBoZWljAAAAAG1pZjFoZWljbWlhZgAAAa1tZXRhAAAAAAAAACFoZGxyAAAAAAAAAABwaWN0AAAAAAAAAAAAAAAAAAAAAA5waXRtAAAA"
    "AAACAAAAEGlkYXQAAAAAADAAIAAAADhpbG9jAQAAAERAAAIAAQAAAAAAAAHRAAEAAAAAAAAAJQACAAEAAAAAAAAAAQAAAAAAAAAIAAAAOGlpbmYA"
    "AAAAAAIAAAAVaW5mZQIAAAEAAQAAaHZjMQAAAAAVaW5mZQIAAAAAAgAAZ3JpZAAAAADYaXBycAAAALZpcGNvAAAAdmh2Y0MBA3AAAAAAAAAAAAAe"
    "8AD8/fj4AAAPAyAAAQAYQAEMAf//A3AAAAMAkAAAAwAAAwAeugJAIQABACpCAQEDcAAAAwCQAAADAAADAB6gIIEFlurkprm4EBAwIAAAAwAgAAAD"
    "ACEiAAEABkQBwXPAiQAAABRpc3BlAAAAAAAAAEAAAABAAAAAFGlzcGUAAAAAAAAAMAAAACAAAAAQcGl4aQAAAAADCAgIAAAAGmlwbWEAAAAAAAAA"
    "AgABAoECAAICA4QAAAAaaXJlZgAAAAAAAAAOZGltZwACAAEAAQAAAC1tZGF0AAAAISgBr1j5Et3/1hP/nTSHDxnO+/qEBdjPP0AaFp47kjIAww=="
)


def test_a_phones_heic_is_taken():
    asset = images.store_image(HEIC, name="IMG_0001.HEIC")
    assert (asset.width, asset.height) == (48, 32)
    with default_storage.open(asset.file) as file:
        red, _, blue = Image.open(file).convert("RGB").getpixel((5, 5))
    assert red > 200 > 60 > blue


@pytest.mark.parametrize("size", [(640, 480), (2600, 1800)])
def test_what_a_phone_stores_behind_its_jpeg_is_no_animation(size):
    photo, depth, out = Image.new("RGB", size, "red"), Image.new("RGB", (64, 48), "blue"), io.BytesIO()
    photo.save(out, "MPO", save_all=True, append_images=[depth])
    asset = images.store_image(out.getvalue(), name="phone.jpg")
    with default_storage.open(asset.file) as file:
        stored = Image.open(file)
        assert stored.n_frames == 1
        assert stored.convert("RGB").getpixel((9, 9))[0] > 200


def test_48_million_pixels_leave_the_web_process_as_lean_as_it_was(tmp_path):
    Image.new("RGB", (8064, 6048), "teal").save(tmp_path / "phone.jpg")
    told = subprocess.run(
        [sys.executable, "-c", MEASURED, str(tmp_path / "phone.jpg")], check=True, capture_output=True, text=True
    )
    megabytes, width, height = map(int, told.stdout.split())
    assert (width, height) == (2400, 1800)
    assert megabytes < 100


MEASURED = """
import re, sys
from core.lib.pictures import prepared
made = prepared(open(sys.argv[1], "rb").read())
peak = re.search(r"VmHWM:\\s*(\\d+)", open("/proc/self/status").read())[1]
print(int(peak) // 1024, made.width, made.height)
"""


def animation(form, frames=4, size=(64, 36)):
    out, colours = io.BytesIO(), ["red", "green", "blue", "black"]
    first, *rest = [Image.new("RGB", size, colours[number % 4]) for number in range(frames)]
    first.save(out, form, save_all=True, append_images=rest, duration=120, loop=0)
    return out.getvalue()


@pytest.mark.parametrize("form", ["GIF", "WEBP", "PNG"])
def test_an_animation_goes_on_moving_but_for_readers_who_want_none(form):
    asset = images.store_image(animation(form), name="moving")
    with default_storage.open(asset.file) as file, Image.open(file) as stored:
        stored.seek(1)
        stored.load()
        assert (stored.format, stored.n_frames, stored.info["duration"]) == ("WEBP", 4, 120)
    [still] = images.picture_of({"src": asset.file}, {asset.file: asset})["sources"]
    assert still["media"] == "(prefers-reduced-motion: reduce)"
    with default_storage.open(asset.renditions[0]["src"]) as file:
        assert getattr(Image.open(file), "n_frames", 1) == 1


def test_an_animation_without_end_is_refused_in_words():
    with pytest.raises(ValidationError, match=r"an animation of 401 frames .* or embed a video"):
        images.store_image(animation("GIF", frames=401, size=(2, 2)), name="long.gif")


@pytest.mark.parametrize("size", [(200, 90), (90, 200), (481, 271), (3, 1)])
def test_a_small_picture_is_not_blown_up(size):
    asset = images.store_image(factories.picture(size=size), name="small.png")
    card = images.cut_card({"src": asset.file}, asset)
    for shown in (images.picture_of({"src": asset.file}, {asset.file: asset}), card):
        widths = [int(one.split()[-1][:-1]) for made in shown["sources"] for one in made["srcset"].split(", ")]
        assert max(widths) == shown["width"] <= asset.width
        assert shown["height"] <= asset.height
    assert images.cut_social({"src": asset.file}, asset) == ""


def test_a_transparent_picture_stands_on_white_at_social_sites():
    out = io.BytesIO()
    Image.new("RGBA", (1300, 700), (0, 0, 0, 0)).save(out, "PNG")
    asset = images.store_image(out.getvalue(), name="clear.png")
    with default_storage.open(images.cut_social({"src": asset.file}, asset)) as file:
        assert Image.open(file).getpixel((5, 5)) == (255, 255, 255)
