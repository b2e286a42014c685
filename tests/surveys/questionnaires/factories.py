"""Surveys for tests, made by the functions that the site uses."""

from django.http import QueryDict

from surveys.models import Survey
from surveys.questionnaires import access, at_once, phases, publishing, settling, versions

TWO = [{"id": "a", "text": "Alpha"}, {"id": "b", "text": "Beta"}]


def choice(key="q1", kind="single", **settings):
    return {"id": key, "kind": kind, "text": f"Which of {key}?", "choices": TWO} | settings


def question(key="q1", kind="short_text", **settings):
    return {"id": key, "kind": kind, "text": f"What of {key}?"} | settings


def page(key, *questions, **settings):
    return {"id": key, "questions": list(questions)} | settings


# A question of every kind, each with all it can have.
EVERY_KIND = [
    choice("single", other=True, help="Choose what fits best.", shuffle=True),
    choice("multiple", "multiple", other=True, most=2),
    choice("dropdown", "dropdown"),
    question("yes_no", "yes_no"),
    question("scale", "scale", left="never", right="daily"),
    question("rating", "rating"),
    question("nps", "nps", left="not likely", right="very likely"),
    choice("matrix", "matrix", rows=[{"id": "r1", "text": "News"}, {"id": "r2", "text": "Awards"}]),
    choice("ranking", "ranking"),
    choice("image_choice", "image_choice", choices=[each | {"image": f"images/{each['id']}.webp"} for each in TWO]),
    question("number", "number", least=0, most=120, unit="years"),
    question("date", "date", earliest="2020-01-01", latest="2030-12-31"),
    question("short_text", "short_text", placeholder="a word"),
    question("long_text", "long_text"),
    question("email", "email"),
    question("consent", "consent", agree="I agree that this is used."),
    question("statement", "statement", help="Only words."),
]
# What a program sends for each, in its stored spelling.
ANSWERS = {
    "single": "a",
    "multiple": ["a", {"other": "Gamma"}],
    "dropdown": "b",
    "yes_no": True,
    "scale": 3,
    "rating": 5,
    "nps": 0,
    "matrix": {"r1": "a", "r2": "b"},
    "ranking": ["b", "a"],
    "image_choice": ["b"],
    "number": 42,
    "date": "2026-05-31",
    "short_text": "word",
    "long_text": "one\ntwo",
    "email": "ann@example.com",
    "consent": True,
}


def draft(*pages, slug="readers", **fields):
    survey = Survey.objects.create(slug=slug, **{"title": "Our readers"} | fields)
    versions.save(survey, {"pages": list(pages or (page("p1", choice("q1")),))})
    return survey


def opened(*pages, quotas=(), **fields):
    survey = draft(*pages, **fields)
    if quotas:
        versions.save(survey, survey.definition | {"quotas": list(quotas)})
    phases.open_survey(survey)
    return survey


def entry(survey, key=None, **fields):
    fields = {"is_personal": key is not None} | fields
    return access.Entry(survey, key=key, **fields)


def data(**fields):
    """What a browser sends; `q1__other` stands for the field q-q1.other."""
    sent = QueryDict(mutable=True)
    for name, value in fields.items():
        sent.setlist(f"q-{name.replace('__', '.')}", value if isinstance(value, list) else [value])
    return sent


def answered(survey, answers, *, key=None, times=1):
    """As many responses, counted."""
    for _ in range(times):
        at_once.submit(entry(survey, key), answers)
    settling.settle(survey)


def published(*pages, text="", times=12, **fields):
    """A survey with every kind of question, its answers, and all results on the site and in the media kit."""
    asked = [each | {"text": text or each["text"]} for each in EVERY_KIND]
    survey = opened(*(pages or (page("p1", *asked),)), **fields)
    for turn in range(times):
        answered(survey, ANSWERS | {"single": "ab"[turn % 2], "number": 20 + turn, "yes_no": turn % 2 == 0})
    publishing.publish(survey, [each.id for each in publishing.publishable(survey)], by=None)
    publishing.quote(survey, ["single", "number"], "consent", by=None)
    return survey


def results_pages(survey):
    """Where its results are seen: by readers and at the desk."""
    desk = f"/admin/surveys/survey/{survey.pk}/results/"
    both = f"{desk}?first=single&second=matrix.r1"
    return [f"/surveys/{survey.slug}/results/", desk, both, f"{desk}files/", f"{desk}answers/long_text/"]
