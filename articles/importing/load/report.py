"""The report of an import, as text for the terminal and as JSON: what was imported, changed and lost."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from articles.importing.posts import ConversionNotes

NEW, CHANGED, UNCHANGED, EDITED, DELETED = "new", "changed", "unchanged", "edited here", "deleted here"
REFUSED, FAILED = "refused", "failed"
OUTCOMES = (NEW, CHANGED, UNCHANGED, EDITED, DELETED, REFUSED, FAILED)
MAX_LISTED = 25


@dataclass(slots=True)
class Entry:
    """The outcome of one post."""

    outcome: str
    title: str
    where: str = ""
    slug: str = ""
    state: str = ""
    reason: str = ""
    notes: ConversionNotes = field(default_factory=ConversionNotes)


def _untraced(kind: str, *made: tuple[str, str]) -> None:
    """Nobody will undo it."""


@dataclass(slots=True)
class Report:
    """The outcome of an import. `trace` hears of what it makes besides articles, in the transaction that makes it."""

    source: str
    format: str
    dry_run: bool = False
    trace: Callable[..., None] = _untraced
    seconds: float = 0.0
    entries: list[Entry] = field(default_factory=list)
    made: dict[str, dict[str, None]] = field(default_factory=dict)
    images_stored: int = 0
    images_kept: dict[str, str] = field(default_factory=dict)
    redirects: int = 0
    remarks: list[str] = field(default_factory=list)
    lost: Counter[str] = field(default_factory=Counter)

    @property
    def failed(self) -> bool:
        """Whether any post is missing that should have come."""
        return any(entry.outcome in (REFUSED, FAILED) for entry in self.entries)

    @property
    def counts(self) -> dict[str, int]:
        counted = Counter(entry.outcome for entry in self.entries)
        return {outcome: counted[outcome] for outcome in OUTCOMES}

    @property
    def notes(self) -> ConversionNotes:
        """The notes of all posts that were imported, added up."""
        total = ConversionNotes(lost=Counter(self.lost))
        for entry in self.entries:
            if entry.outcome in (NEW, CHANGED):
                total.add(entry.notes)
        return total

    def made_new(self, what: str, name: str) -> None:
        self.made.setdefault(what, {}).setdefault(name)

    def as_json(self) -> dict[str, Any]:
        notes = self.notes
        return {
            "source": self.source,
            "format": self.format,
            "dry_run": self.dry_run,
            "seconds": round(self.seconds, 3),
            "counts": self.counts,
            "made": {what: list(names) for what, names in self.made.items()},
            "images": {"stored": self.images_stored, "kept_as_references": self.images_kept},
            "redirects": self.redirects,
            "remarks": self.remarks,
            "changed": dict(notes.changed),
            "left": dict(notes.lost),
            "posts": [
                {
                    "outcome": entry.outcome,
                    "title": entry.title,
                    "where": entry.where,
                    "slug": entry.slug,
                    "state": entry.state,
                    "reason": entry.reason,
                    "changed": dict(entry.notes.changed),
                    "left": dict(entry.notes.lost),
                }
                for entry in self.entries
            ],
        }

    def lines(self) -> Iterator[str]:
        """The report as text."""
        notes = self.notes
        yield f"{self.source}: {len(self.entries)} posts read as {self.format} in {self.seconds:.1f} s" + (
            " (dry run: nothing was written)" if self.dry_run else ""
        )
        yield "  " + ", ".join(
            f"{number} {outcome}"
            for outcome, number in self.counts.items()
            if number or outcome in (NEW, UNCHANGED, REFUSED)
        )
        states = Counter(entry.state for entry in self.entries if entry.outcome in (NEW, CHANGED) and entry.state)
        if states:
            yield "  their state here: " + ", ".join(f"{number} {state}" for state, number in states.most_common())
        for what, names in self.made.items():
            yield f"  {what} created: {_listed(list(names))}"
        if self.images_stored:
            yield f"  pictures stored: {self.images_stored}"
        if self.redirects:
            yield f"  redirects from old addresses: {self.redirects}"
        yield from _section("Note", self.remarks)
        yield from _section("Changed", [f"{sentence}: {number}" for sentence, number in notes.changed.most_common()])
        yield from _section(
            "Lost or left behind", [f"{sentence}: {number}" for sentence, number in notes.lost.most_common()]
        )
        kept = [f"{src[:300]} ({reason})" for src, reason in self.images_kept.items()]
        yield from _section(
            "Pictures kept at their old address (readers see a link; run the import again to fetch them)", kept
        )
        for outcome, title in (
            (EDITED, "Edited here since, so not changed"),
            (DELETED, "Deleted here since, so not imported"),
            (REFUSED, "Refused"),
            (FAILED, "Failed through an error in Moonpress"),
        ):
            found = [entry for entry in self.entries if entry.outcome == outcome]
            yield from _section(
                title,
                [
                    " ".join(filter(None, [entry.where, f"“{entry.title}”" if entry.title else "", entry.reason]))
                    for entry in found
                ],
            )


def _section(title: str, lines: list[str]) -> Iterator[str]:
    if not lines:
        return
    yield f"{title}:"
    yield from (f"  {line}" for line in lines[:MAX_LISTED])
    if len(lines) > MAX_LISTED:
        yield f"  … and {len(lines) - MAX_LISTED} more (--report FILE lists them all)"


def _listed(names: list[str]) -> str:
    shown = ", ".join(names[:12])
    return shown if len(names) <= 12 else f"{shown} and {len(names) - 12} more"
