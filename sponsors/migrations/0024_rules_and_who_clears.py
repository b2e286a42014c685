"""The rules for ads that are in force where most readers are, and who clears ads for compliance."""

from django.db import migrations

from core.lib.roles import everything, grant

CLEARING = ["sponsors.clear_creative", *everything("sponsors.adrule")]

RULES = (
    {
        "name": "UK: risk warning of a financial promotion",
        "jurisdiction": "GB",
        "asset_classes": ["trading", "offer", "stable"],
        "source": "FCA Handbook, COBS 4.12A.10R and 4.12A.11R (restricted mass market investments)",
        "printed": "Don’t invest unless you’re prepared to lose all the money you invest. This is a high-risk investment and"
        " you should not expect to be protected if something goes wrong.",
        "checks": "Who approved the promotion or communicates it: an authorised firm, or a registered cryptoasset business?"
        " Without one it cannot be shown in the UK.\n"
        "The landing page carries the risk warning with its link “Take 2 mins to learn more”, and a cooling-off period.\n"
        "No incentive to invest: no bonus for signing up, for depositing or for referring a friend.\n"
        "Fair, clear and not misleading: benefits never stand without the risks, and past performance is not the point.",
    },
    {
        "name": "UK: derivatives for retail clients",
        "jurisdiction": "GB",
        "asset_classes": ["derivative"],
        "source": "FCA Handbook, COBS 22.6 (prohibition on the retail marketing of cryptoasset derivatives)",
        "checks": "They cannot be marketed to retail clients in the UK, and our readers are retail clients. Reject it, unless"
        " the sponsor shows an exemption and its page turns UK readers away.",
    },
    {
        "name": "EU: marketing of a crypto-asset offer",
        "jurisdiction": "EU",
        "asset_classes": ["offer"],
        "source": "Regulation (EU) 2023/1114 (MiCA), Article 7",
        "printed": "This crypto-asset marketing communication has not been reviewed or approved by any competent authority in"
        " any Member State of the European Union. The offeror of the crypto-asset is solely responsible for the content of"
        " this crypto-asset marketing communication.",
        "checks": "It can be recognised as marketing, and is fair, clear and not misleading.\n"
        "It agrees with the white paper, where one has to be published, and nothing runs before that is published.\n"
        "It says that the white paper was published, and gives the offeror’s website, telephone number and e-mail address.\n"
        "Of a person asking for admission to trading, or an operator, it names them instead of the offeror.",
    },
    {
        "name": "EU: marketing of e-money and asset-referenced tokens",
        "jurisdiction": "EU",
        "asset_classes": ["stable"],
        "source": "Regulation (EU) 2023/1114 (MiCA), Articles 29 and 53",
        "checks": "It says that holders have a right of redemption against the issuer: of e-money tokens at any time and at par.\n"
        "It says that the white paper was published, and gives the issuer’s website, telephone number and e-mail address.\n"
        "It agrees with the white paper, and is fair, clear and not misleading.",
    },
    {
        "name": "EU: crypto-asset services",
        "jurisdiction": "EU",
        "asset_classes": ["trading", "derivative"],
        "source": "Regulation (EU) 2023/1114 (MiCA), Article 66",
        "printed": "Crypto-assets can lose all of their value, and are covered neither by investor compensation nor by deposit"
        " guarantees.",
        "checks": "The provider is authorised in the EU: look it up in ESMA’s register.\n"
        "Fair, clear and not misleading, recognisable as marketing, with no advantage that is not there.\n"
        "Fees and the risks of the transaction are warned of where it leads.",
    },
    {
        "name": "US: no offer, no insurance",
        "jurisdiction": "US",
        "asset_classes": ["trading", "offer", "stable", "derivative"],
        "source": "Securities Act of 1933, section 17(b); 16 CFR Part 255; 12 CFR Part 328, Subpart B",
        "printed": "Not an offer to sell, or advice to buy, any asset. Crypto-assets are not insured by the FDIC or covered by"
        " SIPC, and can lose all of their value.",
        "checks": "That it is paid for can be seen: our label and the sponsor’s name do that.\n"
        "It claims no deposit insurance, and no seal or approval of an authority.\n"
        "Testimonials are typical, and what connects the person with the sponsor is said.\n"
        "An asset that may be a security is registered, or exempt.",
    },
)


def write(apps, schema_editor):
    rules = apps.get_model("sponsors", "AdRule").objects
    for rule in RULES:
        rules.get_or_create(name=rule["name"], defaults=rule)


def take_away(apps, schema_editor):
    apps.get_model("sponsors", "AdRule").objects.filter(name__in=[rule["name"] for rule in RULES]).delete()


class Migration(migrations.Migration):
    dependencies = [("sponsors", "0023_approval_roles_and_rules")]
    operations = [
        migrations.RunPython(write, take_away),
        grant({"sponsorship manager": CLEARING, "administrator": CLEARING}),
    ]
