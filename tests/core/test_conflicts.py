"""Where the database refuses what two did at one moment, staff get words and the page as it stands."""

import pytest
from django.db import connection

from core import conflicts
from sponsors.models import Booking, Package, Sponsor
from tests.desks import press
from tests.sponsors import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def manager(client):
    client.force_login(factories.user("boss@example.com", is_staff=True, is_superuser=True))
    return client


def refuse(table, rule="false"):
    """Have the database refuse what the forms saw no fault in, as it does where somebody else was faster."""
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE {table} ADD CONSTRAINT sponsor_name_unique_here CHECK ({rule}) NOT VALID")


def test_a_form_that_meets_a_constraint_answers_in_words(manager):
    refuse("sponsors_sponsor")
    sent = {"name": "Ark Labs", "category": "other"}
    answer = manager.post("/admin/sponsors/sponsor/add/", sent, follow=True)
    assert answer.redirect_chain[0][0].startswith("/admin/sponsors/sponsor/add/?kept=")
    assert conflicts.MET in answer.content.decode()
    assert 'value="Ark Labs"' in answer.content.decode()  # what was typed is still there
    assert not Sponsor.objects.exists()


def test_an_action_and_a_button_that_meet_one_answer_in_words_and_leave_nothing_half_done(manager):
    held = factories.held()
    refuse("sponsors_disclosureentry")
    listed = {"action": "confirm_selected", "_selected_action": [held.pk]}
    for act in (
        lambda: manager.post("/admin/sponsors/booking/", listed, follow=True),
        lambda: press(manager, f"/admin/sponsors/booking/{held.pk}/overview/"),
    ):
        answer = act()
        assert (answer.status_code, conflicts.MET in answer.content.decode()) == (200, True)
        assert Booking.objects.get().state == "held"
        assert not Sponsor.objects.exists()


@pytest.mark.parametrize(
    "page", ["https://evil.example/admin/", "http://testserver/", "http://[", "//evil.example/admin/", ""]
)
def test_whoever_meets_one_is_led_to_a_page_of_the_desk_alone(manager, page):
    held = factories.held()
    refuse("sponsors_disclosureentry")
    listed = {"action": "confirm_selected", "_selected_action": [held.pk]}
    answer = manager.post("/admin/sponsors/booking/", listed, headers={"referer": page})
    assert answer.url == "/admin/sponsors/booking/"


def test_the_constraint_s_own_words_are_said(manager):
    package = factories.package(on_sale=False)
    with connection.cursor() as cursor:  # somebody put another version on sale after this form was checked
        cursor.execute(
            "CREATE FUNCTION faster() RETURNS trigger LANGUAGE plpgsql AS"
            " $$ BEGIN RAISE EXCEPTION USING ERRCODE = 'unique_violation', CONSTRAINT = 'package_one_on_sale_per_tier',"
            " MESSAGE = 'duplicate'; END $$;"
            " CREATE TRIGGER faster BEFORE UPDATE ON sponsors_package FOR EACH ROW EXECUTE FUNCTION faster()"
        )
    page = manager.get(f"/admin/sponsors/package/{package.pk}/change/")
    form = page.context["adminform"].form
    sent = {name: form.initial.get(name) or "" for name in form.fields}
    sent |= {"on_sale": "on", "items-TOTAL_FORMS": "0", "items-INITIAL_FORMS": "0"}
    answer = manager.post(f"/admin/sponsors/package/{package.pk}/change/", sent, follow=True)
    assert "Another version of this tier is on sale" in answer.content.decode()
    assert not Package.objects.filter(on_sale=True).exists()


def test_a_script_is_told_in_plain_text(manager):
    refuse("sponsors_sponsor")
    sent = {"name": "Ark Labs", "category": "other"}
    answer = manager.post("/admin/sponsors/sponsor/add/", sent, headers={"sec-fetch-mode": "cors"})
    assert (answer.status_code, answer["Content-Type"]) == (409, "text/plain; charset=utf-8")


def test_other_errors_and_other_pages_are_not_touched(manager):
    refuse("sponsors_sponsor")
    with pytest.raises(TypeError):
        conflicts.ConflictMiddleware(None)(None)
    assert conflicts.words_of(Exception()) == ""


def test_a_rule_of_ours_and_a_reference_that_is_gone_are_said_in_their_words(manager):
    for code, told in (("restrict_violation", "A rule of ours."), ("foreign_key_violation", "gone by now")):
        with connection.cursor() as cursor:
            cursor.execute(
                "CREATE OR REPLACE FUNCTION ruled() RETURNS trigger LANGUAGE plpgsql AS"
                f" $$ BEGIN RAISE EXCEPTION 'A rule of ours.' USING ERRCODE = '{code}'; END $$;"
                " CREATE OR REPLACE TRIGGER ruled BEFORE INSERT ON sponsors_sponsor FOR EACH ROW EXECUTE FUNCTION ruled()"
            )
        answer = manager.post("/admin/sponsors/sponsor/add/", {"name": "Ark Labs", "category": "other"}, follow=True)
        assert told in answer.content.decode()


def test_two_who_wait_for_each_other_are_told_so_and_lose_no_word(manager):
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE FUNCTION met() RETURNS trigger LANGUAGE plpgsql AS"
            " $$ BEGIN RAISE EXCEPTION 'deadlock detected' USING ERRCODE = 'deadlock_detected'; END $$;"
            " CREATE TRIGGER met BEFORE INSERT ON sponsors_sponsor FOR EACH ROW EXECUTE FUNCTION met()"
        )
    answer = manager.post("/admin/sponsors/sponsor/add/", {"name": "Ark Labs", "category": "other"}, follow=True)
    assert conflicts.MET in answer.content.decode()
    assert 'value="Ark Labs"' in answer.content.decode()
