"""An ad runs once somebody else approved it twice, for editorial and for compliance; rules and words that promise are shown."""

from io import BytesIO

import pytest
from django.core.exceptions import ValidationError
from PIL import Image

from core.models import OutgoingMail
from newsletter.sending import composition
from sponsors import approval, images, promises, rules
from sponsors.models import AdRule, Sponsor
from tests.newsletter import factories as newsletters
from tests.sponsors import factories

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _media(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


def bought(channel="web:article", **sponsor):
    """A booking for today whose sponsor has this category and these countries."""
    slot = factories.kind(channel)
    factories.open_days(slot, days=2)
    row = Sponsor.objects.create(name="Northwind Custody", **sponsor)
    return factories.confirmed(factories.package({slot: 1}), start=factories.today(), sponsor=row)


def test_both_roles_have_to_say_yes_and_an_edit_voids_both():
    creative, second = bought().creatives.get(), factories.user("second@example.com")
    version = factories.submitted(creative)
    approval.approve(version, by=factories.user("third@example.com"), roles=["editorial"])
    assert creative.latest.verdict is None
    approval.approve(version, by=second, roles=["compliance"])
    assert creative.latest.verdict == "approved"
    mails = OutgoingMail.objects.filter(kind="sponsors.creative_decided")
    assert mails.count() == 1
    approval.reject(version, by=second, role="compliance", reason="No white paper.")
    assert (creative.latest.verdict, creative.latest.verdict_reason) == ("rejected", "No white paper.")
    factories.submitted(creative, headline="Other words")
    assert (creative.latest.verdict, creative.latest.editorial) == (None, None)


def test_an_ad_that_only_one_role_approved_is_shown_nowhere():
    version = factories.submitted(bought().creatives.get())
    approval.approve(version, by=factories.user("second@example.com"), roles=["editorial"])
    assert factories.shown_on("web:article", factories.today()) is None
    approval.approve(version, by=factories.user("third@example.com"), roles=["compliance"])
    assert factories.shown_on("web:article", factories.today())


@pytest.mark.parametrize("role", ["editorial", "compliance"])
def test_one_person_gives_both_verdicts_only_where_the_house_has_it_so(role, client):
    other = {"editorial": "compliance", "compliance": "editorial"}[role]
    version, second = (
        factories.submitted(bought().creatives.get()),
        newsletters.user("b@example.com", role="administrator"),
    )
    client.force_login(second)
    page = f"/admin/sponsors/creative/{version.creative_id}/change/"
    assert list(approval.waiting_for(second)) == [version]
    approval.approve(version, by=second, roles=[role])
    with pytest.raises(ValidationError, match=f"You approved it for {role}, so somebody else has to for {other}"):
        approval.approve(version, by=second, roles=[other])
    assert list(approval.waiting_for(second)) == []
    for words in (f"approved it for {role}, so somebody else has to for {other}", "Two different people say yes"):
        assert words in client.get(page).content.decode()
    newsletters.profile(one_person_approves_ads=True)
    assert "One person may say yes" in client.get(page).content.decode()
    approval.approve(version, by=second, roles=[other])
    assert version.creative.latest.verdict == "approved"


@pytest.mark.parametrize(
    ("asset_class", "countries", "said"),
    [
        ("none", [], []),
        ("trading", ["GB"], ["Don’t invest unless"]),
        ("trading", ["DE"], ["Crypto-assets can lose all"]),
        ("offer", ["FR", "US"], ["has not been reviewed or approved", "Not an offer to sell"]),
        ("offer", [], ["has not been reviewed or approved", "Don’t invest unless", "Not an offer to sell"]),
        ("trading", ["JP"], []),
    ],
)
def test_what_is_printed_follows_from_what_it_is_for_and_where_it_is_shown(asset_class, countries, said):
    apply = rules.applying(rules.in_force(), asset_class=asset_class, countries=countries)
    printed = rules.printed(apply)
    assert len(printed) == len(said)
    assert all(any(words in text for text in printed) for words in said)


def test_the_warning_is_printed_in_both_parts_of_the_mail():
    weekly = newsletters.newsletter()
    booking = bought("mail:weekly", category="exchange", jurisdictions=["GB"])
    factories.approved(booking.creatives.get())
    briefing = newsletters.briefing(weekly, issue_date=factories.today())
    rendered = composition.render(briefing, composition.plain_links("a", "b"))
    for body in (rendered.html, " ".join(rendered.text.split())):
        assert "prepared to lose all the money you invest" in body
    AdRule.objects.update(is_on=False)
    assert "prepared to lose" not in composition.render(briefing, composition.plain_links("a", "b")).html


@pytest.mark.parametrize(
    ("text", "flagged"),
    [
        ("Guaranteed returns of 12 % APY, risk-free", 3),
        ("Earn up to 8.5% on your coins", 1),
        ("Verdopple dein Geld, ohne Risiko", 2),
        ("Sans risque: rendement garanti", 2),
        ("Ganancias garantizadas", 1),
        ("Custody with a second lock. Fees from 0.1 %.", 0),
        ("We return your call. No riskier than usual.", 0),
    ],
)
def test_words_that_promise_returns_are_found_in_several_languages(text, flagged):
    assert len(promises.promises(text)) == flagged


def test_such_words_need_a_reason_to_be_cleared_that_stays_on_record():
    version = factories.submitted(bought().creatives.get(), body="Guaranteed profits.")
    second = factories.user("second@example.com")
    with pytest.raises(ValidationError, match="Guaranteed profits"):
        approval.approve(version, by=second, roles=["compliance"])
    row = approval.approve(version, by=second, roles=["compliance"], reason="It quotes a warning.")
    assert row.reason == "It quotes a warning."


def test_the_desk_shows_rules_and_words_and_each_role_has_its_own_buttons(client):
    booking = bought(category="exchange", jurisdictions=["GB"])
    version = factories.submitted(booking.creatives.get(), body="Guaranteed profits.")
    page = f"/admin/sponsors/creative/{version.creative_id}/change/"
    client.force_login(newsletters.user("ed@example.com", role="editor"))
    said = client.get(page).content.decode()
    assert "COBS 4.12A" in said
    assert "“Guaranteed profits” promises a return" in said
    assert f"Approve version {version.number} for compliance" not in said
    review = f"/admin/sponsors/creative/version/{version.pk}/review/"
    assert client.post(review, {"role": "compliance", "approve": 1}).status_code == 403
    assert client.post(review, {"role": "editorial", "approve": 1}).status_code == 302
    assert version.creative.latest.editorial == "approved"


def picture(size, colours):
    """Vertical stripes of equal width."""
    image = Image.new("RGB", size)
    for number, colour in enumerate(colours):
        width = size[0] // len(colours)
        image.paste(colour, (number * width, 0, (number + 1) * width, size[1]))
    out = BytesIO()
    image.save(out, "PNG")
    return BytesIO(out.getvalue())


@pytest.mark.parametrize(
    ("focus", "seen"), [("middle left", "red"), ("middle centre", "lime"), ("middle right", "blue")]
)
def test_a_larger_image_is_cut_around_its_focus(focus, seen):
    fitted = images.accept(picture((1800, 300), ["red", "lime", "blue"]), [(600, 300)], focus=focus)
    with Image.open(fitted) as shown:
        assert shown.size == (600, 300)
        assert shown.convert("RGB").getpixel((300, 150)) == Image.new("RGB", (1, 1), seen).getpixel((0, 0))


def test_a_large_image_is_made_smaller_to_twice_the_size_and_a_small_one_is_refused():
    with Image.open(images.accept(picture((4000, 3000), ["red"]), [(600, 300)], focus="top left")) as shown:
        assert shown.size == (1200, 600)
    with pytest.raises(ValidationError, match="too small to be cut"):
        images.accept(picture((500, 300), ["red"]), [(600, 300)], focus="top left")


@pytest.mark.parametrize(
    ("channel", "where"), [("web:article", "Long read"), ("web:home", "Long read"), ("mail:weekly", "Weekly")]
)
def test_a_preview_is_the_real_page_or_mail_with_the_ad_in_it(client, channel, where):
    newsletters.newsletter()
    newsletters.published("Long read")
    version = factories.submitted(bought(channel, category="exchange").creatives.get())
    said = client.get(version.look_path)
    html = said.content.decode()
    assert said.headers["X-Robots-Tag"] == "noindex"
    assert "Keys that stay yours" in html
    assert "Not an offer to sell" in html
    assert where in html
    assert "<script" not in html
