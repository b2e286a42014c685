"""The form for a version of a creative, which the sponsor and staff use."""

from typing import Any

from crispy_forms.helper import FormHelper
from crispy_forms.layout import Field, Layout
from django import forms
from django.core.exceptions import ValidationError

from core.models import User
from sponsors import approval, images, previews, rules
from sponsors.models import AssetClass, Creative, CreativeVersion
from sponsors.placements import placement_of


class VersionForm(forms.Form):
    """What an ad holds, within the limits of its kind; begins with what was submitted last."""

    headline = forms.CharField(max_length=300)
    body = forms.CharField(label="Text", required=False, max_length=5000, widget=forms.Textarea({"rows": 4}))
    link_url = forms.CharField(
        label="Link",
        max_length=2000,
        widget=forms.URLInput({"placeholder": "https://"}),
        help_text="We do not change it.",
    )
    asset_class = forms.ChoiceField(
        label="What it is for",
        choices=AssetClass,
        required=False,
        help_text="Some ads have to carry a warning by law. We add its words, in every mail and on every page.",
    )
    image = forms.FileField(required=False)
    focus = forms.ChoiceField(
        label="If it is larger, keep",
        choices=[(name, f"the {words}") for name, (words, _) in images.FOCUSES.items()],
        required=False,
        initial="middle centre",
        help_text="A larger image is cut to the shape of the place around this part of it. Look at the preview afterwards.",
    )
    image_alt = forms.CharField(
        label="Image description", required=False, max_length=200, help_text="For those who cannot see it."
    )
    phone_image = forms.FileField(label="Image for phones", required=False)
    drop_image = forms.BooleanField(label="Remove the image", required=False)

    def __init__(self, data: Any = None, files: Any = None, *, creative: Creative, by: User | None = None):
        self.creative, self.by, self.latest = creative, by, creative.latest
        kind = creative.kind
        super().__init__(data, files, prefix=f"creative{creative.pk}", initial=self._initial(self.latest))
        self.fields["headline"].help_text = f"At most {kind.headline_limit} characters."
        self.fields["body"].help_text = f"At most {kind.body_limit} characters, plain words."
        self._say_sizes("image", kind.sizes, "")
        self._say_sizes("phone_image", kind.sizes_on_phones, " It stands in for the other one on narrow screens.")
        if not kind.image_sizes:
            del self.fields["image_alt"], self.fields["focus"]
        if not (self.latest and self.latest.image):
            del self.fields["drop_image"]
        self.helper = FormHelper()
        self.helper.form_tag = False
        self.helper.disable_csrf = True
        self.helper.layout = Layout(*(Field(name) for name in self.fields))

    def _say_sizes(self, name: str, sizes: list[tuple[int, int]], use: str) -> None:
        """Say what an image has to be; a kind that has none is not asked for it."""
        if not sizes:
            del self.fields[name]
            return
        words = " or ".join(f"{width}×{height}" for width, height in sizes)
        self.fields[
            name
        ].help_text = f"PNG, JPEG, WebP or GIF of {words} pixels, best twice that; a larger one is cut.{use}"
        self.fields[name].widget.attrs["accept"] = "image/png,image/jpeg,image/webp,image/gif"

    def _initial(self, latest: CreativeVersion | None) -> dict[str, str]:
        names = ("headline", "body", "link_url", "image_alt")
        initial = {name: getattr(latest, name) for name in names} if latest else {}
        return initial | {"asset_class": (latest and latest.asset_class) or self._usual_class()}

    @property
    def letter_text(self) -> str:
        """Of an ad in mails that was handed in: the plain text of a mail with it."""
        return previews.text(self.creative.kind.channel, placement_of(self.latest)) if self.latest else ""

    def _usual_class(self) -> str:
        booking = self.creative.booking
        return str(rules.usual(booking.sponsor.category if booking and booking.sponsor else None))

    def clean_asset_class(self) -> str:
        return str(self.cleaned_data["asset_class"] or self.initial["asset_class"])

    def clean(self) -> dict[str, Any]:
        """Check what submit() would, so that every error is shown at its field."""
        cleaned = super().clean() or self.cleaned_data
        kind, focus = self.creative.kind, cleaned.get("focus") or "middle centre"
        for name, sizes in (("image", kind.sizes), ("phone_image", kind.sizes_on_phones)):
            if upload := cleaned.get(name):
                try:
                    cleaned[name] = images.accept(upload, sizes, focus=focus)
                except ValidationError as error:
                    self.add_error(name, error)
        if not self.errors:
            try:
                approval.check(kind, **self._content(cleaned))
            except ValidationError as error:
                self.add_error(None, error)
        return cleaned

    def save(self) -> CreativeVersion:
        """The new version, or the latest if nothing was changed."""
        return approval.submit(
            self.creative, by=self.by, asset_class=self.cleaned_data["asset_class"], **self._content(self.cleaned_data)
        )

    def _content(self, cleaned: dict[str, Any]) -> dict[str, Any]:
        found = {name: cleaned.get(name) or self._kept(name, cleaned) for name in ("image", "phone_image")}
        texts = {name: cleaned.get(name, "") for name in ("headline", "body", "link_url", "image_alt")}
        return texts | found

    def _kept(self, name: str, cleaned: dict[str, Any]) -> images.CleanImage | None:
        """The image of the latest version, unless it is to go. A new one for wide screens leaves that for phones as it is."""
        stored = getattr(self.latest, name, None)
        if not stored or cleaned.get("drop_image"):
            return None
        with stored.open("rb") as kept:
            return images.CleanImage(kept.read(), name=stored.name)
