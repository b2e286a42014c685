"""What somebody answered before, where answers can be changed: it waits to be counted, or is."""

from dataclasses import dataclass
from typing import Any

from surveys import keys
from surveys.models import Ended, Response, Sitting, Survey

COUNTED = (Ended.COMPLETE, Ended.EARLY)


@dataclass(frozen=True, slots=True)
class Earlier:
    """Answers that others may take the place of, and whether they count: not if a quota screened them out."""

    answers: dict[str, Any]
    is_counted: bool


def of(survey: Survey, key: bytes | memoryview | None) -> Earlier | None:
    """What a key answered last. Raises PepperMissing."""
    if key is None or not survey.changeable:
        return None
    if waiting := Sitting.objects.finished().filter(survey=survey, key=key).first():
        return Earlier(keys.pepper(survey).open(bytes(waiting.sealed))["answers"], waiting.ended in COUNTED)
    if found := Response.objects.filter(survey=survey, respondent=key).first():
        return Earlier(dict(found.answers), found.ended in COUNTED)
    return None
