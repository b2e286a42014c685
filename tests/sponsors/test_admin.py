"""The sponsorship manager's desk: who may do what, and that its buttons do what the site does."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import Group
from django.urls import reverse

from core import generation
from core.models import OutgoingMail
from sponsors import booking, claims
from sponsors.models import Approval, Booking, Creative, CreativeVersion, Package, RunUnit
from tests.desks import press
from tests.html import one_line
from tests.sponsors import factories

pytestmark = pytest.mark.django_db

LISTS = ["sponsor", "placementkind", "package", "rununit", "booking", "creative", "adevent", "disclosureentry"]


def sign_in(client, role):
    someone = factories.user(f"{role.replace(' ', '.')}@example.com")
    someone.groups.add(Group.objects.get(name=role))
    client.force_login(someone)
    return someone


@pytest.fixture
def manager(client):
    return sign_in(client, "sponsorship manager")


def page(name, *args):
    return reverse(f"admin:sponsors_{name}", args=args)


@pytest.mark.parametrize("model", LISTS)
def test_the_manager_sees_every_list(client, manager, model):
    factories.running()
    assert client.get(page(f"{model}_changelist")).status_code == 200


@pytest.mark.parametrize("model", LISTS)
@pytest.mark.parametrize("role", ["writer", "awards steward", "newsletter manager"])
def test_other_roles_see_none_of_it(client, role, model):
    sign_in(client, role)
    assert client.get(page(f"{model}_changelist")).status_code == 403


def test_an_editor_reviews_creatives_and_nothing_else(client):
    sign_in(client, "editor")
    assert client.get(page("creative_changelist")).status_code == 200
    for name in ("booking_changelist", "package_changelist", "rununit_calendar", "rununit_open"):
        assert client.get(page(name)).status_code == 403


def test_strangers_are_sent_to_sign_in(client):
    for name in ("booking_changelist", "rununit_calendar", "rununit_open"):
        assert client.get(page(name)).status_code == 302


def test_lists_take_the_same_queries_for_many_rows(client, manager, django_assert_max_num_queries):
    for number in range(4):
        factories.running(company=f"Company {number}")
    for model in ("booking", "creative", "rununit"):
        with django_assert_max_num_queries(16):
            client.get(page(f"{model}_changelist"))


@pytest.mark.parametrize(("action", "state"), [("confirm_selected", "confirmed")])
def test_the_actions_decide_bookings(client, manager, action, state):
    held = factories.held()
    client.post(page("booking_changelist"), {"action": action, "_selected_action": [held.pk]})
    held.refresh_from_db()
    assert (held.state, held.decided_by) == (state, manager)


def test_a_hold_cannot_be_kept_beyond_its_first_cut_off(client, manager):
    held = factories.held()
    fields = {"contact_email": held.contact_email, "sponsor": "", "hold_until": "2090-01-01T00:00"}
    said = client.post(page("booking_change", held.pk), fields).content.decode()
    assert "first cut-off for ads at the latest" in said


def test_staff_get_no_link_that_would_let_them_hand_in_as_the_sponsor(client, manager):
    held = factories.held()
    for name in ("booking_change", "booking_overview"):
        assert "/advertise/portal/" not in client.get(page(name, held.pk)).content.decode()
    OutgoingMail.objects.all().delete()
    client.post(page("booking_mail_link", held.pk))
    assert OutgoingMail.objects.get().recipient == held.contact_email
    fields = {"sponsor": "", "hold_until": f"{held.hold_until:%Y-%m-%dT%H:%M}"}
    mine = client.post(page("booking_change", held.pk), fields | {"contact_email": manager.email})
    assert "address of somebody of ours" in mine.content.decode()
    assert OutgoingMail.objects.count() == 1


def test_whoever_had_the_mail_about_a_booking_is_told_where_it_goes_now(client, manager):
    sold = factories.confirmed()
    OutgoingMail.objects.all().delete()
    client.post(page("booking_change", sold.pk), {"contact_email": "new@northwind.example", "category": "other"})
    mail = OutgoingMail.objects.get()
    assert (mail.recipient, mail.kind) == ("ads@northwind.example", "sponsors.contact_changed")


def test_the_price_of_a_hold_that_ran_out_is_chosen_where_it_changed(client, manager):
    late = factories.held()
    claims.expire_stale(now=late.hold_until)
    Package.objects.update(on_sale=False)
    factories.package({late.package.items.get().kind: 1}, version=2, price="1800.00")
    said = client.post(
        page("booking_changelist"), {"action": "confirm_selected", "_selected_action": [late.pk]}, follow=True
    )
    assert "USD 1,500 was quoted, and USD 1,800 is asked now" in said.content.decode()
    assert "Confirm this booking at USD 1,800" in one_line(client.get(page("booking_overview", late.pk)).content)
    press(client, page("booking_overview", late.pk), step="confirm 1800.00")
    late.refresh_from_db()
    assert (late.state, late.price_text, late.snapshot["price"]) == ("confirmed", "USD 1,800", "1800.00")


def test_a_place_that_was_held_once_can_be_taken_off_sale_and_put_back(client, manager):
    held = factories.held()
    unit = held.claims.get().unit
    booking.cancel(held, by=None)
    client.post(page("rununit_changelist"), {"action": "take_off_sale", "_selected_action": [unit.pk]})
    others = factories.held(held.package, company="Second Ltd", start=unit.date)
    assert others.claims.get().unit.date == unit.date + timedelta(days=1)
    client.post(page("rununit_changelist"), {"action": "put_on_sale", "_selected_action": [unit.pk]})
    assert factories.held(held.package, company="Third Ltd", start=unit.date).claims.get().unit == unit


def test_ads_of_bookings_that_are_over_wait_for_nobody(client, manager):
    held = factories.held()
    factories.submitted(held.creatives.get())
    assert "Keys that stay yours" in client.get("/admin/").content.decode()
    booking.cancel(held, by=None)
    assert "Keys that stay yours" not in client.get("/admin/").content.decode()


def test_a_refusal_is_said_and_changes_nothing(client, manager):
    sold = factories.confirmed()
    data = {"action": "confirm_selected", "_selected_action": [sold.pk]}
    response = client.post(page("booking_changelist"), data, follow=True)
    assert b"This booking is confirmed already" in response.content


def test_deciding_needs_its_permission(client):
    someone = sign_in(client, "editor")
    from django.contrib.auth.models import Permission

    someone.user_permissions.add(*Permission.objects.filter(codename__in=["view_booking", "change_booking"]))
    held = factories.held()
    client.post(page("booking_changelist"), {"action": "confirm_selected", "_selected_action": [held.pk]})
    assert press(client, page("booking_overview", held.pk)).status_code == 403
    assert client.get(page("booking_cancel", held.pk)).status_code == 403
    held.refresh_from_db()
    assert held.state == "held"


def test_bookings_are_neither_made_nor_deleted_here(client, manager):
    held = factories.held()
    assert client.get("/admin/sponsors/booking/add/").status_code == 403
    assert client.post(page("booking_delete", held.pk), {"post": "yes"}).status_code == 403
    assert Booking.objects.exists()


def test_the_calendar_shows_who_has_what(client, manager):
    factories.running()
    shown = client.get(page("rununit_calendar"), {"month": f"{factories.today():%Y-%m}"}).content.decode()
    assert "Northwind Custody" in shown
    assert client.get(page("rununit_calendar"), {"month": "nonsense"}).status_code == 200


def test_days_are_put_on_sale_in_one_go(client, manager):
    kind = factories.kind()
    first, last = factories.soon(1), factories.soon(14)
    fields = {"kind": kind.pk, "first": first, "last": last, "weekdays": [0, 2], "per_day": 2}
    assert client.post(page("rununit_open"), fields).status_code == 302
    assert RunUnit.objects.count() == 8


def test_days_the_wrong_way_round_are_refused(client, manager):
    fields = {
        "kind": factories.kind().pk,
        "first": factories.soon(9),
        "last": factories.soon(2),
        "weekdays": [0],
        "per_day": 1,
    }
    assert b"on or after the first" in client.post(page("rununit_open"), fields).content
    assert not RunUnit.objects.exists()


def test_a_creative_is_previewed_and_approved_by_someone_else(client, manager):
    creative = factories.confirmed().creatives.get()
    version = factories.submitted(creative)
    shown = client.get(page("creative_change", creative.pk)).content.decode()
    assert f'src="{version.look_path}' in shown
    client.post(page("creative_review", version.pk), {"role": "editorial", "approve": "1"})
    client.post(page("creative_review", version.pk), {"role": "compliance", "approve": "1"})
    assert creative.latest.verdict is None  # it is for somebody else to say that, too
    sign_in(client, "administrator")
    client.post(page("creative_review", version.pk), {"role": "compliance", "approve": "1"})
    assert creative.latest.verdict == "approved"


def test_who_handed_it_in_on_the_desk_cannot_approve_it(client, manager):
    creative = factories.confirmed().creatives.get()
    prefix = f"creative{creative.pk}-"
    fields = {"headline": "From the desk", "body": "", "link_url": "https://northwind.example/"}
    client.post(page("creative_submit", creative.pk), {prefix + name: value for name, value in fields.items()})
    version = CreativeVersion.objects.get()
    assert version.submitted_by == manager
    response = client.post(page("creative_review", version.pk), {"role": "editorial", "approve": "1"}, follow=True)
    assert b"must be approved by someone other than" in response.content
    assert not Approval.objects.exists()


def test_a_rejection_without_a_reason_is_refused(client, manager):
    version = factories.submitted(factories.confirmed().creatives.get())
    response = client.post(
        page("creative_review", version.pk), {"role": "editorial", "reject": "1", "reason": ""}, follow=True
    )
    assert b"Say why" in response.content
    client.post(page("creative_review", version.pk), {"role": "editorial", "reject": "1", "reason": "Too loud."})
    assert Approval.objects.get().reason == "Too loud."


def test_reviewing_needs_its_permission_and_a_post(client):
    version = factories.submitted(factories.confirmed().creatives.get())
    sign_in(client, "writer")
    assert client.post(page("creative_review", version.pk), {"approve": "1"}).status_code == 403
    assert client.get(page("creative_submit", version.creative_id)).status_code == 403
    sign_in(client, "editor")
    assert client.get(page("creative_review", version.pk)).status_code == 405
    assert client.get(page("creative_submit", version.creative_id)).status_code == 403


def test_a_house_ad_is_made_on_the_desk(client, manager):
    kind = factories.kind()
    client.post("/admin/sponsors/creative/add/", {"kind": kind.pk})
    creative = Creative.objects.get()
    assert (creative.booking, creative.kind) == (None, kind)


def test_a_second_house_ad_for_a_kind_is_refused_in_words(client, manager):
    kind = Creative.objects.create(kind=factories.kind()).kind
    response = client.post("/admin/sponsors/creative/add/", {"kind": kind.pk})
    assert b"has a house ad" in response.content
    assert Creative.objects.count() == 1


def test_a_retired_house_ad_makes_room_and_cannot_come_back_beside_another(client, manager):
    first = Creative.objects.create(kind=factories.kind())
    client.post(page("creative_change", first.pk), {"retired_at": "2026-01-01T00:00"})
    client.post("/admin/sponsors/creative/add/", {"kind": first.kind_id})
    assert Creative.objects.count() == 2
    response = client.post(page("creative_change", first.pk), {"retired_at": ""})
    assert b"has a house ad" in response.content


def test_a_hold_cannot_lose_its_end(client, manager):
    held = factories.held()
    fields = {"contact_email": held.contact_email, "hold_until": ""}
    assert b"This field is required" in client.post(page("booking_change", held.pk), fields).content


def test_a_renamed_sponsor_shows_on_kept_pages(client, manager):
    from core.models import ContentGeneration

    sponsor = factories.running().sponsor
    before = ContentGeneration.objects.get(pk=1).value
    fields = {
        "name": "New name",
        "category": "other",
        "contact_email": "",
        "website": "",
        "aliases": "",
        "jurisdictions": "",
    }
    client.post(page("sponsor_change", sponsor.pk), fields)
    assert ContentGeneration.objects.get(pk=1).value > before


def test_a_package_that_is_deleted_leaves_kept_pages(client, manager):
    bought = factories.package()
    before = generation.current()
    client.post(page("package_changelist"), {"action": "delete_selected", "_selected_action": [bought.pk], "post": "y"})
    assert not Package.objects.exists()
    assert generation.current() > before


def test_a_quoted_package_is_read_only_and_gets_a_new_version(client, manager):
    package = factories.held().package
    shown = client.get(page("package_change", package.pk)).content.decode()
    assert 'name="price"' not in shown
    client.post(page("package_changelist"), {"action": "new_version", "_selected_action": [package.pk]})
    made = Package.objects.get(version=2)
    assert (made.on_sale, made.items.count()) == (False, 1)
    client.post(page("package_changelist"), {"action": "put_on_sale", "_selected_action": [made.pk]})
    assert Package.objects.get(on_sale=True) == made


def test_a_package_made_by_hand_gets_the_next_version(client, manager):
    package = factories.package()
    kind = factories.kind("web:home")
    items = {
        "items-TOTAL_FORMS": 1, "items-INITIAL_FORMS": 0, "items-0-kind": kind.pk, "items-0-quantity": 3,
    }  # fmt: skip
    fields = {"tier": package.tier, "summary": "More.", "price": "10.00", "currency": "EUR"}
    client.post("/admin/sponsors/package/add/", fields | items)
    assert Package.objects.get(version=2).items.get().quantity == 3


def test_clicks_and_the_log_are_only_looked_at(client, manager):
    entry = factories.running().disclosures.get()
    assert client.get("/admin/sponsors/adevent/add/").status_code == 403
    assert b'name="sponsor_name"' not in client.get(page("disclosureentry_change", entry.pk)).content
