"""Widgets for ordered choices: a byline's authors, a gallery's images. They use numbers and ticks without JavaScript."""

from typing import Any

from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from articles.desk.choice_fields import ChoiceWidget
from core.lib.text import whole_number

MAX_ROWS = 200
TEXTS = {
    "alt": ("Alternative text", 400),
    "caption": ("Caption", 400),
    "credit": ("Credit", 200),
    "link": ("Link", 2000),
}


class OrderedChoicesWidget(ChoiceWidget):
    """Several choices as rows that can be moved, removed and added."""

    template = "admin/articles/article/ordered.html"

    def rows(self, name: str, value: Any) -> list[dict[str, Any]]:
        """The context of each row."""
        return [{"value": item, "name": self.name_of(item)} for item in self.chosen(value) if item]

    def chosen(self, value: Any) -> list[Any]:
        return value if isinstance(value, list) else []

    def build_attrs(self, base_attrs: dict[str, Any], extra_attrs: dict[str, Any] | None = None) -> dict[str, Any]:
        return super().build_attrs(base_attrs, extra_attrs) | {"data-placeholder": "Add one"}

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        context = {
            "name": name,
            "what": self.what,
            "rows": self.rows(name, value),
            "texts": [(key, *about) for key, about in TEXTS.items()],
        }
        context["add"] = super().render(name, [], attrs, renderer)
        return SafeString(render_to_string(self.template, context))

    def value_from_datadict(self, data: Any, files: Any, name: str) -> Any:
        listed = getattr(data, "getlist", lambda key: data.get(key, []))
        values, gone = [value for value in listed(name) if value], set(listed(f"{name}-remove"))
        places = [*map(_number, listed(f"{name}-place")), *[MAX_ROWS] * len(values)]
        ordered = sorted(zip(places, values, strict=False), key=lambda pair: pair[0])
        return [value for _, value in ordered if value not in gone]


class GalleryWidget(OrderedChoicesWidget):
    """The images of a gallery, each with its alternative text, caption, credit and link."""

    template = "admin/articles/article/gallery.html"

    def chosen(self, value: Any) -> list[Any]:
        return [entry.get("src", "") for entry in _entries(value)]

    def rows(self, name: str, value: Any) -> list[dict[str, Any]]:
        return [
            {
                "prefix": f"{name}-{index}",
                "src": entry.get("src", ""),
                "name": self.name_of(str(entry.get("src", ""))),
                "focal": ", ".join(map(str, entry.get("focal") or [])),
                "texts": [(key, *about, entry.get(key, "")) for key, about in TEXTS.items()],
            }
            for index, entry in enumerate(_entries(value))
        ]

    def value_from_datadict(self, data: Any, files: Any, name: str) -> Any:
        count = min(_number(data.get(f"{name}-count"), 0), MAX_ROWS)
        found = [self._entry(data, f"{name}-{index}-") for index in range(count)]
        kept = sorted((pair for pair in found if pair[1]), key=lambda pair: pair[0])
        return [entry for _, entry in kept] + [{"src": source} for source in data.getlist(name) if source]

    def _entry(self, data: Any, prefix: str) -> tuple[int, dict[str, Any]]:
        if data.get(f"{prefix}remove") or not data.get(f"{prefix}src"):
            return 0, {}
        entry: dict[str, Any] = {name: data[prefix + name] for name in ("src", *TEXTS) if data.get(prefix + name)}
        if focal := data.get(f"{prefix}focal"):
            entry["focal"] = _shares(focal)
        return _number(data.get(f"{prefix}place")), entry


def _entries(value: Any) -> list[dict[str, Any]]:
    return [entry for entry in value if isinstance(entry, dict)] if isinstance(value, list) else []


def _number(text: Any, otherwise: int = MAX_ROWS) -> int:
    number = whole_number(text, most=9999)
    return otherwise if number is None else number


def _shares(text: str) -> list[float]:
    try:
        return [float(part) for part in text.split(",")]
    except ValueError:
        return []
