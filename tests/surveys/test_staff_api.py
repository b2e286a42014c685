"""Programs with a key begin and end the phases of a season."""

import pytest

from core.models import AuditEntry
from tests.core.programs import program
from tests.surveys import factories

pytestmark = pytest.mark.django_db


def step(who, season, name, sent=None):
    path = f"seasons/{season.slug}/"
    return who.post(f"{path}{name}/", sent, If_Match=who.get(path)["ETag"])


def test_a_season_goes_through_its_phases_and_only_knowingly_where_there_is_no_way_back():
    season, steward = factories.draft_season(), program("awards steward")
    taken = [
        step(steward, season, name, sent)
        for name, sent in (
            ("open-nominations", None),
            ("close-nominations", None),
            ("open-voting", {"is_final": True}),
            ("close-voting", {"is_final": True}),
        )
    ]
    states = [(answer.status_code, answer.json().get("state")) for answer in taken]
    assert states == [(200, "nominating"), (200, "shortlisting"), (200, "voting"), (200, "closed")]
    assert AuditEntry.objects.filter(action="opened voting", by_name__contains="script").count() == 1
    assert step(steward, season, "archive").status_code == 409


@pytest.mark.parametrize("sent", [None, {"is_final": False}])
def test_what_cannot_be_taken_back_is_not_done_unasked(sent):
    season = factories.draft_season()
    assert step(program("awards steward"), season, "open-voting", sent).status_code == 400
    season.refresh_from_db()
    assert season.state == "draft"


def test_whoever_may_not_change_seasons_begins_no_phase():
    season = factories.draft_season()
    refused = program("editor").post(f"seasons/{season.slug}/open-nominations/", If_Match="*")
    assert refused.status_code == 403
    season.refresh_from_db()
    assert season.state == "draft"
