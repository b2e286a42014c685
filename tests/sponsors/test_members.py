"""Accounts of sponsors: a member sees all bookings of their own sponsor, and nothing else."""

import pytest
from django.contrib.auth.models import Group

from core.models import OutgoingMail, User
from core.transitions import TransitionRefused
from sponsors import booking, members
from sponsors.models import Sponsor, SponsorMember
from sponsors.money import invoices
from tests.sponsors import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def two():
    """Confirmed bookings of two sponsors."""
    bought = factories.package()
    factories.open_days(bought.items.get().kind, per_day=3)
    return factories.confirmed(bought), factories.confirmed(bought, company="Second Ltd")


@pytest.fixture
def member(two, client):
    user = members.add(two[0].sponsor, email="ana@northwind.example", by=None).user
    client.force_login(user)
    return user


def test_a_sponsor_asks_for_an_account_and_chooses_a_password_by_mail(two, client):
    row = two[0]
    assert "An account for all your bookings" in client.get(row.portal_path).content.decode()
    assert not User.objects.filter(email=row.contact_email).exists()
    client.get(row.account_path)
    assert not SponsorMember.objects.exists()
    client.post(row.account_path)
    assert SponsorMember.objects.get().user.is_staff is False
    assert OutgoingMail.objects.filter(kind="core.password_reset").get().recipient == row.contact_email


def test_whoever_types_a_sponsors_name_gets_no_account_at_it(two, client):
    """The bookings are of one sponsor by name; the address is another than we know it by."""
    sly = factories.confirmed(two[0].package, company="northwind custody", start=factories.soon(9))
    type(sly).objects.filter(pk=sly.pk).update(contact_email="sly@example.net")
    sly.refresh_from_db()
    assert sly.sponsor == two[0].sponsor
    client.post(sly.account_path)
    assert not SponsorMember.objects.exists()


def test_a_member_sees_the_bookings_of_their_sponsor_alone(two, member, client):
    said = client.get("/advertise/account/").content.decode()
    assert "Northwind Custody: Gold" in said
    assert "Second Ltd" not in said


def test_a_member_is_let_into_nothing_of_ours(two, member, client):
    desk = [
        f"/admin/{page}" for page in ("", "sponsors/booking/", f"sponsors/booking/{two[0].pk}/overview/", "calendar/")
    ]
    assert {client.get(path).status_code for path in desk} == {302}
    portal = client.get(two[0].portal_path).content.decode()
    assert "You are signed in as" not in portal  # what they hand in is the sponsor's, and waits for us


def test_whoever_is_removed_sees_nothing_any_more(two, member, client):
    members.remove(SponsorMember.objects.get(), by=factories.user("boss@example.com"))
    assert "No bookings" in client.get("/advertise/account/").content.decode()


def test_strangers_sign_in_first_and_members_come_to_their_own_page(two, client):
    assert client.get("/advertise/account/")["Location"].startswith("/accounts/login/")
    user = members.add(two[0].sponsor, email="ana@northwind.example", by=None).user
    user.set_password("a long pass phrase 7")
    user.save()
    typed = {"login": user.email, "password": "a long pass phrase 7"}
    assert client.post("/accounts/login/", typed)["Location"] == "/advertise/account/"


def test_staff_give_and_take_accounts_on_the_sponsors_page(two, client):
    boss = factories.user("manager@example.com")
    boss.groups.add(Group.objects.get(name="sponsorship manager"))
    client.force_login(boss)
    page = f"/admin/sponsors/sponsor/{two[0].sponsor_id}/overview/"
    client.post(page, {"add": "1", "email": "ana@northwind.example"})
    assert b"of ours" in client.post(page, {"add": "1", "email": boss.email}, follow=True).content
    made = SponsorMember.objects.get()
    assert "ana@northwind.example" in client.get(page).content.decode()
    client.post(page, {"remove": made.pk})
    assert not SponsorMember.objects.exists()


def test_an_account_of_staff_is_none_of_a_sponsor(two):
    with pytest.raises(TransitionRefused, match="of ours"):
        members.add(two[0].sponsor, email=factories.user("boss@example.com").email, by=None)
    with pytest.raises(TransitionRefused, match="was closed"):
        members.add(
            two[0].sponsor, email=factories.user("gone@example.com", is_active=False, is_staff=False).email, by=None
        )


@pytest.mark.parametrize(
    ("address", "known_at", "is_one"),
    [
        ("ads@two.example", "ads@two.example", True),
        ("ann@two.example", "ads@two.example", True),
        ("ads@evil.example", "ads@two.example", False),
        ("evil@gmail.com", "two@gmail.com", False),
    ],
)
def test_a_name_that_was_typed_makes_nobody_of_a_sponsor_known_elsewhere(address, known_at, is_one, client):
    bought = factories.package()
    factories.open_days(bought.items.get().kind)
    known = Sponsor.objects.create(name="Two Ltd", contact_email=known_at)
    asked = {"package": bought, "company": "TWO Ltd", "contact_email": address, "is_address_known": True}
    row = booking.hold(**asked, start=factories.soon())
    page = f"/admin/sponsors/booking/{row.pk}/overview/"
    client.force_login(factories.user("boss@example.com", is_staff=True, is_superuser=True))
    assert (f"We know Two Ltd at {known_at}" in client.get(page).content.decode()) == (not is_one)
    assert (booking.confirm(row, by=None).sponsor == known) == is_one
    again = booking.hold(**asked | {"contact_email": "new@third.example"}, start=factories.soon(9))
    assert booking.confirm(again, by=None, is_of_namesake=True).sponsor == known


def test_to_whom_is_billed_is_copied_between_bookings_of_one_address_only():
    bought = factories.package()
    factories.open_days(bought.items.get().kind)
    sponsor = Sponsor.objects.create(name="Two Ltd", contact_email="ads@two.example")
    made = {"package": bought, "company": "Two Ltd", "sponsor": sponsor, "is_address_known": True}
    asked = [("ads@two.example", 7), ("ads@two.example", 8), ("ann@evil.example", 9)]
    rows = [booking.hold(**made, contact_email=address, start=factories.soon(day)) for address, day in asked]
    factories.billed_to(rows[0])
    assert [bool(invoices.details_of(row)) for row in rows] == [True, True, False]
