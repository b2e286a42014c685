"""What the columns of an export are called by the systems that write them, and what is in them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from newsletter.subscribers.importing.verdicts import is_status, normal

EMAIL = ["email", "email address", "e mail", "e mail address", "mail", "emailaddress", "subscriber email", "user email"]
EMAIL += ["contact email", "email addresses", "mail address", "adresse e mail", "e mail adresse"]
NAME = ["name", "full name", "fullname", "subscriber name", "display name"]
FIRST_NAME = ["first name", "firstname", "fname", "given name"]
LAST_NAME = ["last name", "lastname", "lname", "surname", "family name"]
CONFIRMED_AT = [
    "confirm time",
    "confirmed at",
    "confirmed on",
    "confirmation date",
    "confirmation time",
    "date confirmed",
]
CONFIRMED_AT += ["opt in confirmed at", "activated at", "double opt in date"]
ASKED_AT = ["optin time", "opt in time", "opt in date", "optin date", "opted in at", "subscribed at", "subscribed on"]
ASKED_AT += ["subscription date", "subscribe date", "date subscribed", "signup date", "sign up date", "signed up at"]
ASKED_AT += ["signed up", "joined", "joined at", "join date", "date joined", "member since", "subscriber since"]
ASKED_AT += [
    "created at",
    "created",
    "created on",
    "created date",
    "creation date",
    "date created",
    "date added",
    "added",
]
ASKED_AT += ["added at", "added on", "date", "timestamp", "start date", "first subscribed"]
CONFIRMED_FROM = ["confirm ip", "confirmation ip", "confirmed ip", "confirmation ip address"]
ASKED_FROM = ["optin ip", "opt in ip", "signup ip", "sign up ip", "ip", "ip address", "subscribe ip", "subscription ip"]
LEFT_AT = [
    "unsub time",
    "unsubscribed at",
    "unsubscribed on",
    "unsubscribe date",
    "unsubscription date",
    "opted out at",
]
LEFT_AT += ["unsubscribed date", "date unsubscribed", "unsubscribe time", "opt out date", "opt out time", "optout date"]
LEFT_AT += [
    "optout time",
    "cancelled at",
    "canceled at",
    "left at",
    "deleted at",
    "deleted on",
    "removed at",
    "archived at",
]
LEFT_AT += ["unsubscribed time", "email disabled at"]
BOUNCED_AT = ["clean time", "cleaned at", "bounced at", "bounce date", "bounce time", "bounced on", "undeliverable at"]
COMPLAINED_AT = ["complained at", "complaint date", "complaint time", "spam reported at", "marked as spam at"]
BLOCKED_AT = ["suppressed at", "blocked at", "blocklisted at", "banned at", "suppression date"]
REASON = ["unsub reason", "unsub reason other", "unsubscribe reason", "unsubscription reason", "bounce reason"]
REASON += ["suppression reason", "reason"]
ATTRIBUTES = ["attributes"]
TAGS = ["tags", "tag", "labels", "label", "subscriber tags"]
STATUS = ["status", "state", "subscriber status", "subscription status", "subscriber type", "type", "email status"]
STATUS += [
    "member status",
    "list status",
    "marketing status",
    "email marketing status",
    "subscriber state",
    "contact status",
]
STATUS += ["email subscription status", "opt in status"]
YES_MEANS_ON = ["subscribed", "subscribed to emails", "is subscribed", "accepts marketing", "accepts email marketing"]
YES_MEANS_ON += ["opted in", "opt in", "email opt in", "active", "is active", "enabled", "mailable"]
YES_MEANS_ON += ["email enabled", "emails enabled"]
YES_MEANS_CONFIRMED = ["confirmed", "is confirmed", "verified", "double opt in"]
YES_MEANS_OFF = [
    "unsubscribed",
    "is unsubscribed",
    "email disabled",
    "emails disabled",
    "disabled",
    "deleted",
    "is deleted",
]
YES_MEANS_OFF += [
    "opted out",
    "opt out",
    "optout",
    "email opt out",
    "do not email",
    "do not mail",
    "removed",
    "cancelled",
]
YES_MEANS_OFF += ["canceled", "archived", "unsubscribed from emails", "has opted out of email"]
YES_MEANS_BOUNCED = ["bounced", "cleaned", "undeliverable", "hard bounced", "invalid", "email bounced", "is bounced"]
YES_MEANS_COMPLAINED = ["complained", "spam", "marked as spam", "reported spam", "is spam", "complaint"]
YES_MEANS_BLOCKED = ["blocked", "blocklisted", "blacklisted", "suppressed", "banned", "is suppressed"]

ROLES = {
    "email": EMAIL,
    "name": NAME,
    "first_name": FIRST_NAME,
    "last_name": LAST_NAME,
    "confirmed_at": CONFIRMED_AT,
    "asked_at": ASKED_AT,
    "confirmed_from": CONFIRMED_FROM,
    "asked_from": ASKED_FROM,
    "left_at": LEFT_AT,
    "bounced_at": BOUNCED_AT,
    "complained_at": COMPLAINED_AT,
    "blocked_at": BLOCKED_AT,
    "reason": REASON,
    "attributes": ATTRIBUTES,
    "tags": TAGS,
    "status": STATUS,
    "yes_means_on": YES_MEANS_ON,
    "yes_means_confirmed": YES_MEANS_CONFIRMED,
    "yes_means_off": YES_MEANS_OFF,
    "yes_means_bounced": YES_MEANS_BOUNCED,
    "yes_means_complained": YES_MEANS_COMPLAINED,
    "yes_means_blocked": YES_MEANS_BLOCKED,
}
IF_FILLED = {"state", "type", "opt in status"}  # elsewhere, these hold something else: taken if the words are a status
_NAMED = {name: role for role, names in ROLES.items() for name in names}

# What tells the systems apart: the names of columns that only they have together. The first that fits is taken.
SYSTEMS = {
    "Mailchimp": {"email address", "member rating"},
    "Substack": {"email", "active subscription", "email disabled"},
    "Ghost": {"email", "subscribed to emails", "complimentary plan"},
    "listmonk": {"uuid", "email", "attributes", "status"},
    "beehiiv": {"email", "status", "tier", "created at"},
    "Buttondown": {"email", "creation date"},
    "Kit": {"email", "first name", "created at", "status"},
    "Curated": {"email", "signed up"},
}
ALSO = {
    "Mailchimp": [{"email address", "optin time"}, {"email address", "confirm time"}, {"email address", "euid"}],
    "Substack": [{"email", "expiry", "prefer digests"}, {"email", "active subscription", "created at"}],
    "Ghost": [{"email", "subscribed to emails"}],
    "listmonk": [{"email", "name", "attributes"}],
    "beehiiv": [{"email", "subscription id", "status"}, {"email", "status", "unsubscribed at"}],
    "Buttondown": [
        {"email address", "subscriber type"},
        {"email", "subscriber type"},
        {"email address", "creation date"},
    ],
}


@dataclass(slots=True)
class Columns:
    """Which columns of a file have which role, by their places; and the system that wrote it, where that is known."""

    system: str = "plain CSV"
    places: dict[str, list[int]] = field(default_factory=dict)
    whole_file: str = ""  # a word that is the status of every row, because the file is of those alone
    ignored: list[str] = field(default_factory=list)

    def first(self, role: str) -> int | None:
        return next(iter(self.places.get(role, [])), None)


def is_known_header(name: str) -> bool:
    return _NAMED.get(normal(name)) == "email"


def recognise(
    header: Sequence[str],
    file_name: str,
    sample: Sequence[Sequence[str]] = (),
    told: Mapping[str, str] | None = None,
    fields: Mapping[str, str] | None = None,
) -> Columns:
    """Give the columns of a header their roles: those they are told to have, else those that their names say.

    The first rows tell whether a doubtful column holds a status. `fields` has the roles of our own fields by their names.
    """
    fields = fields or {}
    told = {normal(name): role for name, role in (told or {}).items()}
    names = [normal(name) for name in header]
    found = Columns(system=_system(set(names)))
    for place, name in enumerate(names):
        role = _NAMED.get(name)
        if name in IF_FILLED and not any(is_status(row[place]) for row in sample if len(row) > place):
            role = None
        if (role in ("email", "name") and role in found.places) or (role == "email" and "email" in told.values()):
            role = None  # there is one already
        role = told.get(name, role or fields.get(name))
        if role:
            found.places.setdefault(role, []).append(place)
        elif name:
            found.ignored.append(header[place].strip())
    if found.system == "Mailchimp":
        found.whole_file = _mailchimp_file(set(names), file_name.casefold())
    return found


def _system(names: set[str]) -> str:
    for system, telling in SYSTEMS.items():
        if any(each <= names for each in [telling, *ALSO.get(system, [])]):
            return system
    return "plain CSV"


def _mailchimp_file(names: set[str], file_name: str) -> str:
    """Mailchimp gives each status a file of its own, which has no column for it."""
    if "clean time" in names or file_name.startswith("cleaned"):
        return "cleaned"
    if "unsub time" in names or file_name.startswith("unsubscribed"):
        return "unsubscribed"
    return "nonsubscribed" if file_name.startswith("nonsubscribed") else ""
