"""Files of subscribers as they come: dates, encodings, separators, columns and rows that are not in order."""

import pytest
from django.core.management import CommandError

from newsletter.models import ConsentAct, Subscriber, Subscription
from newsletter.subscribers import importing
from newsletter.subscribers.importing.verdicts import Verdict
from tests.newsletter.lists import mailable, states

pytestmark = pytest.mark.django_db


def test_other_unicode_forms_of_a_domain_are_one_address(run):
    run(
        "email,status\na@bu\u0308cher.example,active\na@b\u00fccher.example,unsubscribed\na@xn--bcher-kva.example,active\n"
    )
    assert states() == {"a@xn--bcher-kva.example": "unsubscribed"}


DATES = {
    "2023-04-11 14:02:46 UTC": "2023-04-11T14:02:46",
    "2023-04-11T14:02:46.123456789Z": "2023-04-11T14:02:46.123456",
    "2023-04-11T16:02:46+02:00": "2023-04-11T14:02:46",
    "2023-04-11": "2023-04-11T00:00:00",
    "1681221766": "2023-04-11T14:02:46",
    "1681221766000": "2023-04-11T14:02:46",
    '"Apr 11, 2023 02:02 PM"': "2023-04-11T14:02:00",
    "11 April 2023": "2023-04-11T00:00:00",
    "11.04.2023 14:02": "2023-04-11T14:02:00",
    "04/04/2023": "2023-04-04T00:00:00",
}
NO_DATES = [
    "2023-02-30",
    "2099-01-01",
    "0001-01-01",
    "yesterday",
    "04/11/2023 2:02 PM",
    "31/31/2023",
    "999999999999999",
]


def test_dates_are_read_as_they_are_meant_and_what_is_none_is_named(run):
    every = [*DATES, *NO_DATES, ""]
    said = run("email,created_at\n" + "".join(f"d{n}@example.com,{date}\n" for n, date in enumerate(every)))
    rows = dict(Subscription.objects.values_list("subscriber__email", "confirmed_at"))
    found = [rows[f"d{n}@example.com"] for n in range(len(every))]
    assert [date and date.isoformat().removesuffix("+00:00") for date in found] == [*DATES.values(), *[None] * 8]
    for n in range(len(DATES), len(every) - 1):
        assert f"line {n + 2}: no usable date: " in said
    assert all(act.in_words().count("no date given") for act in ConsentAct.objects.filter(given_at=None))


@pytest.mark.parametrize(
    ("second", "options", "date"),
    [
        ("13/11/2023", [], "2023-11-04"),
        ("11/13/2023", [], "2023-04-11"),
        ("", ["--dates", "month-first"], "2023-04-11"),
        ("", ["--dates", "day-first"], "2023-11-04"),
    ],
)
def test_day_and_month_are_told_apart_by_the_column_or_asked_about(run, second, options, date):
    run(f"email,created_at\na@example.com,04/11/2023\nb@example.com,{second}\n", *options)
    assert f"{Subscription.objects.get(subscriber__email='a@example.com').confirmed_at:%Y-%m-%d}" == date


def test_of_very_many_dates_that_can_be_read_both_ways_all_are_counted_and_the_first_named(weekly, tmp_path):
    file = tmp_path / "list.csv"
    file.write_text("email,created_at\n" + "".join(f"a{number}@example.com,04/11/2023\n" for number in range(1005)))
    report = importing.import_subscribers(file, newsletter=weekly)
    assert (report.dateless.count, len(report.dateless.lines)) == (1005, 1000)
    assert report.dateless.lines[0].startswith("line 2: ")
    assert not Subscription.objects.filter(confirmed_at__isnull=False).exists()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252", "latin-1"])
@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_any_encoding_and_separator_is_found_out(run, encoding, separator):
    run("email,name,city\na@example.com,Zoë,Köln\nb@example.com,Bo,Ulm\n".replace(",", separator).encode(encoding))
    assert sorted(Subscriber.objects.values_list("email", "name")) == [
        ("a@example.com", "Zoë"),
        ("b@example.com", "Bo"),
    ]


ODD = "Email of boss,Wer,Wann,Weg\nboss@example.com,a@example.com,2020-01-01,\nboss@example.com,b@example.com,2020-01-01,x\n"


def test_columns_whose_names_do_not_tell_are_told(run):
    run(ODD, "--column", "Wer=email", "--column", "Wann=asked_at", "--column", "Weg=yes_means_off")
    assert states() == {"a@example.com": "confirmed", "b@example.com": "unsubscribed"}
    assert Subscription.objects.first().requested_at.year == 2020


def test_a_column_can_be_left_out(run):
    run("email,status\na@example.com,gold member\n", "--column", "status=")
    assert mailable() == ["a"]


@pytest.mark.parametrize(
    ("column", "words"),
    [
        ("Wer=mail", "no kind of column “mail”"),
        ("Was=email", "no column is named Was"),
        ("Wer=name", "no column is named"),
    ],
)
def test_a_column_that_is_not_there_is_explained(run, column, words):
    with pytest.raises(CommandError, match=words):
        run(ODD, "--column", column)


def test_the_first_rows_are_shown_as_they_are_understood(tmp_path):
    (tmp_path / "x.csv").write_text("email,status\na@example.com,bounced\nnonsense,active\nb@example.com,active\n")
    found = importing.preview(tmp_path / "x.csv", rows=2)
    assert [(line, getattr(row, "verdict", row)) for line, row in found] == [(2, Verdict.BOUNCED), (3, found[1][1])]
    assert found[1][1].startswith("This is not an e-mail address")


def test_a_list_of_addresses_needs_no_header(run):
    run("a@example.com\nb@example.com\n")
    assert mailable() == ["a", "b"]


BAD_ROWS = {
    "nonsense,x": "not an e-mail address",
    "a\0@example.com,x": "not an e-mail address",
    "user@test,x": "not an e-mail address",
    f"{'a' * 65}@example.com,x": "not an e-mail address",
    "zoë@example.com,x": "not an e-mail address",
    f"{'a' * 300}@example.com,x": "it may have 254",
    ",x": "it has no address",
    "a@example.com,x,more": "3 cells instead of 2",
    'a@example.com,"Ann': "opened and not closed",
}


@pytest.mark.parametrize("bad", BAD_ROWS)
def test_a_bad_row_is_named_by_its_line_and_the_others_come_in(run, bad):
    said = run(f'email,name\nfirst@example.com,"Two\nlines"\n\n{bad}\nlast@example.com,"5"" pipe"\nshort@example.com\n')
    assert "line 5: " in said
    assert BAD_ROWS[bad] in said
    assert mailable() == ["first", "last", "short"]


def test_a_cell_that_is_too_long_spoils_no_other_row(run):
    said = run(f"email,name\na@example.com,{'x' * 3_000_000}\nb@example.com,\0Bo\n")
    assert "line 2: it is longer than" in said
    assert list(Subscriber.objects.values_list("email", "name")) == [("b@example.com", "Bo")]
