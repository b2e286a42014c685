"""Pictures in mails: cut to where they stand, at twice its width for sharp screens, as JPEG, which every mail program shows."""

from django.conf import settings

from articles.images import cut_for_mail
from articles.models import ImageAsset
from articles.unclaimed import claim_sources
from newsletter.models import BriefingItem, CardSize, MailTemplate

SHARP = 2  # pixels of the file for each that is shown
COLUMN = 536  # as wide as what stands in the sheet
# How wide and how high pictures are shown; without a height nothing is cut off.
SHOWN: dict[str, tuple[int, int]] = {
    CardSize.SMALL: (72, 72),
    CardSize.MEDIUM: (160, 120),
    CardSize.LARGE: (COLUMN, 302),
}
WHOLE = (COLUMN, 0)
LOGO = (240, 64)


def put_in(item: BriefingItem, *, focal: list[float] | None = None) -> None:
    """Give an item the address and size of its picture, where that is one of ours. It is not saved here."""
    asset = ImageAsset.objects.filter(file=item.image).first() if item.image else None
    if asset is None:
        item.image = ""
        return
    across, down = SHOWN.get(item.size, WHOLE) if item.kind == BriefingItem.Kind.ARTICLE else WHOLE
    address, width, height = cut_for_mail(asset, width=SHARP * across, height=SHARP * down, focal=focal)
    item.image_url = _whole(address)
    item.image_width, item.image_height = _as_shown(width, height, across)
    claim_sources([item.image])


def put_logo(template: MailTemplate) -> None:
    """Give a template the address and size of its logo. It is not saved here."""
    asset = ImageAsset.objects.filter(file=template.logo).first() if template.logo else None
    if asset is None:
        template.logo = template.logo_url = ""
        template.logo_width = template.logo_height = None
        return
    widest, highest = LOGO
    across = min(widest, max(1, round(asset.width * highest / asset.height)))
    address, width, height = cut_for_mail(asset, width=SHARP * across, kind="png")
    template.logo_url = _whole(address)
    template.logo_width, template.logo_height = _as_shown(width, height, across)
    claim_sources([template.logo])


def _as_shown(width: int, height: int, across: int) -> tuple[int, int]:
    """The size on the page: no wider than its place, and no wider than it has pixels."""
    shown = min(across, width)
    return shown, max(1, round(height * shown / width))


def _whole(address: str) -> str:
    return settings.SITE_URL + address if address.startswith("/") else address
