"""What is submitted is kept as it was, within its kind's limits; someone else approves each version."""

from io import BytesIO

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from PIL import Image

from core.models import OutgoingMail
from sponsors import approval, images
from sponsors.models import Approval
from tests.sponsors import factories

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _media(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def creative():
    return factories.confirmed().creatives.get()


def picture(size=(600, 200), form="PNG", mode="RGB", **options):
    out = BytesIO()
    Image.new(mode, size, 120).save(out, form, **options)
    return BytesIO(out.getvalue())


def test_each_change_is_a_new_version_that_waits(creative):
    first = factories.approved(creative)
    second = factories.submitted(creative, headline="Other words")
    assert (first.number, second.number) == (1, 2)
    assert creative.latest.verdict is None


def test_handing_in_the_same_again_keeps_its_approval(creative):
    version = factories.approved(creative)
    assert factories.submitted(creative) == version
    assert creative.latest.verdict == "approved"


def test_whoever_handed_it_in_cannot_approve_it(creative):
    mia = factories.user()
    version = factories.submitted(creative, by=mia)
    with pytest.raises(ValidationError, match="approved by someone other than"):
        approval.approve(version, by=mia)
    assert not Approval.objects.exists()


def test_the_database_refuses_the_submitters_approval(creative):
    mia = factories.user()
    version = factories.submitted(creative, by=mia)
    with pytest.raises(IntegrityError, match="approval_not_by_submitter"), transaction.atomic():
        Approval.objects.create(version=version, verdict="approved", submitted_by=mia, by=mia)


def test_a_rejection_needs_a_reason_and_the_sponsor_reads_it(creative):
    version = factories.submitted(creative)
    with pytest.raises(ValidationError, match="Say why"):
        approval.reject(version, by=factories.user(), reason=" ")
    approval.reject(version, by=factories.user(), reason="It promises returns.")
    mail = OutgoingMail.objects.filter(kind="sponsors.creative_decided").get()
    assert mail.recipient == "ads@northwind.example"
    assert b"It promises returns." in bytes(mail.message)


def test_every_problem_is_named_at_its_field(creative):
    with pytest.raises(ValidationError) as refused:
        factories.submitted(creative, headline="", body="x" * 201, link_url="javascript:alert(1)")
    assert set(refused.value.message_dict) == {"headline", "body", "link_url"}
    assert "201 characters" in refused.value.message_dict["body"][0]


@pytest.mark.parametrize(
    "link", ["javascript:alert(1)", "data:text/html,x", "//northwind.example", "/newsletter/", "ftp://a.example/", "https://", "https://a:b@northwind.example/", "https://north wind.example/"]
)  # fmt: skip
def test_only_plain_web_addresses_are_links(creative, link):
    with pytest.raises(ValidationError):
        factories.submitted(creative, link_url=link)


def test_an_ad_of_our_own_leads_to_our_site_wherever_that_is(creative, settings):
    settings.SITE_URL = "http://localhost:8180"
    assert factories.submitted(creative, link_url="http://localhost:8180/newsletter/")
    with pytest.raises(ValidationError):
        factories.submitted(creative, link_url="http://localhost:8181/newsletter/")


@pytest.mark.parametrize(
    ("link", "words"),
    [
        ("https://localhost/", "not on the public internet"),
        ("http://127.0.0.1:8000/", "not on the public internet"),
        ("http://10.1.2.3/", "not on the public internet"),
        ("http://[::1]/", "not on the public internet"),
        ("https://router.lan/", "not on the public internet"),
        ("https://northwind.example:0/", "not on the public internet"),
        ("https://northwind.example:99999/", "no address that a browser opens"),
        ("https://northwind.example/?c={click_id}", "{click_id} would not be filled in"),
        ("https://northwind.example/{click_id", "{click_id would not be filled in"),
        ("https://northwind.example/%%CLICK%%", "%%CLICK%% would not be filled in"),
        ("https://northwind.example/?c=[CLICK_ID]", "[CLICK_ID] would not be filled in"),
        ("https://north\u200bwind.example/", "characters that cannot be seen"),
        ("https://northwind.example/\u202egnp.exe", "characters that cannot be seen"),
    ],
)
def test_a_link_that_no_reader_could_open_or_that_we_would_change_is_refused_in_words(creative, link, words):
    with pytest.raises(ValidationError) as refused:
        factories.submitted(creative, link_url=link)
    assert words in refused.value.message_dict["link_url"][0]


@pytest.mark.parametrize(
    ("typed", "sent"),
    [
        ("https://straße.de/weg", "https://xn--strae-oqa.de/weg"),
        ("https://BÜCHER.example:8443/?a=%C3%A4", "https://xn--bcher-kva.example:8443/?a=%C3%A4"),
        ("https://northwind.example/?filter[name]=a&b=", "https://northwind.example/?filter[name]=a&b="),
        ("https://northwind.example/?", "https://northwind.example/?"),
    ],
)
def test_a_link_leads_where_its_owner_is(creative, typed, sent):
    assert factories.submitted(creative, link_url=typed).link_url == sent


def test_a_grey_picture_of_sixteen_bits_keeps_its_grey():
    file = BytesIO()
    Image.new("I;16", (600, 200), 128 << 8).save(file, "PNG")
    file.seek(0)
    with Image.open(images.accept(file, [(600, 200)])) as shown:
        assert shown.convert("L").getpixel((5, 5)) == 128


def test_markup_is_reduced_to_its_words(creative):
    version = factories.submitted(
        creative, headline="A <b>bold</b> & plain\nline", body="<p>One</p><script>alert(1)</script><p>Two</p>"
    )
    assert version.headline == "A bold & plain line"
    assert version.body == "One\nTwo"


@pytest.mark.parametrize("size", [(600, 200), (1200, 400)])
def test_an_image_of_the_size_or_exactly_twice_it_is_taken(creative, size):
    image = images.accept(picture(size), creative.kind.sizes)
    version = factories.submitted(creative, image=image, image_alt="A safe")
    assert (version.image_width, version.image_height) == size


@pytest.mark.parametrize("size", [(601, 200), (1201, 401), (1200, 200), (300, 100), (1800, 600), (200, 600)])
def test_any_other_size_is_refused_with_both_sizes(size):
    with pytest.raises(ValidationError, match=f"{size[0]}×{size[1]}.*600×200"):
        images.accept(picture(size), [(600, 200)])


@pytest.mark.parametrize(
    "data",
    [
        b'<svg xmlns="http://www.w3.org/2000/svg" width="600" height="200"><script>alert(1)</script></svg>',
        b"%PDF-1.4",
        b"",
        b"GIF89a<script>alert(1)</script>",
        b"\x89PNG\r\n\x1a\n" + b"\x00" * 40,
    ],
)
def test_what_is_no_raster_image_is_refused(data):
    with pytest.raises(ValidationError):
        images.accept(BytesIO(data), [(600, 200)])


def test_an_animation_is_refused_instead_of_standing_still_without_a_word():
    out = BytesIO()
    first, second = (Image.new("RGB", (600, 200), colour) for colour in ("red", "blue"))
    first.save(out, "GIF", save_all=True, append_images=[second])
    with pytest.raises(ValidationError, match="an animation"):
        images.accept(BytesIO(out.getvalue()), [(600, 200)])


def test_a_truncated_image_is_refused():
    data = picture((600, 200), "JPEG").getvalue()
    with pytest.raises(ValidationError, match="damaged"):
        images.accept(BytesIO(data[: len(data) // 2]), [(600, 200)])


def test_a_huge_file_is_refused_before_it_is_read():
    with pytest.raises(ValidationError, match="larger than"):
        images.accept(BytesIO(b"x" * 100), [(600, 200)], max_bytes=99)


def test_a_bomb_is_refused_by_its_header():
    with pytest.raises(ValidationError, match="far too many pixels"):
        images.accept(picture((14_000, 14_000), "GIF", "P"), [(600, 200)])


def test_an_image_is_encoded_afresh_without_what_came_along():
    exif = Image.Exif()
    exif[0x010E] = "secret place"
    source = picture((600, 200), "JPEG", exif=exif).getvalue() + b"<script>trailing</script>"
    clean = images.accept(BytesIO(source), [(600, 200)]).read()
    assert b"secret place" not in clean
    assert b"trailing" not in clean
    assert not Image.open(BytesIO(clean)).getexif()


@pytest.mark.parametrize(("form", "expected"), [("PNG", "PNG"), ("JPEG", "JPEG"), ("WEBP", "JPEG"), ("GIF", "PNG")])
def test_formats_end_as_what_every_mail_program_shows(form, expected):
    clean = images.accept(picture((600, 200), form), [(600, 200)])
    assert Image.open(clean).format == expected


def test_a_picture_turned_by_its_camera_is_measured_as_it_is_seen():
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by a quarter
    clean = images.accept(picture((200, 600), "JPEG", exif=exif), [(600, 200)])
    assert Image.open(clean).size == (600, 200)


def test_an_image_must_be_described(creative):
    image = images.accept(picture(), creative.kind.sizes)
    with pytest.raises(ValidationError) as refused:
        factories.submitted(creative, image=image)
    assert set(refused.value.message_dict) == {"image_alt"}


def test_an_image_where_there_is_no_room_is_refused():
    kind = factories.kind(image_sizes=[])
    with pytest.raises(ValidationError, match="no room"):
        approval.check(
            kind, headline="H", body="", link_url="https://a.example/", image=images.CleanImage(b"x"), image_alt="x"
        )
