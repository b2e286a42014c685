"""What is recorded cannot be edited or deleted, whichever code tries."""

from decimal import Decimal

import pytest
from django.db import IntegrityError, connection, transaction
from psycopg.errors import RestrictViolation

from sponsors import clicks, packages
from sponsors.models import AdEvent, Approval, CreativeVersion, DisclosureEntry, Package, PackageItem
from tests.sponsors import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def recorded():
    sold = factories.running()
    clicks.record_click(claim_id=sold.claims.get().pk, nonce="n")
    return sold


@pytest.mark.parametrize(
    ("model", "change"),
    [
        (AdEvent, {"found": "repeat"}),
        (Approval, {"verdict": "rejected", "reason": "x"}),
        (CreativeVersion, {"headline": "Other"}),
        (DisclosureEntry, {"sponsor_name": "Nobody"}),
    ],
)
def test_records_are_neither_changed_nor_deleted(recorded, model, change):
    for attempt in (
        lambda: model.objects.update(**change),
        lambda: model.objects.all()._raw_delete("default"),
        lambda: truncate(model),
    ):
        with pytest.raises(IntegrityError, match="never changed or deleted") as refused, transaction.atomic():
            attempt()
        assert isinstance(refused.value.__cause__, RestrictViolation)
    assert model.objects.exists()


def truncate(model):
    with connection.cursor() as cursor:
        cursor.execute(f"SET CONSTRAINTS ALL IMMEDIATE; TRUNCATE {model._meta.db_table} CASCADE")


def test_a_quoted_package_keeps_its_price_and_items(recorded):
    package = recorded.package
    for change in ({"price": Decimal(1)}, {"tier": "silver"}, {"quoted_at": None}):
        with pytest.raises(IntegrityError, match="Make a new version"), transaction.atomic():
            Package.objects.filter(pk=package.pk).update(**change)
    item = package.items.get()
    for attempt in (
        lambda: PackageItem.objects.filter(pk=item.pk).update(quantity=9),
        item.delete,
        lambda: PackageItem.objects.create(package=package, kind=factories.kind("web:home"), quantity=1),
        lambda: PackageItem.objects.filter(pk=item.pk).update(package=packages.new_version(package)),
        lambda: truncate(PackageItem),
    ):
        with pytest.raises(IntegrityError, match="Make a new version"), transaction.atomic():
            attempt()


def test_a_quoted_package_may_go_off_sale(recorded):
    assert Package.objects.filter(pk=recorded.package.pk).update(on_sale=False) == 1


def test_a_package_nobody_was_quoted_can_change():
    package = factories.package()
    package.price = Decimal("9.50")
    package.save()
    package.items.get().delete()
    assert Package.objects.get().price == Decimal("9.50")


def test_a_new_version_takes_over_and_old_bookings_keep_their_price(recorded):
    made = packages.new_version(recorded.package)
    Package.objects.filter(pk=made.pk).update(price=Decimal(9000))
    packages.put_on_sale(made)
    assert list(Package.objects.on_sale()) == [made]
    assert made.items.get().quantity == 1
    recorded.refresh_from_db()
    assert recorded.price == Decimal("1500.00")
