"""What can change while a survey is open: only what leaves the answers given so far with the meaning they had."""

from collections.abc import Iterator

from surveys.questionnaires.definition import Problem
from surveys.questionnaires.kinds import kind_of
from surveys.questionnaires.kinds.base import POINTS
from surveys.questionnaires.questions import Choice, Definition, Question


def refused(old: Definition, new: Definition) -> list[Problem]:
    """Why a definition cannot follow the one that people have answered, a sentence each; empty where it can.

    Help, titles, order, conditions and rules can change, and pictures that are not the answers; questions and pages can be
    added, choices at the end, but where answers are places among all of them; a choice can be closed.
    """
    return [
        *(
            Problem(page.id, "A page that was put stays: its answers tell of it.")
            for page in old.pages
            if page.id not in new.places
        ),
        *(problem for question in old.questions.values() for problem in _of(question, new.questions.get(question.id))),
        *_quotas(old, new),
    ]


def _of(old: Question, new: Question | None) -> Iterator[Problem]:
    if new is None:
        yield Problem(old.id, f"“{old.text}” has been answered, so it cannot be removed.")
        return
    if new.kind != old.kind:
        yield Problem(old.id, f"“{old.text}” has been answered as another kind of question.")
        return
    if new.text != old.text:
        yield Problem(old.id, f"“{old.text}” has been answered: ask anything else in a question of its own.")
    yield from _choices(old, old.choices, new.choices)
    yield from _meanings(old, new)
    for setting in kind_of(old).settings:
        if setting.kind == "rows":
            yield from _choices(old, old[setting.name], new[setting.name])
        elif setting.fixed and old[setting.name] != new[setting.name]:
            yield Problem(old.id, f"“{old.text}” has been answered, so “{setting.label}” stays as it is.")
    if old.settings.get("other") and not new.settings.get("other"):
        yield Problem(old.id, f"“{old.text}”: “other” may have been chosen, so it stays.")


def _meanings(old: Question, new: Question) -> Iterator[Problem]:
    """What a choice means is more than its words where it has a place among all others, or is a picture."""
    if kind_of(old).shape == POINTS and len(new.choices) > len(old.choices):
        yield Problem(old.id, f"“{old.text}” has been answered: a place among more things would be worth other points.")
    if old.kind == "image_choice":
        images = {choice.id: choice.image for choice in new.choices}
        for choice in old.choices:
            if images.get(choice.id, choice.image) != choice.image:
                yield Problem(old.id, f"“{choice.text}” may have been chosen, so its picture stays.")


def _choices(question: Question, old: tuple[Choice, ...], new: tuple[Choice, ...]) -> Iterator[Problem]:
    texts = {choice.id: choice.text for choice in new}
    for choice in old:
        if choice.id not in texts:
            yield Problem(question.id, f"“{choice.text}” may have been chosen: close it in place of removing it.")
        elif texts[choice.id] != choice.text:
            yield Problem(question.id, f"“{choice.text}” may have been chosen, so its words stay.")
    kept = [choice.id for choice in new if choice.id in {each.id for each in old}]
    if [choice.id for choice in new][: len(kept)] != kept:
        yield Problem(question.id, f"“{question.text}”: new answers come after those that are there.")


def _quotas(old: Definition, new: Definition) -> Iterator[Problem]:
    conditions = {quota.id: quota.condition for quota in old.quotas}
    for quota in new.quotas:
        if quota.id not in conditions or quota.condition != conditions[quota.id]:
            yield Problem(quota.id, "Whom a quota counts is settled before the survey opens; its limit can change.")
