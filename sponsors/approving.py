"""From what a sponsor hands in to what may run: versions, and verdicts by someone else on each of them."""

import json
from hashlib import sha256
from pathlib import Path
from urllib.parse import urlsplit

from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from django.core.validators import URLValidator
from django.db import transaction
from django.utils import timezone
from django.utils.encoding import iri_to_uri

from cms.lib import html, pagecache
from cms.models import User
from sponsors import notices
from sponsors.models import Approval, Creative, CreativeVersion, PlacementKind

_is_web_address = URLValidator(schemes=["http", "https"], message="Write a full web address that starts with https://.")


def submit(
    creative: Creative,
    *,
    headline: str,
    body: str,
    link_url: str,
    image: ContentFile | None = None,
    image_alt: str = "",
    by: User | None,
) -> CreativeVersion:
    """Store a new version, which waits for approval; the approved one before it keeps running meanwhile.

    `by` is None when the sponsor hands it in. `image` comes from images.accept. Handing in exactly what the latest
    version holds changes nothing and returns that. Raises ValidationError.
    """
    headline, body = plain(headline), plain(body)
    link_url = web_address(link_url)
    check_limits(creative.kind, headline=headline, body=body)
    if image and not image_alt.strip():
        raise ValidationError({"image_alt": "Describe the image for those who cannot see it."})
    alt = " ".join(image_alt.split()) if image else ""
    digest = _digest(headline, body, link_url, alt, image)
    with transaction.atomic():
        Creative.objects.select_for_update(of=("self",)).get(pk=creative.pk)
        latest = creative.versions.order_by("-number").first()
        if latest and latest.sha256 == digest:
            return latest
        version = CreativeVersion(
            creative=creative,
            number=latest.number + 1 if latest else 1,
            headline=headline,
            body=body,
            link_url=link_url,
            image_alt=alt,
            sha256=digest,
            submitted_by=by,
        )
        if image:
            version.image.save(digest[:32] + Path(image.name or "").suffix, image, save=False)
        version.save(force_insert=True)
        if by is None:
            notices.creative_submitted(version)
    return version


def approve(version: CreativeVersion, *, by: User) -> Approval:
    """Let a version run. Raises ValidationError when `by` handed it in."""
    return _decide(version, Approval.Verdict.APPROVED, by=by)


def reject(version: CreativeVersion, *, by: User, reason: str) -> Approval:
    """Keep a version from running, from now on also if it ran; the sponsor reads the reason."""
    if not reason.strip():
        raise ValidationError("Say why, so that the sponsor can do better.")
    return _decide(version, Approval.Verdict.REJECTED, by=by, reason=" ".join(reason.split()))


def _decide(version: CreativeVersion, verdict: Approval.Verdict, *, by: User, reason: str = "") -> Approval:
    approval = Approval(
        version=version, verdict=verdict, reason=reason, submitted_by=version.submitted_by, by=by, at=timezone.now()
    )
    approval.full_clean(exclude=["version", "submitted_by", "by"])
    with transaction.atomic():
        approval.save(force_insert=True)
        notices.creative_decided(version, approval)
        pagecache.bump()
    return approval


def plain(text: str) -> str:
    """The words of a text that may hold HTML, on as many lines as it has; ads carry no markup and no links of their own."""
    return (
        html.text_of(html.clean(text))
        if "<" in text
        else "\n".join(
            line for line in (" ".join(line.split()) for line in text.replace("\x00", "").splitlines()) if line
        )
    )


def web_address(url: str) -> str:
    """The address as browsers send it. Raises ValidationError for anything but plain http(s)."""
    url = iri_to_uri(url.strip())
    try:
        _is_web_address(url)
    except ValidationError as error:
        raise ValidationError({"link_url": error.messages}) from None
    if urlsplit(url).username is not None:
        raise ValidationError({"link_url": "A link cannot carry a user name or password."})
    return url


def check_limits(kind: PlacementKind, *, headline: str, body: str) -> None:
    """Raises ValidationError naming every text that is missing or too long for a kind."""
    problems = {}
    if not headline:
        problems["headline"] = "Write a headline."
    for field, text, limit in (("headline", headline, kind.headline_limit), ("body", body, kind.body_limit)):
        if len(text) > limit:
            problems[field] = f"This has {len(text)} characters; {kind.name} has room for {limit}."
    if problems:
        raise ValidationError(problems)


def _digest(headline: str, body: str, link_url: str, alt: str, image: ContentFile | None) -> str:
    image_digest = sha256(_bytes(image)).hexdigest() if image else ""
    fields = json.dumps([headline, body, link_url, alt, image_digest], ensure_ascii=False)
    return sha256(fields.encode()).hexdigest()


def _bytes(file: ContentFile) -> bytes:
    file.seek(0)
    data = file.read()
    file.seek(0)
    return data
