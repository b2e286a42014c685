"""When two addresses are one voter's. For telling voters apart only: mail goes to the address as it was typed."""

DOTLESS = {"gmail.com"}
ALIASES = {"googlemail.com": "gmail.com"}


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


def _ascii(domain: str) -> str:
    """A domain as the DNS has it, so that its two spellings are one."""
    try:
        return domain.encode("idna").decode()
    except UnicodeError:
        return domain
