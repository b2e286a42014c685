"""Versions of packages: a new one for every change of price or content, one of each tier on sale."""

from django.db import transaction
from django.db.models import Max

from core import pagecache
from sponsors.models import Package, PackageItem


def next_version(tier: str) -> int:
    return (Package.objects.filter(tier=tier).aggregate(last=Max("version"))["last"] or 0) + 1


def new_version(package: Package) -> Package:
    """A copy that is not quoted and not on sale."""
    with transaction.atomic():
        made = Package.objects.create(
            tier=package.tier,
            version=next_version(package.tier),
            summary=package.summary,
            price=package.price,
            currency=package.currency,
        )
        PackageItem.objects.bulk_create(
            PackageItem(package=made, kind_id=item.kind_id, quantity=item.quantity) for item in package.items.all()
        )
    return made


def put_on_sale(package: Package) -> None:
    """Sell this version of its tier from now on, and none of the others."""
    with transaction.atomic():
        Package.objects.filter(tier=package.tier, on_sale=True).exclude(pk=package.pk).update(on_sale=False)
        Package.objects.filter(pk=package.pk).update(on_sale=True)
        pagecache.bump()
