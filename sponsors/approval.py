"""Creatives on their way to running: each version submitted, checked, and approved or rejected by someone else."""

import json
import re
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import URLValidator
from django.db import transaction
from django.utils import timezone
from django.utils.encoding import iri_to_uri

from core import pagecache
from core.lib import html
from core.lib.networks import address_in, ascii_host, is_public
from core.lib.text import one_line, prose, visible
from core.models import SiteProfile, User
from core.transitions import lock
from sponsors import emails, link_checks, rules
from sponsors.images import CleanImage
from sponsors.models import Approval, Creative, CreativeVersion, PlacementKind
from sponsors.querysets import ROLES, CreativeVersionQuerySet

_PERMISSIONS = {"editorial": "approve_creative", "compliance": "clear_creative"}
_MACRO = re.compile(r"\{[^{}/?&]*\}?|\[[A-Z][A-Z_]+\]|%%[A-Za-z_]+%%")
_LOCAL = re.compile(
    r"(?:^|\.)(?:localhost|local|localdomain|internal|intranet|lan|home|corp|home\.arpa|invalid|onion)$"
)
_is_web_address = URLValidator(schemes=["http", "https"], message="Write a full web address that starts with https://.")


def submit(
    creative: Creative,
    *,
    headline: str,
    body: str,
    link_url: str,
    image: CleanImage | None = None,
    image_alt: str = "",
    phone_image: CleanImage | None = None,
    asset_class: str = "",
    by: User | None,
) -> CreativeVersion:
    """Store a new version, which waits for approval; the last approved one keeps running meanwhile.

    `by` is None when the sponsor submits it. Submitting exactly what the latest version holds changes nothing and
    returns that version. Raises ValidationError.
    """
    typed = {"headline": headline, "body": body, "link_url": link_url, "image_alt": image_alt}
    content = check(creative.kind, **typed, image=image, phone_image=phone_image)
    if asset_class:
        content["asset_class"] = asset_class
    digest = _digest(content, image, phone_image)
    with transaction.atomic():
        lock(creative)
        latest = creative.versions.order_by("-number").first()
        if latest and latest.sha256 == digest:
            return latest
        version = CreativeVersion(
            creative=creative,
            number=latest.number + 1 if latest else 1,
            sha256=digest,
            submitted_by=by,
            **content,
        )
        if image:
            version.image.save(digest[:32] + Path(image.name or "").suffix, image, save=False)
        if phone_image:
            version.phone_image.save(
                f"{digest[:32]}-phone{Path(phone_image.name or '').suffix}", phone_image, save=False
            )
        version.save(force_insert=True)
        link_checks.start(version)
        if by is None:
            emails.creative_submitted(version)
    return version


def check(
    kind: PlacementKind,
    *,
    headline: str,
    body: str,
    link_url: str,
    image: CleanImage | None = None,
    image_alt: str = "",
    phone_image: CleanImage | None = None,
) -> dict[str, str]:
    """The content as it would be stored. Raises ValidationError, naming every field that is refused."""
    content = {"headline": one_line(plain(headline)), "body": plain(body), "link_url": link_url.strip()}
    content["image_alt"] = one_line(image_alt) if image else ""
    problems = _problems(kind, content, image)
    if phone_image and not image:
        problems["phone_image"] = "The image for phones stands in for another one: send that, too."
    elif phone_image and not kind.sizes_on_phones:
        problems["phone_image"] = f"{kind.name} has no second image for phones."
    try:
        content["link_url"] = web_address(link_url)
    except ValidationError as error:
        problems["link_url"] = error.messages[0]
    if problems:
        raise ValidationError(problems)
    return content


def roles_of(user: User) -> list[str]:
    """In which roles somebody may say yes or no."""
    return [role for role in ROLES if user.has_perm(f"sponsors.{_PERMISSIONS[role]}")]


def keeps_roles_apart() -> bool:
    """Whether two different people have to say yes to an ad: the house may decide that one is enough."""
    return not SiteProfile.current().one_person_approves_ads


def waiting_for(user: User) -> CreativeVersionQuerySet:
    """The latest versions that somebody may say yes or no to, and that wait for it."""
    apart_from = user.pk if keeps_roles_apart() else None
    return CreativeVersion.objects.lacking(*roles_of(user), apart_from=apart_from).exclude(submitted_by=user)


def approve(version: CreativeVersion, *, by: User, roles: Sequence[str] = ROLES, reason: str = "") -> Approval:
    """Say yes to a version in one role, or in both; it runs once both have. Raises ValidationError if `by` submitted it,
    or approved it in the other role, where these are kept apart.

    A yes for compliance to words that promise returns needs a reason, which stays on record.
    """
    if "compliance" in roles and not reason.strip() and (found := rules.findings(version, rules=[]).promises):
        words = ", ".join(f"“{promise.words}”" for promise in found)
        raise ValidationError(f"It says {words}. Write why that may stand, or reject it.")
    with transaction.atomic():
        said = [
            _decide(version, Approval.Verdict.APPROVED, by=by, role=role, reason=one_line(reason)) for role in roles
        ]
    return said[-1]


def reject(version: CreativeVersion, *, by: User, reason: str, role: str = Approval.Role.EDITORIAL) -> Approval:
    """Keep a version from running, or stop it if it runs; the sponsor is told the reason."""
    if not reason.strip():
        raise ValidationError("Say why, so that the sponsor can do better.")
    return _decide(version, Approval.Verdict.REJECTED, by=by, role=role, reason=one_line(reason))


def _decide(version: CreativeVersion, verdict: Approval.Verdict, *, by: User, role: str, reason: str) -> Approval:
    approval = Approval(
        version=version, role=role, verdict=verdict, reason=reason, submitted_by=version.submitted_by, by=by
    )
    approval.at = timezone.now()
    approval.full_clean()
    with transaction.atomic():
        lock(version.creative)  # the last of two verdicts at once sees the other
        if verdict == Approval.Verdict.APPROVED:
            _check_apart(version, by=by, role=role)
        approval.save(force_insert=True)
        stands = CreativeVersion.objects.reviewed().get(pk=version.pk).verdict
        if stands == verdict:
            emails.creative_decided(version, approval)
        pagecache.bump()
    return approval


def _check_apart(version: CreativeVersion, *, by: User, role: str) -> None:
    others = version.approvals.filter(by=by, verdict=Approval.Verdict.APPROVED, role__in={*ROLES} - {role})
    if (other := others.first()) and keeps_roles_apart():
        raise ValidationError(
            f"You approved it for {other.role}, so somebody else has to for {role}. The site profile says whether one person"
            " may do both."
        )


def plain(text: str) -> str:
    """The words of a text that may hold HTML, line by line; ads carry no markup and no links of their own."""
    words = html.text_of(html.clean(text)) if "<" in text else text
    return "\n".join(line for line in map(one_line, prose(words).split("\n")) if line)


def web_address(url: str) -> str:
    """The address as browsers send it. Raises ValidationError for what no reader could open, or what we would change."""
    url = url.strip()
    if macro := _MACRO.search(url):
        raise ValidationError(
            f"We send readers to exactly this address, so {macro[0]} would not be filled in. Take it out."
        )
    if visible(url) != url:
        raise ValidationError("This address holds characters that cannot be seen. Type it anew.")
    _is_web_address(url)
    try:
        parts = urlsplit(url)
        host, port = ascii_host(parts.hostname or ""), parts.port
    except ValueError:
        raise ValidationError("This is no address that a browser opens: look at its host and its port.") from None
    if parts.username is not None:
        raise ValidationError("A link cannot carry a user name or password.")
    is_ours = parts.netloc == urlsplit(settings.SITE_URL).netloc  # as of house ads, also on a machine of one's own
    if port == 0 or not (is_ours or _is_reachable(host)):
        raise ValidationError("This address is not on the public internet, so readers could not open it.")
    if not parts.netloc.isascii():
        url = urlunsplit(parts._replace(netloc=host if port is None else f"{host}:{port}"))
    return iri_to_uri(url) or ""


def _is_reachable(host: str) -> bool:
    """Whether a host can be one on the internet, by its name alone."""
    if address := address_in(host):
        return is_public(address)
    return "." in host.rstrip(".") and not _LOCAL.search(host.rstrip("."))


def _problems(kind: PlacementKind, content: dict[str, str], image: CleanImage | None) -> dict[str, str]:
    problems = {}
    if not content["headline"]:
        problems["headline"] = "Write a headline."
    for field, limit in (("headline", kind.headline_limit), ("body", kind.body_limit)):
        if len(content[field]) > limit:
            problems[field] = f"This has {len(content[field])} characters; {kind.name} has room for {limit}."
    if image and not kind.image_sizes:
        problems["image"] = f"{kind.name} has no room for an image."
    elif image and not content["image_alt"]:
        problems["image_alt"] = "Describe the image for those who cannot see it."
    return problems


def _digest(content: dict[str, str], image: CleanImage | None, phone_image: CleanImage | None) -> str:
    images = [sha256(_bytes(image)).hexdigest() if image else ""]
    if phone_image:
        images.append(sha256(_bytes(phone_image)).hexdigest())
    fields = json.dumps([*content.values(), *images], ensure_ascii=False)
    return sha256(fields.encode()).hexdigest()


def _bytes(file: CleanImage) -> bytes:
    file.seek(0)
    data = file.read()
    file.seek(0)
    return data
