"""A proof of work holds for its purpose, once, for ten minutes, and only if we made the challenge."""

import base64
import json

import altcha
import pytest

from core import proof_of_work
from core.models import RateCount
from core.retention import purge_expired

pytestmark = pytest.mark.django_db


def solve(challenge):
    made = altcha.Challenge.from_dict(challenge)
    return altcha.Payload(made, altcha.solve_challenge(made)).to_dict()


def written(proof):
    return base64.b64encode(json.dumps(proof).encode()).decode()


@pytest.fixture(scope="module")
def proof():
    return solve(proof_of_work.challenge("sign-up"))


def test_a_proof_counts_once(proof):
    assert [proof_of_work.spend("sign-up", written(proof)) for _ in range(3)] == [True, False, False]


def test_a_proof_for_one_purpose_is_none_for_another(proof):
    assert not proof_of_work.spend("ballot", written(proof))
    assert proof_of_work.spend("sign-up", written(proof))


def test_what_was_spent_is_remembered_until_it_expires(proof):
    assert proof_of_work.spend("sign-up", written(proof))
    purge_expired()
    assert RateCount.objects.exists()
    assert not proof_of_work.spend("sign-up", written(proof))


@pytest.mark.parametrize(
    "change",
    [
        lambda proof: proof["challenge"]["parameters"].update(cost=1),
        lambda proof: proof["challenge"]["parameters"].update(keyPrefix=""),
        lambda proof: proof["challenge"]["parameters"].update(expiresAt=None),
        lambda proof: proof["challenge"]["parameters"].update(nonce="00" * 16),
        lambda proof: proof["challenge"].update(signature="0" * 64),
        lambda proof: proof["challenge"].pop("signature"),
        lambda proof: proof["solution"].update(counter=proof["solution"]["counter"] + 1),
        lambda proof: proof["solution"].update(counter=-1),
        lambda proof: proof["solution"].update(counter=10**30),
        lambda proof: proof["solution"].update(counter=None),
        lambda proof: proof["solution"].update(derivedKey="00" * 32),
        lambda proof: proof["solution"].update(derivedKey=[1]),
        lambda proof: proof.pop("solution"),
        lambda proof: proof.update(challenge=[]),
    ],
)
def test_a_changed_proof_is_none(proof, change):
    changed = json.loads(json.dumps(proof))
    change(changed)
    assert not proof_of_work.spend("sign-up", written(changed))
    assert proof_of_work.spend("sign-up", written(proof))


@pytest.mark.parametrize("text", ["", "x", "e30=", "bnVsbA==", "W10=", "=" * 9, "é", "A" * 100_000, "W" * 1999])
def test_what_is_no_proof_is_refused(text):
    assert not proof_of_work.spend("sign-up", text)


def test_one_that_was_solved_unsigned_or_has_expired_is_refused():
    for fields in ({"hmac_secret": "other"}, {}, {"expires_at": 1, "hmac_secret": proof_of_work._secret()}):
        made = altcha.create_challenge(proof_of_work.ALGORITHM, 1, data={"for": "sign-up"}, **fields).to_dict()
        assert not proof_of_work.spend("sign-up", written(solve(made)))
