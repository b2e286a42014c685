"""A stranger adds a report up and checks the log, with nothing but Python and what our pages gave."""

import json
import subprocess
import sys

import pytest
from django.utils import timezone

from sponsors import booking, clicks, disclosures, final_reports, verdicts
from sponsors.models import Adjustment, DisclosureEntry
from tests.sponsors import factories

pytestmark = pytest.mark.django_db
LOG = "/sponsored-is-not-rated/log.json"


def run(folder, program, *arguments):
    """What a program says in a bare Python, which knows none of our packages and no environment."""
    file = folder / "program.py"
    file.write_bytes(program)
    command = [sys.executable, "-I", "-S", str(file), *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=folder, env={})
    return done.returncode, done.stdout + done.stderr


def changed(content, before, after):
    assert before in content, before
    return content.replace(before, after, 1)


def test_a_report_is_added_up_from_its_csv_and_a_changed_one_is_found(client, tmp_path, time_machine):
    sold = factories.running()
    claim = sold.claims.get()
    for number in range(7):
        clicks.record_click(claim_id=claim.pk, nonce=f"web:{number}", reason="" if number < 5 else "scanner")
    claim.view_days.create(day=claim.unit.date, reason="", number=812)
    claim.view_days.create(day=claim.unit.date, reason="scanner", number=88)
    Adjustment.objects.create(claim=claim, kind="view", number=-12, words="=Counted twice", by=factories.user())
    wait = verdicts.COUNTED_FOR + verdicts.LAST_VERDICTS
    factories.wait(time_machine, days=wait.days + 2)
    assert final_reports.freeze_due() == 1
    sha256 = sold.reports.get().sha256
    ways = {form: client.get(f"{sold.report_path}?final=1&as={form}").content for form in ("csv", "json", "py")}
    table, document = tmp_path / "report.csv", tmp_path / "report.json"
    table.write_bytes(ways["csv"])
    document.write_bytes(ways["json"])
    code, said = run(tmp_path, ways["py"], table, document, sha256)
    assert code == 0, said
    assert "All views: counted 800, rejected 88" in said
    assert "All clicks: counted 5, rejected 2" in said
    assert "The frozen report holds." in said
    page = client.get(f"{sold.report_path}?final=1").content.decode()
    assert sha256 in page
    table.write_bytes(changed(ways["csv"], b"812", b"912"))
    assert run(tmp_path, ways["py"], table, document, sha256)[0] == 1
    table.write_bytes(ways["csv"])
    document.write_bytes(changed(ways["json"], b"812", b"912"))
    code, said = run(tmp_path, ways["py"], table, document, sha256)
    assert (code, "does not hold" in said) == (1, True)


@pytest.fixture
def log():
    first = factories.running()
    booking.cancel(first, by=None)
    disclosures.correct(DisclosureEntry.objects.first(), "It was the silver package: “Ähnlich”.", by=factories.user())
    return list(DisclosureEntry.objects.order_by("number"))


def kept(client, folder):
    """The log as our pages gave it, in files whose names are those of its pages, and the program."""
    page, number = LOG, 0
    while page:
        document = client.get(page).json()
        following, number = document["next"], number + 1
        document["next"] = following and f"{number + 1}.json"
        (folder / f"{number}.json").write_text(json.dumps(document))
        page = following and LOG + following
    return client.get("/sponsored-is-not-rated/check_log.py").content, number


def test_the_log_is_checked_page_by_page_and_a_changed_copy_is_found(log, client, tmp_path):
    program, pages = kept(client, tmp_path)
    first = tmp_path / "1.json"
    assert pages == 1
    assert run(tmp_path, program, first.as_uri()) == (
        0,
        f"The log holds: 3 entries, the last seal is {log[-1].sha256}.\n",
    )
    whole = first.read_text()
    for before, after in (("silver", "golden"), ('"number": 2', '"number": 5'), (log[0].sha256, "0" * 64)):
        first.write_text(changed(whole, before, after))
        code, said = run(tmp_path, program, first.as_uri())
        assert (code, "is missing or was changed" in said) == (1, True)
    document = json.loads(whole)
    del document["entries"][1]
    first.write_text(json.dumps(document))
    assert run(tmp_path, program, first.as_uri()) == (1, "Entry 2 is missing or was changed.\n")


def test_a_long_log_comes_in_pages_each_of_a_few_statements(client, tmp_path, django_assert_max_num_queries):
    """2,500 entries, sealed as the desk seals them, in three pages."""
    previous, rows = "", []
    for number in range(1, 2_501):
        row = DisclosureEntry(
            number=number,
            kind="correction",
            sponsor_name=f"Sponsor {number}",
            placements=["About entry 1: x"],
            at=timezone.now(),
        )
        previous = row.sha256 = disclosures.seal(row, previous)
        rows.append(row)
    DisclosureEntry.objects.bulk_create(rows)
    with django_assert_max_num_queries(3):
        page = client.get(f"{LOG}?page=2").json()
    assert [entry["number"] for entry in page["entries"]] == list(range(1_001, 2_001))
    program, pages = kept(client, tmp_path)
    assert pages == 3
    assert run(tmp_path, program, (tmp_path / "1.json").as_uri()) == (
        0,
        f"The log holds: 2500 entries, the last seal is {previous}.\n",
    )
    third = tmp_path / "3.json"
    third.write_text(changed(third.read_text(), "Sponsor 2345", "Sponsor 5432"))
    assert run(tmp_path, program, (tmp_path / "1.json").as_uri()) == (1, "Entry 2345 is missing or was changed.\n")
    for odd in ("9", "0", "-4", "x", "9" * 30):
        assert client.get(f"{LOG}?page={odd}").status_code == 200
