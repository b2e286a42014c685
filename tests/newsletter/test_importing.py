"""Subscribers from other systems: consent comes along as it was given, a no always wins, and good rows come in from any file."""

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.lib.networks import network_of
from newsletter import importing, standing, subscriptions
from newsletter.addresses import parse_address
from newsletter.importing import rows
from newsletter.importing.verdicts import Verdict
from newsletter.models import ConsentAct, Subscriber, Subscription, Suppression
from tests.newsletter import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def weekly():
    return factories.newsletter()


@pytest.fixture
def run(weekly, tmp_path, capsys):
    def run(content, *options, name="list.csv"):
        file = tmp_path / name
        file.write_bytes(content if isinstance(content, bytes) else content.encode())
        call_command("import_subscribers", str(file), *options)
        said = capsys.readouterr()
        return said.out + said.err

    return run


def states():
    return dict(Subscription.objects.values_list("subscriber__canonical", "state"))


def mailable():
    found = Subscription.objects.confirmed().filter(subscriber__suppressed="")
    return sorted(email.partition("@")[0] for email in found.values_list("subscriber__canonical", flat=True))


def reasons():
    return sorted(Suppression.objects.values_list("reason", flat=True))


def test_consent_comes_along(run):
    run(
        "Email Address,First Name,Last Name,CONFIRM_TIME,CONFIRM_IP\nAnn@Example.com,Ann,Lee,2023-03-24 10:23:10,203.0.113.9\n"
    )
    row = Subscription.objects.select_related("subscriber").get()
    assert (row.subscriber.email, row.subscriber.name, row.state) == ("Ann@example.com", "Ann Lee", "confirmed")
    assert f"{row.confirmed_at:%Y-%m-%d %H:%M}" == "2023-03-24 10:23"
    assert (row.confirmed_from, row.source) == ("203.0.113.0/24", "import of list.csv")
    act = ConsentAct.objects.get()
    assert (act.act, act.given_at, act.way) == ("imported", row.confirmed_at, "import of list.csv")


def test_a_second_time_changes_nothing(run):
    content = (
        "email,status\na@example.com,active\nb@example.com,unsubscribed\nc@example.com,spam\nd@example.com,pending\n"
    )
    run(content)
    before = list(ConsentAct.objects.values_list("pk", flat=True)), states(), reasons()
    assert "0 added to Weekly, 2 there already, 2 left alone" in run(content.replace("a@example.com", "A@EXAMPLE.com"))
    assert (list(ConsentAct.objects.values_list("pk", flat=True)), states(), reasons()) == before


@pytest.mark.parametrize("reason", ["bounce", "complaint", "erased", "staff"])
def test_the_suppressed_stay_out(run, reason):
    factories.suppression(reason, "a@example.com")
    assert "1 left alone" in run("email\na@example.com\n")
    assert not Subscriber.objects.exists()


def test_the_unsubscribed_stay_unsubscribed(run, weekly):
    factories.subscription(weekly, "a@example.com", state="unsubscribed")
    assert "1 left alone" in run("email\na@example.com\n")
    assert states() == {"a@example.com": "unsubscribed"}


STATUSES = {
    "": ["active", "Subscribed", "ENABLED", "confirmed", "1", "true"],
    "unsubscribed": ["Unsubscribed", "UNSUBSCRIBED", "opted-out", "deleted", "removed", "0", "false", "cancelled"],
    "bounce": ["bounced", "Cleaned", "undeliverable", "hard_bounced"],
    "complaint": ["complained", "spam", "reported_spam", "Spam complaint"],
    "staff": ["blocklisted", "blocked", "suppressed"],
    "pending": ["pending", "unconfirmed", "needs_attention", "validating", "paused", "inactive", "anything", ""],
}


def test_only_what_is_known_to_mean_active_is_mailable(run):
    words = [(kind, word) for kind, found in STATUSES.items() for word in found]
    said = run("email,status\n" + "".join(f"a{n}@example.com,{word}\n" for n, (_, word) in enumerate(words)))
    assert mailable() == sorted(f"a{n}" for n, (kind, _) in enumerate(words) if kind == "")
    for kind in ("unsubscribed", "pending"):
        assert sum(state == kind for state in states().values()) == len(STATUSES[kind])
    assert reasons() == sorted(kind for kind, _ in words if kind in ("bounce", "complaint", "staff"))
    assert "“needs_attention” is not known to mean active: line" in said
    assert "“no status” is not known to mean active" in said


@pytest.mark.parametrize(
    ("content", "name", "system"),
    [
        ("Email Address,MEMBER_RATING,UNSUB_TIME,UNSUB_REASON\na@example.com,2,,\n", "x.csv", "Mailchimp"),
        ("Email Address,MEMBER_RATING\na@example.com,2\n", "unsubscribed_members.csv", "Mailchimp"),
        ("email,active_subscription,expiry,email_disabled\na@example.com,true,,true\n", "x.csv", "Substack"),
        ("email,First Name,status,tier,created_at\na@example.com,A,inactive,free,\n", "x.csv", "beehiiv"),
        ("email,status,tier,created_at,unsubscribed_at\na@example.com,active,free,,2024-01-01\n", "x.csv", "beehiiv"),
        ("id,email,subscribed_to_emails,complimentary_plan\n1,a@example.com,false,\n", "x.csv", "Ghost"),
        (
            "email,subscribed_to_emails,complimentary_plan,deleted_at\na@example.com,true,,2024-01-01\n",
            "x.csv",
            "Ghost",
        ),
        ("uuid,email,attributes,status\nu,a@example.com,{},disabled\n", "x.csv", "listmonk"),
        ("email,notes,tags,subscriber_type,creation_date\na@example.com,,,unsubscribed,\n", "x.csv", "Buttondown"),
        ("email,first_name,created_at,status\na@example.com,A,,cancelled\n", "x.csv", "Kit"),
        ("Name,Email,Signed Up,Unsubscribed\nA,a@example.com,2020-01-01,2021-01-01\n", "x.csv", "Curated"),
        ("Name,E-Mail Address,Subscribed\nX,a@example.com,no\n", "x.csv", "plain CSV"),
        ("email,Opted Out\na@example.com,by phone\n", "x.csv", "plain CSV"),
        ("email,do_not_email\na@example.com,Y\n", "x.csv", "plain CSV"),
    ],
)
def test_somebody_who_left_there_has_left_here(run, content, name, system):
    assert f"read as {system} (" in run(content, name=name)
    assert states() == {"a@example.com": "unsubscribed"}


@pytest.mark.parametrize(
    "content",
    [
        "Email Address,MEMBER_RATING,OPTIN_TIME\na@example.com,2,2020-01-01 10:00:00\n",
        "email,active_subscription,expiry,email_disabled,created_at\na@example.com,false,,false,2020-01-01T10:00:00Z\n",
        "email,status,tier,created_at,unsubscribed_at\na@example.com,active,free,2020-01-01 10:00:00 UTC,\n",
        "email,subscribed_to_emails,complimentary_plan,created_at,deleted_at\na@example.com,true,,2020-01-01T10:00:00.000Z,\n",
        "uuid,email,attributes,status,created_at\nu,a@example.com,{},enabled,2020-01-01T10:00:00+00:00\n",
        "email,subscriber_type,creation_date\na@example.com,regular,2020-01-01T10:00:00Z\n",
        "email,first_name,status,created_at\na@example.com,A,active,2020-01-01 10:00:00 UTC\n",
        "Name,Email,Signed Up\nA,a@example.com,2020-01-01 10:00:00\n",
    ],
)
def test_somebody_active_there_is_mailable_here_since_the_date_given(run, content):
    run(content)
    assert mailable() == ["a"]
    assert f"{Subscription.objects.get().confirmed_at:%Y-%m-%dT%H:%M}" == "2020-01-01T10:00"


def test_a_state_of_a_country_is_no_status(run):
    run("email,state\na@example.com,CA\nb@example.com,NY\n")
    assert mailable() == ["a", "b"]


def test_what_was_cleaned_there_is_suppressed_here(run):
    run("Email Address,MEMBER_RATING,CLEAN_TIME\na@example.com,2,2024-01-01 10:00:00\n")
    assert reasons() == ["bounce"]
    assert f"{ConsentAct.objects.get().given_at:%Y-%m-%d}" == "2024-01-01"
    assert not Subscription.objects.exists()


OLD = "email,status,created_at\nmove1@example.com,active,2022-01-01\nmove2@example.com,active,2022-01-01\n"
NEW = (
    "email,status,created_at,unsubscribed_at,unsubscribe_reason\nmove1@example.com,unsubscribed,2022-01-01,2024-01-01,Too"
    " many\nmove2@example.com,active,2022-01-01,,\n"
)


@pytest.mark.parametrize("files", [(OLD, NEW), (NEW, OLD)])
def test_a_stop_wins_whichever_file_comes_first_with_its_date_and_reason(run, files):
    for content in files:
        run(content)
    assert mailable() == ["move2"]
    row = Subscription.objects.get(subscriber__email="move1@example.com")
    assert (row.unsubscribed_at.year, row.confirmed_at.year) == (2024, 2022)
    assert ConsentAct.objects.get(act="left").note == "Too many"


@pytest.mark.parametrize(("date", "stays"), [("2019-01-01", True), ("", False)])
def test_a_stop_from_before_somebody_confirmed_here_does_not_count(run, weekly, date, stays):
    factories.subscription(weekly, "a@example.com")
    run(f"email,unsubscribed_at,status\na@example.com,{date},unsubscribed\n")
    assert mailable() == (["a"] if stays else [])


@pytest.mark.parametrize("status", ["bounced", "complained", "blocked"])
def test_a_suppression_reaches_a_subscriber_that_is_known(run, weekly, status):
    factories.subscription(weekly, "a@example.com")
    run(f"email,status\na@example.com,{status}\n")
    assert (mailable(), Subscriber.objects.get().suppressed) == ([], reasons()[0])


def test_a_subscriber_of_another_list_joins_this_one(run, weekly):
    factories.subscription(factories.newsletter(name="N", slug="n", is_default=False), "a@example.com")
    assert "1 added to Weekly" in run("email\na@example.com\n")
    assert Subscription.objects.get(newsletter=weekly).state == "confirmed"


@pytest.mark.parametrize("apart", [0, 3000])
def test_of_several_rows_about_an_address_the_stop_wins(run, apart):
    between = "".join(f"other{n}@example.com,active,2021-01-01\n" for n in range(apart))
    content = f"Dup@example.com,active,2020-01-01\n{between}dup@EXAMPLE.com,unsubscribed,\n"
    run("email,status,created_at\n" + content)
    assert states()["dup@example.com"] == "unsubscribed"
    assert Subscription.objects.get(subscriber__canonical="dup@example.com").confirmed_at.year == 2020


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


@pytest.mark.parametrize(
    ("content", "words"), [("name,city\nAnn,Rome\n", "no column is named email"), ("", "empty"), ("\n\n", "empty")]
)
def test_a_file_without_addresses_is_explained(run, content, words):
    with pytest.raises(CommandError, match=words):
        run(content)


def test_a_missing_file_and_a_missing_list_are_explained(run, weekly, tmp_path):
    with pytest.raises(CommandError, match="No such file"):
        call_command("import_subscribers", str(tmp_path / "none.csv"))
    with pytest.raises(CommandError, match="There is no newsletter nope"):
        run("email\na@example.com\n", "--newsletter", "nope")


def test_a_dry_run_changes_nothing(run):
    assert "1 added" in run("email\na@example.com\n", "--dry-run")
    assert not Subscriber.objects.exists()
    assert not ConsentAct.objects.exists()


def test_attributes_come_along_and_are_in_the_persons_export(run):
    run('uuid,email,name,attributes,status\nu,a@example.com,A,"{""city"": ""Rome"", ""\\u0000"": 1}",enabled\n')
    assert subscriptions.export(Subscriber.objects.get())["attributes"] == {"city": "Rome", "": 1}


ROW = st.tuples(
    st.integers(0, 5),
    st.sampled_from(["active", "pending", "unsubscribed", "bounced", "spam", "blocked", "?"]),
    st.sampled_from(["", "2021-01-01", "2031-01-01"]),
    st.sampled_from(["", "2022-01-01"]),
)


@given(st.lists(st.lists(ROW, max_size=8), min_size=1, max_size=4))
@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_imports_in_bulk_leave_what_the_ledger_says(run, weekly, files):
    with connection.cursor() as cursor:
        cursor.execute("SAVEPOINT before")
        for rows_of in files:
            lines = (f"a{who}@example.com,{status},{at},{left}\n" for who, status, at, left in rows_of)
            run("email,status,created_at,unsub_date,ip\n".replace("unsub_date", "unsubscribed_at") + "".join(lines))
        for row in Subscription.objects.select_related("subscriber"):
            found = standing.state(ConsentAct.objects.about(row.subscriber))
            member = found.lists[weekly.pk]
            assert found.suppressed == row.subscriber.suppressed
            for name in (
                "state",
                "since",
                "source",
                "requested_at",
                "requested_from",
                "confirmed_at",
                "unsubscribed_at",
            ):
                assert getattr(member, name) == getattr(row, name), name
        cursor.execute("ROLLBACK TO before")


@given(st.from_regex(rows._PLAIN, fullmatch=True))
@settings(max_examples=40)
def test_addresses_that_skip_the_parser_are_those_it_would_take_as_they_are(address):
    if len(address) > 254 or rows._SPECIAL.search(address) or address.index("@") > 64:
        return
    found = parse_address(address)
    assert (found.email, found.canonical) == (address, address.lower())


@pytest.mark.parametrize("text", ["203.0.113.9", "0.0.0.0", "255.255.255.255", "256.1.1.1", "01.2.3.4", "1.2.3"])
def test_networks_of_plain_addresses_are_found_as_of_others(text):
    assert network_of(text) == network_of(f" {text}")
