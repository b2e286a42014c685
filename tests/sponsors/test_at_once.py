"""Many buyers at once never buy the same unit. Real threads, real connections, real commits."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import IntegrityError, close_old_connections, connection, transaction
from django.utils import timezone

from core.transitions import TransitionRefused
from sponsors import booking, claims, clicks, moves
from sponsors.models import AdEvent, Booking, Claim, PlacementKind, RunUnit, Sponsor
from tests.sponsors import factories

pytestmark = pytest.mark.django_db(transaction=True)

BUYERS, UNITS = 12, 5


def at_once(work, times):
    """Run work(number) in so many threads that all start together; return what each returned."""
    gate = threading.Barrier(times)

    def run(number):
        try:
            gate.wait()
            return work(number)
        finally:
            connection.close()

    with ThreadPoolExecutor(times) as pool:
        return list(pool.map(run, range(times)))


def try_to_hold(package, start, **fields):
    def work(number):
        try:
            return factories.held(package, start=start, company=f"Buyer {number}", **fields)
        except booking.Unavailable:
            return None

    return work


@pytest.fixture
def scarce():
    """A one-day package of which UNITS can be sold."""
    made = factories.package()
    factories.open_days(made.items.get().kind, first=factories.soon(), days=1, per_day=UNITS)
    return made


def live_claims():
    return Claim.objects.filter(state__in=claims.LIVE).count()


def test_bookings_of_one_new_company_confirmed_at_once_are_of_one_sponsor(scarce):
    made = [factories.held(scarce, company="Buyer")]
    kind = scarce.items.get().kind
    factories.open_days(kind, first=factories.soon(8), days=3)
    made += [factories.held(scarce, company="buyer", start=factories.soon(8 + number)) for number in range(3)]
    states = at_once(lambda number: booking.confirm(made[number], by=None).state, len(made))
    assert states == ["confirmed"] * 4
    assert Sponsor.objects.count() == 1


@pytest.mark.parametrize("round_", range(3))
def test_n_buyers_of_m_units_buy_exactly_m(scarce, round_):
    results = at_once(try_to_hold(scarce, factories.soon()), BUYERS)
    assert sum(result is not None for result in results) == UNITS
    assert live_claims() == UNITS == Claim.objects.values("unit").distinct().count()


def many_at_once(work, times):
    """The same for more than the database has connections: as many at a time as it bears."""
    with ThreadPoolExecutor(20) as pool:
        return list(pool.map(lambda number: closing(work, number), range(times)))


def closing(work, number):
    try:
        return work(number)
    finally:
        connection.close()


def test_a_hundred_buyers_whose_addresses_are_not_known_yet_buy_exactly_ten():
    """Dates are held for minutes, run out for some of the buyers, and are kept by all who use their links at once."""
    made, start = factories.package(), factories.soon()
    factories.open_days(made.items.get().kind, first=start, days=1, per_day=10)

    def ask(number):
        row = try_to_hold(made, start, is_address_known=False)(number)
        return row and row.pk

    asked = [key for key in many_at_once(ask, 100) if key]
    assert len(asked) == 10
    Booking.objects.filter(pk__in=asked[:4]).update(hold_until=timezone.now())
    everybody = sorted({*asked, *filter(None, many_at_once(ask, 30))})  # others ask for what ran out

    def use_link(number):
        try:
            return booking.keep(Booking.objects.get(pk=everybody[number]))
        except TransitionRefused:
            return None

    kept = [each for each in many_at_once(use_link, len(everybody)) if each]
    assert len(kept) == 10 == live_claims() == Claim.objects.filter(state="held").values("unit").distinct().count()


def test_without_locks_and_constraint_the_same_hundred_oversell():
    """The control: what the test above would look like if nothing held."""
    constraint = next(c for c in Claim._meta.constraints if c.name == "claim_one_live_per_unit")
    made, soon, group = factories.package(), timezone.now() + booking.PRE_HOLD_FOR, 20
    factories.open_days(made.items.get().kind, first=factories.soon(), days=1, per_day=10)
    looked, taken = threading.Barrier(group), threading.Barrier(group)

    def naive(number):
        unit = RunUnit.objects.free().order_by("ordinal").first()
        looked.wait(60)  # all of a group have looked before any of them takes it
        sold = Booking.objects.create(
            company=f"Buyer {number}", package=made, snapshot=made.snapshot(), price=1, currency="USD",
            contact_email=f"b@example{number}.com", hold_until=soon,
        )  # fmt: skip
        Claim.objects.create(unit=unit, booking=sold)
        taken.wait(60)
        return booking.keep(sold)  # as its link would

    with connection.schema_editor() as editor:
        editor.remove_constraint(Claim, constraint)
    try:
        kept = many_at_once(naive, 100)
        assert len(kept) == 100 == live_claims()
        assert Claim.objects.values("unit").distinct().count() == 100 / group  # each sold twenty times
    finally:
        Claim.objects.all().delete()
        with connection.schema_editor() as editor:
            editor.add_constraint(Claim, constraint)


def test_without_locks_the_constraint_still_refuses(scarce):
    looked = threading.Barrier(BUYERS)

    def naive(number):
        unit = RunUnit.objects.free().order_by("ordinal").first()
        looked.wait()
        sold = Booking.objects.create(
            company=f"Buyer {number}", package=scarce, snapshot=scarce.snapshot(), price=1, currency="USD",
            contact_email="b@example.com", state="cancelled",
        )  # fmt: skip
        try:
            with transaction.atomic():
                return Claim.objects.create(unit=unit, booking=sold)
        except IntegrityError:
            return None

    results = at_once(naive, BUYERS)
    assert sum(result is not None for result in results) == live_claims() == 1


def test_packages_that_overlap_neither_deadlock_nor_share_a_unit():
    first, second = factories.kind("web:article"), factories.kind("web:home")
    made = factories.package({first: 3, second: 2})
    factories.open_days(first, second, first=factories.soon(), days=8)

    def work(number):
        return try_to_hold(made, factories.soon(7 + number % 4))(number)

    winners = [result for result in at_once(work, 8) if result]
    assert winners
    assert live_claims() == 5 * len(winners)


def test_stale_holds_are_released_once_though_all_buyers_try(scarce):
    old = [factories.held(scarce, start=factories.soon(), company=f"Old {n}") for n in range(UNITS)]
    Booking.objects.update(hold_until=old[0].requested_at)
    results = at_once(try_to_hold(scarce, factories.soon()), BUYERS)
    assert sum(result is not None for result in results) == UNITS
    assert Booking.objects.filter(state="expired").count() == UNITS


def test_one_booking_is_confirmed_once_by_many(scarce):
    held = factories.held(scarce, start=factories.soon())

    def confirm(_number):
        close_old_connections()
        try:
            return booking.confirm(held, by=None)
        except TransitionRefused:
            return None

    assert sum(result is not None for result in at_once(confirm, 6)) == 1
    assert held.disclosures.count() == 1


def test_one_nonce_counts_once_in_twenty_threads():
    claim = factories.running().claims.get()
    at_once(lambda _: clicks.record_click(claim_id=claim.pk, nonce="d1.2"), 20)
    counted = dict(
        AdEvent.objects.filter(claim=claim)
        .values_list("reason")
        .order_by("reason")
        .distinct()
        .values_list("reason", "kind")
    )
    assert AdEvent.objects.count() == 20
    assert AdEvent.objects.filter(reason="").count() == 1
    assert set(counted) == {"", "repeat"}


def test_many_who_move_to_one_day_at_once_share_no_unit(scarce):
    kind = scarce.items.get().kind
    factories.open_days(kind, first=factories.soon(9), days=1, per_day=2)
    rows = [factories.held(scarce, company=f"Buyer {number}") for number in range(UNITS)]
    wanted = [{row.claims.get().pk: factories.soon(9)} for row in rows]

    def work(number):
        try:
            return moves.move(Booking.objects.get(pk=rows[number].pk), wanted[number], by=None)
        except booking.Unavailable:
            return None

    assert sum(result is not None for result in at_once(work, UNITS)) == 2
    assert live_claims() == UNITS == Claim.objects.filter(state="held").values("unit").distinct().count()


def test_many_of_one_category_at_once_get_one_place_of_an_issue(scarce):
    PlacementKind.objects.update(is_exclusive=True)
    results = at_once(try_to_hold(scarce, factories.soon(), category="exchange"), UNITS)
    assert sum(result is not None for result in results) == live_claims() == 1


def test_swaps_of_the_same_days_at_once_neither_deadlock_nor_lose_a_day(scarce):
    kind = scarce.items.get().kind
    factories.open_days(kind, first=factories.soon(9), days=1)
    one, two = factories.held(scarce, company="One"), factories.held(scarce, company="Two", start=factories.soon(9))
    boss = factories.user("boss@example.com")

    def work(number):
        pair = [row.claims.select_related("unit__kind").get() for row in (one, two)]
        return moves.swap(*(pair if number % 2 else pair[::-1]), by=boss, reason="As agreed.")

    at_once(work, 6)
    assert live_claims() == 2
    assert {claim.unit.date for claim in Claim.objects.all()} == {factories.soon(), factories.soon(9)}


def test_holds_of_one_day_that_ran_out_are_confirmed_at_once_without_a_deadlock(scarce):
    made = [factories.held(scarce, company=f"Buyer {number}") for number in range(UNITS)]
    Booking.objects.update(hold_until=timezone.now())

    def confirm(number):
        try:
            return booking.confirm(Booking.objects.get(pk=made[number].pk), by=None)
        except booking.Unavailable:
            return None

    assert any(at_once(confirm, UNITS))
    assert live_claims() == Booking.objects.filter(state="confirmed").count()
