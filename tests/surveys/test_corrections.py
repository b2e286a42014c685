"""A result is corrected after its release by a new tally beside the old one; both are kept, and everybody reads why."""

import csv
import importlib.util
import io
import json

import pytest
from django.contrib.auth.models import Group
from django.db import IntegrityError, transaction
from django.urls import reverse

from core import audit
from core.models import User
from core.transitions import TransitionRefused
from surveys import corrections, promotion, verification
from surveys.models import AwardCategory, Ballot, FormerTally, LedgerEntry, Tally
from surveys.public_record_views import VERIFIER
from tests.html import one_line
from tests.surveys.factories import open_season, released_season

pytestmark = pytest.mark.django_db
REASON = "Three ballots were bought"


@pytest.fixture
def category():
    released_season(counts={"ada": 6, "bit": 5})
    return AwardCategory.objects.select_related("season").get()


def receipts(category, nominee, number):
    found = category.ballots.filter(choice=[[nominee]]).order_by("leaf_hash")[:number]
    return [ballot.receipt for ballot in found]


@pytest.fixture
def program():
    spec = importlib.util.spec_from_file_location("verify", VERIFIER)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def problems_found_outside(client, program, change=lambda ledger: None):
    """What the published program finds in what is published."""
    ledger = json.loads(client.get("/awards/moon-2025/ledger.json").content)
    change(ledger)
    ballots = list(csv.DictReader(io.StringIO(client.get("/awards/moon-2025/ballots.csv").content.decode())))
    return [*program.check(ledger, ""), *program.check_results(ledger, ballots)]


def test_the_new_result_stands_and_the_old_one_is_shown_with_the_reason(client, category, program):
    released_at = category.released_at
    corrections.correct(category, reason=REASON, void=receipts(category, "ada", 3))
    category.refresh_from_db()
    assert category.released_at == released_at
    assert [(row.name, row.count, row.is_winner) for row in category.tally.rows.all()[:2]] == [
        ("Bit", 5, True),
        ("Ada", 3, False),
    ]
    page = one_line(client.get(category.get_absolute_url()).content)
    assert "This result was corrected after its release" in page
    assert page.count(REASON) == 2
    assert "11 ballots. Corrected, because" in page
    document = json.loads(client.get("/awards/moon-2025/wallet/result.json").content)
    assert document["rows"][0]["slug"] == "bit"
    assert document["corrections"][0]["before"][0] == {
        "slug": "ada", "name": "Ada", "rank": 1, "count": 6, "winner": True
    }  # fmt: skip
    assert list(verification.problems(category.season)) == []
    assert problems_found_outside(client, program) == []


def test_the_badge_goes_to_who_won_and_proves_it_by_the_new_leaf(client, category):
    corrections.correct(category, reason=REASON, void=receipts(category, "ada", 3))
    assert client.get("/awards/moon-2025/wallet/ada/badge/").status_code == 404
    last = LedgerEntry.objects.filter(kind="result").order_by("-index").first()
    assert promotion.ledger.result_entry(category) == last
    assert last.receipt in client.get("/awards/moon-2025/wallet/bit/badge/").content.decode()


def test_a_recount_with_the_same_outcome_is_kept_too_and_twice_is_fine(client, category, program):
    for number in (1, 2):
        category.refresh_from_db()
        corrections.correct(category, reason=f"Recount {number}")
    assert list(FormerTally.objects.values_list("number", "reason")) == [(1, "Recount 1"), (2, "Recount 2")]
    assert list(verification.problems(category.season)) == []
    assert problems_found_outside(client, program) == []


@pytest.mark.parametrize(
    ("void", "says"),
    [(["zz"], "is no receipt"), (["ab" * 32], "has the receipt"), (["ab" * 31], "has the receipt")],
)
def test_a_wrong_receipt_leaves_everything_as_it_was(category, void, says):
    with pytest.raises(TransitionRefused, match=says):
        corrections.correct(category, reason=REASON, void=[*receipts(category, "ada", 1), *void])
    category.refresh_from_db()
    assert category.is_released
    assert not FormerTally.objects.exists()
    assert not Ballot.objects.filter(state="void").exists()
    assert Tally.objects.get().ballots == 11


def test_a_result_that_is_not_released_is_not_corrected_and_never_without_a_reason(category):
    with pytest.raises(TransitionRefused, match="Say why"):
        corrections.correct(category, reason=" ")
    other = open_season("moon-2026").categories.get()
    with pytest.raises(TransitionRefused, match="not released"):
        corrections.correct(other, reason=REASON)


@pytest.mark.parametrize(
    "change",
    [
        lambda said: said.pop("corrects"),
        lambda said: said.pop("reason"),
        lambda said: said.update(corrects="00" * 32),
    ],
)
def test_a_correction_in_silence_is_found(client, category, program, change):
    corrections.correct(category, reason=REASON, void=receipts(category, "ada", 3))

    def tamper(ledger):
        index = max(int(index) for index, said in ledger["statements"].items() if "result" in said)
        change(ledger["statements"][str(index)])
        ledger["leaves"][index] = program.leaf_hash(ledger["statements"][str(index)])

    assert any("corrects" in line for line in problems_found_outside(client, program, tamper))


def test_a_former_result_that_is_changed_in_the_table_is_found(category):
    corrections.correct(category, reason=REASON)
    with pytest.raises(IntegrityError, match="never changed or deleted"), transaction.atomic():
        FormerTally.objects.update(reason="Nothing")
    kept = FormerTally.objects.get()
    FormerTally.objects.bulk_create(
        [FormerTally(category=category, number=2, statement=kept.statement, rows=[], reason="Made up")]
    )
    assert any("former results" in line for line in verification.problems(category.season))


def test_the_steward_corrects_on_a_page_that_says_what_it_does(client, category):
    user = User.objects.create_user("steward@example.com")
    user.groups.add(Group.objects.get(name="awards steward"))
    client.force_login(user)
    path = reverse("admin:surveys_awardcategory_correction", args=[category.pk])
    overview = client.get(reverse("admin:surveys_season_overview", args=[category.season_id])).content.decode()
    assert path in overview
    assert "stays on the category’s page" in one_line(client.get(path).content)
    assert "This field is required" in client.post(path, {"reason": REASON}).content.decode()
    assert "is no receipt" in client.post(path, {"reason": REASON, "receipts": "xx", "sure": "on"}).content.decode()
    void = "\n".join(receipts(category, "ada", 3)).upper()
    answer = client.post(path, {"reason": REASON, "receipts": void, "sure": "on"})
    assert answer.status_code == 302
    entry = audit.entries_about(category).first()
    assert (entry.action, entry.detail) == ("corrected the result", f"{REASON} (ballots voided: 3)")
    user.groups.get().permissions.remove(user.groups.get().permissions.get(codename="release_season"))
    client.force_login(User.objects.get(pk=user.pk))
    assert client.get(path).status_code == 403
