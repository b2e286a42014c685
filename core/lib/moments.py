"""The form field for a date and a time: entered in the current zone, which is named beside it, and kept in UTC."""

from datetime import UTC, datetime
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from django import forms
from django.core.exceptions import ValidationError
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.safestring import SafeString

from core.lib import clock

FORMATS = ("%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S")  # what browsers send


class Entered(NamedTuple):
    """What was typed: a clock's time, and which of two it is ("0", "1") where clocks show it twice."""

    text: str
    turn: str = ""

    @property
    def local(self) -> datetime | None:
        for form in FORMATS:
            try:
                return datetime.strptime(self.text.replace(" ", "T"), form)  # noqa: DTZ007 - it has no zone yet
            except ValueError:
                continue
        return None

    @property
    def is_twice(self) -> bool:
        """Whether clocks show that time twice."""
        local = self.local
        return local is not None and len(clock.moments_of(local, clock.current())) > 1


class MomentInput(forms.Widget):
    """A date and a time with the name of the zone; where clocks show that time twice, a choice of which is meant."""

    template = "admin/moment_input.html"

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        entered = value if isinstance(value, Entered) else Entered(*_shown(value))
        zone, attrs = clock.current(), self.build_attrs(self.attrs, attrs)
        described = filter(None, (attrs.pop("aria-describedby", ""), f"{attrs.get('id', name)}_zone"))
        found = clock.moments_of(entered.local, zone) if entered.local else []
        turns = [(str(turn), f"{at.astimezone(zone):%H:%M %Z}") for turn, at in enumerate(found)]
        context = {
            "name": name, "id": attrs.get("id", name), "value": entered.text.replace(" ", "T"), "zone": zone.key,
            "attrs": attrs, "described": " ".join(described), "has_seconds": entered.text.count(":") > 1,
            "turn": entered.turn, "turns": turns if len(turns) > 1 else [],
        }  # fmt: skip
        return SafeString(render_to_string(self.template, context))

    def posted(self, name: str, value: Any) -> dict[str, list[str]]:
        """What a browser posts of it, by name."""
        entered = value if isinstance(value, Entered) else Entered(*_shown(value))
        return {name: [entered.text], f"{name}_turn": [entered.turn if entered.is_twice else ""]}

    def value_from_datadict(self, data: Any, files: Any, name: str) -> Entered:
        return Entered((data.get(name) or "").strip(), data.get(f"{name}_turn") or "")

    def value_omitted_from_data(self, data: Any, files: Any, name: str) -> bool:
        return name not in data


def _shown(moment: datetime | None) -> tuple[str, str]:
    if not moment:
        return "", ""
    local = moment.astimezone(clock.current()) if timezone.is_aware(moment) else moment
    return f"{local:%Y-%m-%dT%H:%M:%S}".removesuffix(":00"), str(local.fold)


class MomentField(forms.Field):
    """A moment. A time that clocks skip is refused, and for one that they show twice it asks which is meant."""

    widget = MomentInput

    def to_python(self, value: Any) -> datetime | None:
        if value is None or isinstance(value, datetime):
            return value
        if not value.text:
            return None
        local, zone = value.local, clock.current()
        if local is None:
            raise ValidationError("Write a date and a time, such as 2026-05-03 14:00.", code="invalid")
        found = clock.moments_of(local, zone)
        if not found:
            raise ValidationError(_skipped(local, zone), code="skipped")
        if len(found) == 1:
            return found[0]
        if value.turn not in ("0", "1"):
            raise ValidationError(
                f"On {local:%-d %B %Y} clocks in {zone.key} are set back and show {local:%H:%M} twice. "
                "Choose which of the two you mean.",
                code="twice",
            )
        return found[int(value.turn)]

    def has_changed(self, initial: Any, data: Any) -> bool:
        try:
            return self.to_python(data) != (initial.replace(microsecond=0) if initial else None)
        except ValidationError:
            return True


def _skipped(local: datetime, zone: ZoneInfo) -> str:
    try:
        shown = local.replace(tzinfo=zone).astimezone(UTC).astimezone(zone)
    except OverflowError:
        return "That year is out of range."
    return (
        f"On {local:%-d %B %Y} clocks in {zone.key} are set forward and never show {local:%H:%M}: "
        f"choose {shown:%H:%M} or later, or a time before the change."
    )
