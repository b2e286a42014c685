"""Net Promoter Score: how likely somebody is to recommend something, from 0 to 10."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from surveys.questionnaires.kinds.base import Figure, Spellings
from surveys.questionnaires.kinds.measures import rounded
from surveys.questionnaires.kinds.scale import ENDS, Scale
from surveys.questionnaires.questions import Question

GROUPS = {
    "promoters": ("Promoters (9, 10)", (9, 10)),
    "passives": ("Passives (7, 8)", (7, 8)),
    "detractors": ("Detractors (0 to 6)", tuple(range(7))),
}


class NetPromoter(Scale):
    """Stored as a number from 0 to 10; counted by the three groups that the score is made of."""

    name, label = "nps", "Net Promoter Score"
    about = "“How likely are you to recommend us?”, from 0 to 10."
    settings = ENDS

    def bounds(self, question: Question) -> tuple[int, int]:
        return 0, 10

    def tally(self, question: Question, spellings: Spellings) -> list[Figure]:
        numbers = {int(figure.key): figure.count for figure in super().tally(question, spellings)}
        return [Figure(key, label, sum(numbers[step] for step in steps)) for key, (label, steps) in GROUPS.items()]

    def measures(self, question: Question, spellings: Spellings) -> list[tuple[str, str]]:
        found = score(self.tally(question, spellings))
        return [] if found is None else [("Net Promoter Score", rounded(found))]

    def holding(self, question: Question, key: str, row: str = "") -> list[dict[str, Any]]:
        return [{question.id: step} for step in GROUPS[key][1]]


def score(figures: Iterable[Figure]) -> Decimal | None:
    """Promoters less detractors, in per cent of all; None where nobody answered."""
    numbers = {each.key: each.count for each in figures}
    total = sum(numbers.values())
    return Decimal(100 * (numbers["promoters"] - numbers["detractors"])) / total if total else None
