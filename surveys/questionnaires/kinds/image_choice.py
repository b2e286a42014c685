"""Choices that are pictures."""

from typing import Any

from surveys.questionnaires.kinds.base import Setting
from surveys.questionnaires.kinds.multiple import Multiple
from surveys.questionnaires.questions import Question


class ImageChoice(Multiple):
    """Stored as a list of ids, also where one is chosen."""

    name, label = "image_choice", "Image choice"
    about = "Pictures to choose from, each with its words."
    settings = (
        Setting("least", "Answers at least", least=1, most=200, fixed=True),
        Setting("most", "Answers at most", least=1, most=200, default=1, fixed=True),
    )

    def problems(self, question: Question) -> Any:
        yield from super().problems(question)
        if missing := [choice.text for choice in question.choices if not choice.image]:
            yield f"“{missing[0]}” has no picture."
