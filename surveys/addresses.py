"""When two addresses are one voter's, and when they may be. For telling voters apart only: mail goes to what was typed."""

from core.lib.networks import ascii_host

DOTLESS = {"gmail.com"}
ALIASES = {"googlemail.com": "gmail.com"}

# Providers that give one mailbox an address under each of several domains, or under a domain of its own below theirs. Two
# addresses there are two voters all the same: that they may be one is a signal to the steward (surveys.request_signals).
SEVERAL_DOMAINS = {
    "Proton": {"proton.me", "protonmail.com", "protonmail.ch", "pm.me"},
    "iCloud": {"icloud.com", "me.com", "mac.com"},
    "Yandex": {"yandex.ru", "yandex.com", "yandex.by", "yandex.kz", "yandex.com.tr", "ya.ru"},
}
OWN_DOMAIN_BELOW = {"Fastmail": {"fastmail.com", "fastmail.fm"}}
_PROVIDERS = {domain: provider for provider, domains in SEVERAL_DOMAINS.items() for domain in domains}

# Domains that so many people share that many requests from one say nothing.
WELL_KNOWN = {
    "gmail.com", "outlook.com", "hotmail.com", "live.com", "msn.com", "yahoo.com", "aol.com", "gmx.de", "gmx.net", "gmx.at",
    "web.de", "t-online.de", "mail.ru", "orange.fr", "free.fr", "laposte.net", "libero.it", "qq.com", "163.com", "126.com",
    "naver.com", "zoho.com", "posteo.de", "mailbox.org", *_PROVIDERS, *OWN_DOMAIN_BELOW["Fastmail"],
}  # fmt: skip


def canonical(address: str) -> str:
    """An address without what lets one mailbox have many: case, a +tag, Gmail's dots and second name."""
    local, _, domain = address.strip().rpartition("@")
    domain = _ascii(domain.lower().rstrip("."))
    domain = ALIASES.get(domain, domain)
    local = local.casefold()
    local = local.split("+", 1)[0] or local
    if domain in DOTLESS:
        local = local.replace(".", "")
    return f"{local}@{domain}"


def domain_of(address: str) -> str:
    return canonical(address).rpartition("@")[2]


def mailbox(address: str) -> tuple[str, str] | None:
    """The provider, and one spelling for all addresses of a mailbox there; None where one mailbox has one domain."""
    local, _, domain = canonical(address).rpartition("@")
    if provider := _PROVIDERS.get(domain):
        for ignored in "._-" if provider == "Proton" else "":
            local = local.replace(ignored, "")
        return provider, f"{local.replace('.', '-') if provider == 'Yandex' else local}@{provider}"
    for provider, domains in OWN_DOMAIN_BELOW.items():
        name, _, above = domain.partition(".")
        if domain in domains:
            return provider, f"{local}@{domain}"
        if above in domains:  # anything@name.fastmail.com
            return provider, f"{name}@{above}"
    return None


def _ascii(domain: str) -> str:
    """A domain as the DNS has it, so that its two spellings are one."""
    try:
        return ascii_host(domain)
    except ValueError:
        return domain
