"""Subscribers from other systems: consent comes along as it was given, a no always wins, and good rows come in from any file."""

import re

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.lib.networks import network_of
from newsletter.models import ConsentAct, Subscriber, Subscription
from newsletter.subscribers import standing, subscriptions
from tests.newsletter import factories
from tests.newsletter.lists import mailable, reasons, states

pytestmark = pytest.mark.django_db


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


def test_every_row_is_counted_once(run, weekly):
    """Whoever is known or not, on the list or off it, suppressed here or by the file."""
    said = ["active", "unsubscribed", "bounced", "spam", "blocked", "pending"]
    known = {"new": None, "on": "confirmed", "off": "unsubscribed", "asked": "pending"}
    for name, state in known.items():
        for status in said if state else ():
            factories.subscription(weekly, f"{name}-{status}@example.com", state=state)
    factories.suppression("staff", "new-active@example.com")
    rows = [f"{name}-{status}@example.com,{status}" for name in known for status in said]
    content = "\n".join(["email,status", *rows, rows[0], "nonsense,active", ""])
    for first_time in (True, False):
        told = run(content)
        added, there, alone, suppressed, refused = map(
            int, re.findall(r"(\d+) (?:added|there|left|suppressed by|refused)", told)[:5]
        )
        assert added + there + alone + suppressed == len(rows)
        assert (bool(suppressed), bool(added), refused) == (first_time, first_time, 1)


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


def test_what_is_no_number_empties_one_attribute_and_keeps_the_others(run):
    run(
        'uuid,email,name,attributes,status\nu,a@example.com,A,"{""city"": ""Rome"", ""a"": NaN, ""b"": 1e999}",enabled\n'
    )
    assert Subscriber.objects.get().attributes == {"city": "Rome", "a": None, "b": None}


@pytest.mark.parametrize(
    ("cell", "words"), [('"{""a"": "', "cannot be read as JSON"), ('"[1, 2]"', "are no names with values")]
)
def test_attributes_that_cannot_be_read_are_told_and_the_person_is_taken(run, cell, words):
    said = run(f"uuid,email,name,attributes,status\nu,a@example.com,A,{cell},enabled\n")
    assert f"attributes: {words}" in said
    assert Subscriber.objects.get().attributes == {}


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


@pytest.mark.parametrize("text", ["203.0.113.9", "0.0.0.0", "255.255.255.255", "256.1.1.1", "01.2.3.4", "1.2.3"])
def test_networks_of_plain_addresses_are_found_as_of_others(text):
    assert network_of(text) == network_of(f" {text}")
