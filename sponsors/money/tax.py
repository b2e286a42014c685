"""Tax by rule: which one meets a sale, and how it is split off a line.

Ads are a service to a business. By the EU's rules they are taxed where the buyer is: at home with the seller's rate; in
another member state by reverse charge, where the buyer has a VAT id, else with the seller's rate, too; outside the EU not.
A document's tax is rounded once, half up, on the sum of its lines, which share it out so that they add up to it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError

from sponsors import identifiers
from sponsors.models import BillingDetails, Seller
from sponsors.money.amounts import ZERO, rounded

REVERSE_CHARGE = (
    "Reverse charge: VAT is to be accounted for by the recipient (Articles 44 and 196, Directive 2006/112/EC)."
)
OUTSIDE_EU = (
    "Not subject to VAT of the EU: the recipient is established outside of it (Article 44, Directive 2006/112/EC)."
)
NONE, ADDED, INCLUSIVE, REVERSE, OUTSIDE = "none", "added", "inclusive", "reverse", "outside"


@dataclass(frozen=True, slots=True)
class Treatment:
    """The tax on a sale: its kind, its rate in percent, and what the invoice says about it."""

    kind: str
    rate: Decimal
    words: str = ""

    def split(self, price: Decimal, currency: str) -> tuple[Decimal, Decimal]:
        """Net and tax of a price."""
        if self.kind == INCLUSIVE:
            net = rounded(price / (1 + self.rate / 100), currency)
            return net, price - net
        return price, rounded(price * self.rate / 100, currency)


@dataclass(frozen=True, slots=True)
class Line:
    """A line before tax: its words, the days it stands for, its price."""

    text: str
    price: Decimal
    details: Sequence[str] = ()


def treatment(seller: Seller, buyer: BillingDetails) -> Treatment:
    """The tax on a sale to a buyer."""
    if seller.tax_rule == Seller.TaxRule.NONE:
        return Treatment(NONE, ZERO, seller.tax_words)
    if seller.tax_rule == Seller.TaxRule.INCLUSIVE:
        return Treatment(INCLUSIVE, seller.tax_rate)
    if buyer.country not in identifiers.EU:
        return Treatment(OUTSIDE, ZERO, OUTSIDE_EU)
    if buyer.country != seller.country and buyer.vat_id:
        return Treatment(REVERSE, ZERO, REVERSE_CHARGE)
    return Treatment(ADDED, seller.tax_rate)


def price_note(seller: Seller | None) -> str:
    """What stands beside a price, for a buyer of whom nothing is known yet: whether tax comes on top of it."""
    if seller is None or seller.tax_rule == Seller.TaxRule.NONE:
        return ""
    rate = f"{seller.tax_rate.normalize():f} %"
    if seller.tax_rule == Seller.TaxRule.INCLUSIVE:
        return f"Tax of {rate} is included."
    home = identifiers.country_name(seller.country)
    return (
        f"Net: {rate} VAT is added for buyers in {home}, and for those elsewhere in the EU who have no VAT id. Nobody else is"
        " charged VAT by us."
    )


def checked_vat_id(text: str, country: str) -> str:
    """A buyer's VAT id for its form; one of another country than the buyer's is refused. Raises ValidationError.

    Outside the EU, what stands there is only printed.
    """
    if not text or country not in identifiers.EU:
        return text
    number = identifiers.vat_id(text)
    if identifiers.country_of_vat_id(number) != country:
        raise ValidationError(
            f"This VAT id is none of {identifiers.country_name(country)}. Write that of your country, or none."
        )
    return number


def taxed(lines: Sequence[Line], by: Treatment, currency: str) -> list[dict[str, Any]]:
    """Lines as a document keeps them, with net, tax and gross: each what it adds to the split of the sum so far."""
    rows: list[dict[str, Any]] = []
    so_far, net_so_far, tax_so_far = ZERO, ZERO, ZERO
    for line in lines:
        so_far += line.price
        net_sum, tax_sum = by.split(so_far, currency)
        net, tax = net_sum - net_so_far, tax_sum - tax_so_far
        net_so_far, tax_so_far = net_sum, tax_sum
        figures = {"net": str(net), "tax": str(tax), "gross": str(net + tax)}
        rows.append({"text": line.text, "details": list(line.details)} | figures)
    return rows


def total(lines: Sequence[dict[str, Any]], column: str) -> Decimal:
    return sum((Decimal(line[column]) for line in lines), ZERO)
