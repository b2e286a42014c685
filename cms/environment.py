"""The environment variables: read from `.env` too, and refused in words where a value makes no sense."""

import re
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import available_timezones

import environ
from django.core.exceptions import ImproperlyConfigured

from newsletter.mail.providers import PROVIDERS

ROOT = Path(__file__).resolve().parent.parent
SECRET_LENGTH = 32
MAIL_SCHEMES = ("smtp", "smtps", "smtp+tls", "smtp+ssl")
IMAP_SCHEMES = ("imaps", "imap")
TRUE, FALSE = ("1", "true", "yes", "on"), ("", "0", "false", "no", "off")


class Environment(environ.Env):
    """django-environ's, but a value that begins with $ stands for itself, not for another variable."""

    def given(self, name: str) -> str | None:
        """The value of a variable, or what the file holds that NAME_FILE names, as containers hand over secrets."""
        value, path = self.ENVIRON.get(name), self.ENVIRON.get(f"{name}_FILE")
        if value or not path or name.endswith("_FILE"):
            if value and path:
                raise ImproperlyConfigured(f"{name} and {name}_FILE are both set: which one holds?")
            return value
        try:
            return Path(path).read_text().strip()
        except (OSError, UnicodeDecodeError) as error:
            reason = getattr(error, "strerror", None) or "it is no text"
            raise ImproperlyConfigured(f"{name}_FILE names {path}, which cannot be read: {reason}.") from None

    def get_value(
        self, var: Any, cast: Any = None, default: Any = environ.Env.NOTSET, parse_default: bool = False
    ) -> Any:
        value = self.given(var)
        if isinstance(value, str) and (value.startswith("$") or value != self.ENVIRON.get(var)):
            return self.parse_value(value, cast)
        return super().get_value(var, cast=cast, default=default, parse_default=parse_default)

    def text(self, name: str) -> str:
        """A value without the spaces around it; "" where it is not set."""
        return str(self.str(name, default="")).strip()

    def yes(self, name: str, *, default: bool = False) -> bool:
        """1 or 0, also spelled true, yes, on and their opposites. Any other word is refused, not taken for 0."""
        value = self.text(name).lower()
        if value not in TRUE + FALSE:
            raise ImproperlyConfigured(f"{name} is 1 or 0, not “{value}”.")
        return value in TRUE if value else default

    def number(self, name: str, *, default: int) -> int:
        """A whole number of zero or more."""
        value = self.text(name)
        if value and not (value.isascii() and value.isdigit()):
            raise ImproperlyConfigured(f"{name} is a number, not “{value}”.")
        return int(value) if value else default

    def numbers(self, name: str, *, default: tuple[int, ...]) -> tuple[int, ...]:
        """Whole numbers with commas between them, as many as the default has."""
        parts = self.names(name)
        if parts and (len(parts) != len(default) or not all(part.isascii() and part.isdigit() for part in parts)):
            raise ImproperlyConfigured(
                f"{name} is {len(default)} numbers such as {','.join(map(str, default))}, not “{self.text(name)}”."
            )
        return tuple(map(int, parts)) or default

    def names(self, name: str) -> list[str]:
        """Names with commas between them; spaces around them do not count."""
        return [part.strip() for part in self.text(name).split(",") if part.strip()]

    def origins(self, name: str) -> list[str]:
        """Origins, such as https://app.example, with commas between them."""
        found = [each.rstrip("/") for each in self.names(name)]
        for each in found:
            if _wrong_with(each, ("http", "https")) or urlsplit(each).path:
                raise ImproperlyConfigured(f"{name} names origins such as https://app.example, not “{each}”.")
        return found

    def address(self, name: str, *, schemes: tuple[str, ...], example: str) -> str:
        """The address of a service, such as redis://host/0; "" where it is not set."""
        value = self.text(name)
        if value and (reason := _wrong_with(value, schemes)):
            raise ImproperlyConfigured(f"{name} {reason} It looks like {example}.")
        return value

    def bounce_address(self, name: str) -> str:
        """An e-mail address that leaves room for a token before the @; "" where it is not set."""
        value = self.text(name)
        if value and not re.fullmatch(r"[a-z0-9._-]{1,24}@[a-z0-9-]+(\.[a-z0-9-]+)+", value, re.IGNORECASE):
            raise ImproperlyConfigured(
                f"{name} is an address of at most 24 characters before the @ and no + in them, not “{value}”."
                " It looks like bounces@news.example."
            )
        return value

    def mail_provider(self, name: str, *, secret: str) -> str:
        """Which mail provider reports to us, with the secret of its webhook; "" where none does."""
        value = self.text(name).lower()
        if value and value not in PROVIDERS:
            raise ImproperlyConfigured(f"{name} is one of {', '.join(PROVIDERS)}, not “{value}”.")
        if bool(value) != bool(secret):
            given, missing = (name, f"{name}_SECRET") if value else (f"{name}_SECRET", name)
            raise ImproperlyConfigured(f"{given} is set and {missing} is not: reports need both. See .env.example.")
        if value and not PROVIDERS[value].setting and not re.fullmatch(r"[\w-]{16,}", secret, re.ASCII):
            raise ImproperlyConfigured(
                f"{name}_SECRET is at least 16 letters and digits for {PROVIDERS[value].name}: it stands in an address."
            )
        if value and find_spec("anymail") is None:
            raise ImproperlyConfigured(
                f"{name} is set, but django-anymail is not installed: `pip install -r requirements-providers.txt`."
            )
        return value

    def needing(self, name: str, value: str, *, module: str) -> str:
        """A value that is of use only with a package of requirements-operations.txt; refused where that is not there."""
        package = module.partition(".")[0]
        if value and (find_spec(package) is None or find_spec(module) is None):
            raise ImproperlyConfigured(
                f"{name} is set, but {package} is not installed: `pip install -r requirements-operations.txt`."
            )
        return value

    def zone(self, name: str, *, default: str) -> str:
        """A time zone of the IANA database, such as Europe/Berlin."""
        value = self.text(name) or default
        if value not in available_timezones():
            raise ImproperlyConfigured(f"{name} names no time zone: “{value}”. It looks like Europe/Berlin, or UTC.")
        return value

    def media_url(self, name: str, *, own: str) -> str:
        """The address of a CDN, with a slash at its end, or the path where this site has its media."""
        value = self.text(name)
        if value and value != own and (reason := _wrong_with(value, ("https", "http"))):
            raise ImproperlyConfigured(f"{name} {reason} It looks like https://cdn.example/pictures/.")
        return f"{value.rstrip('/')}/" if value else own

    def site_url(self) -> str:
        """SITE_URL without the slash at its end; "" where it is not set."""
        value = self.text("SITE_URL")
        reason = _wrong_with(value, ("http", "https")) if value else ""
        value = value.rstrip("/")
        if not reason and value and urlsplit(value).path:
            reason = "names a path, but the site lives at the top of its host."
        if reason:
            raise ImproperlyConfigured(f"SITE_URL {reason} It looks like https://news.example.")
        return value


def _wrong_with(address: str, schemes: tuple[str, ...]) -> str:
    """What is wrong with an address, as the end of a sentence; "" where nothing is."""
    scheme, separator, rest = address.partition("://")
    if not separator or scheme.lower() not in schemes:
        return f"does not begin with {' or '.join(f'{known}://' for known in schemes)}."
    authority = rest.split("/")[0].split("?")[0].split("#")[0]
    if "@" in rest and "@" not in authority:
        return "holds a /, ? or # in its user name or password: write them as %2F, %3F and %23."
    try:
        host, _ = urlsplit(address).hostname, urlsplit(address).port
    except ValueError:
        return "has a port that is not a number, or a host that is not valid."
    return "" if host or scheme in ("filesystem", "postgres", "postgresql", "s3") else "names no host."


def commit() -> str:
    """The commit that this clone stands at, shortened; "" where there is no clone, such as in a container."""
    try:
        head = (ROOT / ".git" / "HEAD").read_text().strip()
        name = head.removeprefix("ref: ")
        if name != head:
            loose = ROOT / ".git" / name
            packed = (ROOT / ".git" / "packed-refs").read_text().splitlines() if not loose.exists() else []
            head = next((line.split()[0] for line in packed if line.endswith(f" {name}")), "") or loose.read_text()
    except OSError:
        return ""
    return head.strip()[:12]


def read() -> Environment:
    """The environment, with what `.env` says where a variable is not set."""
    Environment.read_env(ROOT / ".env")
    return Environment()
