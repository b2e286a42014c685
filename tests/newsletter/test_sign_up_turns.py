"""Sign-ups that come together are answered in turns as they would be one by one, and counted once."""

import re
from io import BytesIO
from itertools import pairwise
from urllib.parse import urlencode

import pytest
from django.db import connection
from django.http import QueryDict
from django.test import RequestFactory
from django.test.utils import CaptureQueriesContext

from core.lib.prepared_answers import FORM
from core.models import RateCount
from newsletter import sign_up_turns
from newsletter.forms import SubscribeForm, plain_sign_up
from newsletter.models import Newsletter, SignUp, SignUpRules
from newsletter.subscribers import sign_ups
from tests.newsletter.test_sign_ups import known

pytestmark = pytest.mark.django_db
PATH = "/newsletter/subscribe/"


def environ(email="ann@example.com", json=False, ip="192.0.2.7", **fields):
    headers = {"HTTP_ACCEPT": "application/json"} if json else {}
    sent = urlencode({"email": email, "website": "", "source": "footer"} | fields)
    made = RequestFactory().post(PATH, sent, content_type=FORM, REMOTE_ADDR=ip, **headers).environ
    return made | {"wsgi.input": BytesIO(sent.encode())}


def whole(answer):
    if hasattr(answer, "items"):
        return answer.status_code, {name.lower(): value for name, value in answer.items()}, answer.content
    return answer.status, {name.decode(): value.decode() for name, value in answer.headers}, answer.body


@pytest.mark.parametrize("json", [False, True])
@pytest.mark.parametrize("when", ["never", "always"])
def test_the_answer_is_the_view_s_and_so_is_the_row(client, weekly, json, when):
    SignUpRules(proof_when=when).save()
    (ready,) = sign_up_turns.sign_up([environ(json=json)])
    headers = {"Accept": "application/json"} if json else {}
    by_the_view = client.post(
        PATH, {"email": "ann@example.com", "source": "footer"}, REMOTE_ADDR="192.0.2.7", headers=headers
    )
    assert whole(ready) == whole(by_the_view)
    columns = ("email", "canonical", "newsletter", "source", "network", "waits_without_proof")
    one, other = SignUp.objects.values(*columns)
    assert one == other


def test_of_many_each_gets_its_own_answer_and_all_take_the_statements_of_one(weekly):
    sign_up_turns.sign_up([environ("warm@example.com", ip="198.51.100.7")])
    with CaptureQueriesContext(
        connection,
    ) as of_one:
        sign_up_turns.sign_up([environ("first@example.com", ip="203.0.113.7")])
    forms = [environ(f"a{number}@example.com", ip=f"192.0.{number}.7") for number in range(9)]
    forms[4] = environ("a4@")
    with CaptureQueriesContext(connection) as of_many:
        answers = sign_up_turns.sign_up(forms)
    assert len(of_many) == len(of_one)
    assert [place for place, ready in enumerate(answers) if ready is None] == [4]
    assert SignUp.objects.count() == 10


def test_the_database_is_asked_the_same_whatever_is_known_of_an_address(weekly):
    kinds = known(weekly)
    sign_up_turns.sign_up([environ("warm@example.com")])

    def statements(kind):
        with CaptureQueriesContext(connection) as queries:
            (ready,) = sign_up_turns.sign_up([environ(f"{kind}@example.com")])
        texts = [query["sql"] for query in queries if "core_contentgeneration" not in query["sql"]]
        return [re.sub(r"'[^']*'|\b\d+\b", "?", text) for text in texts], ready

    found = [statements(kind) for kind in kinds]
    assert all(each == found[0] for each in found)


def test_whom_a_limit_refuses_the_view_tells_so_without_counting_again(client, weekly):
    SignUpRules(proof_when="always").save()
    forms = [environ(f"a{number}@example.com") for number in range(5)]
    forms.append(environ("b@example.com", can_prove="on"))
    answers = sign_up_turns.sign_up(forms)
    assert [ready is not None for ready in answers] == [True] * 3 + [False] * 3
    counts = sorted(RateCount.objects.values_list("count", flat=True))
    for form in forms:
        form["wsgi.input"].seek(0)
    told = [client.request(**form) for form in forms[3:]]
    assert [answer.status_code for answer in told] == [429, 429, 428]
    assert sorted(RateCount.objects.values_list("count", flat=True)) == counts
    assert SignUp.objects.count() == 3
    due = [row.due_at for row in SignUp.objects.order_by("due_at")]
    assert [later - earlier for earlier, later in pairwise(due)] == [sign_ups.UNPROVEN_GAP] * 2


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"newsletter": "weekly"},
        {"newsletter": "gone"},
        {"website": "x"},
        {"source": "x" * 81},
        {"source": " a\0 "},
        {"proof": "x" * 2001},
        {"can_prove": "on", "proof": " p "},
        {"can_prove": "false"},
        {"email": ""},
    ],
)
def test_a_plain_sign_up_is_read_as_its_form_reads_it(weekly, fields):
    sent = QueryDict(urlencode({"email": "ann@example.com", "source": ""} | fields))
    asked = plain_sign_up(sent, {each.slug: each for each in Newsletter.objects.open()}, ip="")
    form = SubscribeForm(sent)
    assert (asked is not None) == (form.is_valid() and not form.is_trapped)
    if asked:
        data = form.cleaned_data | {"source": form.cleaned_data["source"] or "form"}
        assert {name: getattr(asked, name) for name in ("email", "newsletter", "source", "proof", "can_prove")} == {
            name: data[name] for name in ("email", "newsletter", "source", "proof", "can_prove")
        }
