"""Stars."""

from surveys.questionnaires.kinds.base import Setting
from surveys.questionnaires.kinds.scale import Scale
from surveys.questionnaires.questions import Question


class Rating(Scale):
    """Stored as a number of stars from one."""

    name, label = "rating", "Rating"
    about = "Stars, from one up."
    settings = (Setting("stars", "Stars", default=5, least=3, most=10, fixed=True),)

    def bounds(self, question: Question) -> tuple[int, int]:
        return 1, question["stars"]
