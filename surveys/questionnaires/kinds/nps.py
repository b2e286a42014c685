"""Net Promoter Score: how likely somebody is to recommend something, from 0 to 10."""

from collections.abc import Iterable

from surveys.questionnaires.kinds.base import Figure
from surveys.questionnaires.kinds.scale import ENDS, Scale
from surveys.questionnaires.questions import Question


class NetPromoter(Scale):
    """Stored as a number from 0 to 10."""

    name, label = "nps", "Net Promoter Score"
    about = "“How likely are you to recommend us?”, from 0 to 10."
    settings = ENDS

    def bounds(self, question: Question) -> tuple[int, int]:
        return 0, 10


def score(figures: Iterable[Figure]) -> float | None:
    """Promoters (9, 10) less detractors (0 to 6), in per cent of all; None where nobody answered."""
    numbers = {int(each.key): each.count for each in figures}
    total = sum(numbers.values())
    promoters, detractors = numbers[9] + numbers[10], sum(numbers[step] for step in range(7))
    return (promoters - detractors) / total * 100 if total else None
