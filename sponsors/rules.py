"""Which rules apply to an ad: by where its sponsor advertises, and by what the ad is for."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from sponsors.models import AdRule, AssetClass, CreativeVersion, Jurisdiction, Sponsor
from sponsors.promises import Promise, promises

EU_AND_EEA = frozenset(
    [
        "AT",
        "BE",
        "BG",
        "CY",
        "CZ",
        "DE",
        "DK",
        "EE",
        "EL",
        "ES",
        "FI",
        "FR",
        "GR",
        "HR",
        "HU",
        "IE",
        "IS",
        "IT",
        "LI",
        "LT",
        "LU",
        "LV",
        "MT",
        "NL",
        "NO",
        "PL",
        "PT",
        "RO",
        "SE",
        "SI",
        "SK",
        "EU",
    ]
)
BRITISH = frozenset({"GB", "UK"})
_BY_CATEGORY = {
    Sponsor.Category.EXCHANGE: AssetClass.TRADING,
    Sponsor.Category.WALLET: AssetClass.TRADING,
    Sponsor.Category.PROTOCOL: AssetClass.OFFER,
}


def usual(category: str | None) -> AssetClass:
    """What the ads of a category of sponsors are for, where nobody said so."""
    return _BY_CATEGORY.get(Sponsor.Category(category), AssetClass.NONE) if category else AssetClass.NONE


def places(countries: Collection[str]) -> frozenset[str]:
    """The jurisdictions that some countries lie in; all of them where no country is named, since readers are everywhere."""
    codes = {code.strip().upper() for code in countries}
    if not codes:
        return frozenset(Jurisdiction.values)
    found = {Jurisdiction.ALL.value}
    found |= {Jurisdiction.GB.value} if codes & BRITISH else set()
    found |= {Jurisdiction.EU.value} if codes & EU_AND_EEA else set()
    found |= {Jurisdiction.US.value} if "US" in codes else set()
    return frozenset(found)


def in_force() -> list[AdRule]:
    return list(AdRule.objects.filter(is_on=True))


def applying(rules: Iterable[AdRule], *, asset_class: str, countries: Collection[str]) -> list[AdRule]:
    """Those of the rules that an ad falls under."""
    where = places(countries)
    return [rule for rule in rules if rule.jurisdiction in where and asset_class in rule.asset_classes]


def printed(rules: Iterable[AdRule]) -> tuple[str, ...]:
    """What stands beside an ad, each text once."""
    return tuple(dict.fromkeys(rule.printed.strip() for rule in rules if rule.printed.strip()))


@dataclass(frozen=True, slots=True)
class Findings:
    """What whoever approves a version for compliance is shown."""

    asset_class: AssetClass
    countries: Sequence[str]
    rules: list[AdRule]
    promises: list[Promise]

    @property
    def printed(self) -> tuple[str, ...]:
        return printed(self.rules)


def findings(version: CreativeVersion, rules: Iterable[AdRule] | None = None) -> Findings:
    """The rules that a version falls under, and its words that promise returns. Ads of our own advertise no investment."""
    booking = version.creative.booking
    sponsor = booking.sponsor if booking else None
    asset_class = AssetClass(version.asset_class or usual(sponsor.category if sponsor else None))
    countries = sponsor.jurisdictions if sponsor else []
    text = f"{version.headline}\n{version.body}\n{version.image_alt}"
    apply = applying(in_force() if rules is None else rules, asset_class=asset_class, countries=countries)
    return Findings(asset_class, countries, apply if booking else [], promises(text))
