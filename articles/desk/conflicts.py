"""An article that was saved while somebody wrote: what each side changed, and one document out of what is chosen."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from articles.desk.diff import PARTS, Change, alike, change_of, label_of
from articles.desk.drafts import tidied
from articles.document_schema import Document
from articles.documents import document_of
from articles.models import Article
from core.lib import merging
from core.lib.merging import Part, Side
from core.models import KeptWork

SEO = {
    "title": "Title for search",
    "description": "Description for search",
    "social_title": "Title for social sites",
    "social_image": "Picture for social sites",
    "canonical": "First published at",
    "noindex": "Kept from search engines",
}


@dataclass(frozen=True)
class Choice:
    """A part that differs, as the page shows it."""

    part: Part
    change: Change  # from the saved version to one's own
    told: str
    chosen: Side | None


@dataclass(frozen=True)
class Conflict:
    """The parts of an article in the saved version and in one's own."""

    fields: list[Part]
    seo: list[Part]
    blocks: list[Part]
    saved: Document

    def rows(self, chosen: Mapping[str, str]) -> list[Choice | int]:
        """What there is to choose, in the order of the article; a number for so many parts that are the same."""
        found: list[Choice | int] = []
        for differs, parts in groupby([*self.fields, *self.seo, *self.blocks], lambda part: bool(part.changed_by)):
            some = list(parts)
            found += [_choice(part, chosen) for part in some] if differs else [len(some)]
        return found

    def together(self, chosen: Mapping[str, str]) -> Document | None:
        """The document out of what was chosen; None where a choice is missing."""
        taken = {part.name: part.side(chosen) for part in (*self.fields, *self.seo, *self.blocks)}
        if None in taken.values():
            return None

        def values(parts: list[Part]) -> list[Any]:
            return [value for part in parts for value in part.taken(taken[part.name] or Side.THEIRS)]

        fields: Any = dict(zip((part.name for part in self.fields), values(self.fields), strict=True))
        seo: Any = dict(zip(SEO, values(self.seo), strict=True))
        return {**self.saved, **fields, "seo": seo, "blocks": values(self.blocks)}


def conflict_of(article: Article, piece: KeptWork) -> Conflict:
    """Compare kept work with the saved version, by the version that it was begun from."""
    base = article.revisions.filter(version=piece.base_version).values_list("document", flat=True).first()
    theirs, mine = document_of(article), tidied(piece.content)
    names = [name for name in PARTS if name != "seo"]
    seo = merging.fields(base and base["seo"], theirs["seo"], mine["seo"], list(SEO))
    return Conflict(
        fields=merging.fields(base, theirs, mine, names),
        seo=[Part(f"seo-{part.name}", part.theirs, part.mine, part.changed_by) for part in seo],
        blocks=merging.items("block", base and base["blocks"], theirs["blocks"], mine["blocks"], alike),
        saved=theirs,
    )


def _choice(part: Part, chosen: Mapping[str, str]) -> Choice:
    if part.is_item:
        label = label_of(part.mine or part.theirs)
    else:
        label = PARTS.get(part.name) or SEO[part.name.removeprefix("seo-")]
    return Choice(part, change_of(label, part.theirs, part.mine), part.told, part.side(chosen))
