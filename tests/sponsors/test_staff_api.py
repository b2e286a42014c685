"""Programs with a key read bookings, sell and cancel them, and record what was paid."""

import pytest

from sponsors.models import Booking, Payment
from sponsors.money import ledger
from tests.core.programs import program
from tests.sponsors import factories

pytestmark = pytest.mark.django_db
ROLE = "sponsorship manager"


def step(who, booking, name, sent):
    path = f"bookings/{booking.pk}/"
    return who.post(f"{path}{name}/", sent, If_Match=who.get(path)["ETag"])


@pytest.fixture
def held():
    factories.seller()
    return factories.held()


def test_a_booking_is_sold_at_its_price_by_whoever_may_and_billed(held):
    refused = program("editor").post(f"bookings/{held.pk}/confirm/", {"price": "1500.00"}, If_Match="*")
    assert refused.status_code == 403
    manager = program(ROLE)
    wrong = step(manager, held, "confirm", {"price": "15.00"})
    assert (wrong.status_code, wrong.json()["detail"]) == (409, "Its price is USD 1,500.")
    sold = step(manager, held, "confirm", {"price": "1500.00"})
    assert (sold.status_code, sold.json()["state"]) == (200, "confirmed"), sold.json()
    assert step(manager, held, "confirm", {"price": "1500.00"}).status_code == 409


def test_a_booking_is_cancelled_with_a_reason(held):
    manager = program(ROLE)
    assert step(manager, held, "cancel", {}).status_code == 400
    cancelled = step(manager, held, "cancel", {"reason": "They went out of business."})
    assert (cancelled.json()["state"], cancelled.json()["reason"]) == ("cancelled", "They went out of business.")


def test_a_payment_is_recorded_once_by_its_reference():
    factories.seller()
    sold, manager = factories.invoiced(), program(ROLE)
    paid = {"amount": "785.00", "currency": "USD", "paid_on": factories.today().isoformat(), "reference": "E2E-1"}
    answers = [step(manager, sold, "payments", paid) for _ in range(2)]
    assert [answer.json()["balance"] for answer in answers] == ["1000.00", "1000.00"]
    row = Payment.objects.get()
    assert (row.method, row.recorded_by, ledger.faults()) == ("bank", manager.account, [])
    for wrong, status in (({"amount": "0"}, 400), ({"currency": "EUR"}, 409), ({"amount": "5.00"}, 409)):
        refused = step(manager, sold, "payments", paid | wrong)
        assert (refused.status_code, Payment.objects.count()) == (status, 1), refused.json()


def test_what_a_program_read_before_somebody_else_decided_is_not_decided_again(held):
    manager = program(ROLE)
    read = manager.get(f"bookings/{held.pk}/")["ETag"]
    step(manager, held, "confirm", {"price": "1500.00"})
    late = manager.post(f"bookings/{held.pk}/cancel/", {"reason": "x"}, If_Match=read)
    assert (late.status_code, Booking.objects.get().state) == (412, "confirmed")
