"""Whoever holds the database tries to join a person to an answer: by columns, by order, by transactions. docs/counting.md says what works."""

import logging
from datetime import date

import pytest
from django.db import connection

from core import outbox
from core.lib.signing import read_token
from core.models import OutgoingMail
from surveys import keys
from surveys.models import AnswerTag, Participation, Response, Sitting
from surveys.questionnaires import (
    access,
    answer_tags,
    at_once,
    finishing,
    mails,
    phases,
    responses,
    retention,
    settling,
    sittings,
    versions,
)
from tests.surveys.questionnaires.factories import entry, opened, page, question

TABLES = (
    "surveys_sitting",
    "surveys_participation",
    "surveys_response",
    "surveys_responsecount",
    "core_outgoingmail",
    "core_ratecount",
)
SURVEY = [page("p1", question("q1", "number"), question("q2"))]


def everything():
    found = []
    with connection.cursor() as cursor:
        for table in TABLES:
            cursor.execute(f"SELECT row::text FROM {table} AS row")
            found += [f"{table}: {row}" for (row,) in cursor.fetchall()]
    return found


def rows(statement):
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchall()


def take_part(survey, number):
    """So many people answer with their own number, one after the other; their keys."""
    people = [access.address_key(survey, f"reader{each}@example.com") for each in range(number)]
    for each, key in enumerate(people):
        at_once.submit(entry(survey, key), {"q1": each, "q2": f"zebra {each}"})
    return people


@pytest.mark.django_db(transaction=True)
def test_neither_order_nor_transaction_nor_column_joins_who_took_part_to_an_answer():
    survey = opened(*SURVEY, access="address")
    people = take_part(survey, 40)
    settling.settle(survey)
    by_place = [each for (each,) in rows("SELECT (answers->>'q1')::int FROM surveys_response ORDER BY ctid")]
    assert sorted(by_place) == list(range(40))
    assert by_place != list(range(40))
    assert [each.answers["q1"] for each in Response.objects.order_by("pk")] != list(range(40))
    took_part = {row[0] for row in rows("SELECT xmin::text FROM surveys_participation")}
    counted = {row[0] for row in rows("SELECT xmin::text FROM surveys_response")}
    assert (len(took_part), len(counted), took_part & counted) == (40, 1, set())
    answers = [row for row in everything() if "zebra" in row]
    assert len(answers) == 40
    assert [row for row in answers if any(key.hex() in row for key in people)] == []
    assert not Sitting.objects.exists()


@pytest.mark.django_db
def test_fewer_than_enough_wait_for_each_other_until_the_close():
    survey = opened(*SURVEY, access="address")
    take_part(survey, settling.TOGETHER - 1)
    assert settling.settle(survey) == 0
    phases.close(survey)
    assert settling.settle(survey) == settling.TOGETHER - 1


@pytest.mark.django_db
def test_who_is_counted_together_has_one_day():
    survey = opened(*SURVEY, access="address")
    take_part(survey, settling.TOGETHER)
    for each, sitting in enumerate(Sitting.objects.all()):
        Sitting.objects.filter(pk=sitting.pk).update(finished_on=date(2026, 1, 1 + each))
    settling.settle(survey)
    assert set(Response.objects.values_list("day", flat=True)) == {date(2026, 1, settling.TOGETHER)}


@pytest.mark.django_db(transaction=True)
def test_the_last_is_stored_with_earlier_ones_and_has_their_day():
    survey = opened(*SURVEY, access="address")
    take_part(survey, settling.TOGETHER)
    Sitting.objects.update(finished_on=date(2026, 1, 1))
    settling.settle(survey)
    before = set(Response.objects.values_list("pk", flat=True))
    answer_tags.change(survey, versions.current(survey).questions["q2"], before, "animals")
    at_once.submit(entry(survey, access.address_key(survey, "last@example.com")), {"q1": 99})
    phases.close(survey)
    assert settling.settle(survey) == 1
    assert len(rows("SELECT DISTINCT xmin::text, day FROM surveys_response")) == 1
    assert sorted(each.answers["q1"] for each in Response.objects.all()) == [*range(settling.TOGETHER), 99]
    assert not before & set(Response.objects.values_list("pk", flat=True))
    assert sorted(AnswerTag.objects.values_list("response__answers__q1", flat=True)) == list(range(settling.TOGETHER))


def never_finish(survey, number):
    for _ in range(number):
        sitting = responses.new_sitting(entry(survey))
        sitting.ended, sitting.finished_on = "partial", date(2026, 1, 1)
        sitting.save(force_insert=True)


@pytest.mark.django_db
def test_who_never_finished_hides_nobody():
    survey = opened(*SURVEY, access="address")
    never_finish(survey, settling.TOGETHER)
    take_part(survey, 1)
    assert settling.settle(survey) == settling.TOGETHER
    assert not Response.objects.exclude(ended="partial").exists()


@pytest.mark.django_db
def test_who_never_finished_needs_nobody_to_hide_among():
    survey = opened(*SURVEY, access="address")
    take_part(survey, settling.TOGETHER)
    settling.settle(survey)
    before = set(Response.objects.values_list("pk", flat=True))
    phases.close(survey)
    never_finish(survey, 1)
    settling.settle(survey)
    assert before < set(Response.objects.values_list("pk", flat=True))


@pytest.mark.django_db
def test_the_database_reads_no_answer_that_waits_or_is_on_its_way():
    survey = opened(*SURVEY, access="address")
    key = access.address_key(survey, "ann@example.com")
    saved = responses.start(entry(survey, key), {"q-q1": "7", "q-q2": "zebra"})
    assert [row for row in everything() if "zebra" in row] == []
    finishing.finish(saved.sitting)
    assert [row for row in everything() if "zebra" in row] == []
    assert [row for row in everything() if "sitting" in row and key.hex() in row] == []
    keys.destroy_pepper(survey)
    with pytest.raises(keys.PepperMissing):
        sittings.progress_of(Sitting.objects.get())


@pytest.mark.django_db
def test_the_length_of_what_waits_says_nothing_of_the_answers():
    survey = opened(*SURVEY, access="address")
    for each, words in enumerate(["", "zebra", "zebra " * 30]):
        at_once.submit(entry(survey, access.address_key(survey, f"reader{each}@example.com")), {"q1": 1, "q2": words})
    assert len({len(bytes(sitting.sealed)) for sitting in Sitting.objects.all()}) == 1
    assert len(keys.pepper(survey).seal_padded({"q2": "z" * 5000})) == len(
        keys.pepper(survey).seal_padded({"q2": "z" * 8000})
    )


@pytest.mark.django_db
def test_a_mail_that_waits_has_neither_link_nor_key_beside_its_address():
    survey = opened(*SURVEY, access="address")
    key = access.address_key(survey, "ann@example.com")
    sitting = responses.begin(entry(survey, key))
    mails.mail_link(survey, "Ann@example.com")
    mails.mail_sitting(sitting, "ann@example.com")
    queued = {mail.kind: mail for mail in OutgoingMail.objects.all()}
    assert {mail.about for mail in queued.values() if not mail.message} == {survey.pk, sitting.pk}
    sent = {kind: outbox.composed(mail)[1].replace(b"=\r\n", b"").decode() for kind, mail in queued.items()}
    assert sittings.token_of(sitting) in sent[mails.LATER]
    token = sent[mails.LINK].split("/begin/")[1].split("/")[0]
    assert access.from_link(survey, token).key == key
    assert int.from_bytes(key) not in read_token(access.PURPOSE, token)


@pytest.mark.django_db
def test_nobody_is_mailed_a_link_that_leads_nowhere_any_more():
    survey = opened(*SURVEY, access="address")
    mails.mail_link(survey, "ann@example.com")
    phases.close(survey)
    assert outbox.composed(OutgoingMail.objects.get()) is None


@pytest.mark.django_db
def test_nothing_is_logged_of_who_answers_what(client, caplog):
    caplog.set_level(logging.DEBUG)
    opened(*SURVEY, access="browser")
    second = client.post("/surveys/readers/", {"q-q2": "zebra", "q-q1": "many"}, REMOTE_ADDR="198.51.100.7")
    assert second.status_code == 400
    summary = client.post("/surveys/readers/", {"q-q2": "zebra"}, REMOTE_ADDR="198.51.100.7")
    client.post(summary.url)
    assert [
        record for record in caplog.records if "zebra" in record.getMessage() or "198.51" in record.getMessage()
    ] == []


@pytest.mark.django_db
def test_no_link_of_a_sitting_is_logged(client, caplog):
    opened(page("p1", question("q1")), page("p2", question("q2", required=True)))
    second = client.post("/surveys/readers/", {"q-q1": "7"}).url
    assert client.post(second, {"go": "next"}).status_code == 400
    lines = [record.getMessage() for record in caplog.records if record.name == "django.request"]
    assert lines == ["Bad Request: /surveys/readers/answer/…/p2/"]


@pytest.mark.django_db
def test_a_browser_is_told_apart_for_a_day_and_nobody_knows_it_later(client, monkeypatch):
    survey = opened(*SURVEY, access="browser")
    one, same, other = (
        access.from_page(survey, address=address, agent=agent).key
        for address, agent in (("198.51.100.7", "Firefox"), ("198.51.100.7", "Firefox"), ("198.51.100.7", "Safari"))
    )
    assert one == same != other
    assert access.salts.forget_old() == 0
    access.salts._known.clear()
    access.salts.DaySalt.objects.all().delete()  # as at the end of the day
    assert access.from_page(survey, address="198.51.100.7", agent="Firefox").key != one


@pytest.mark.django_db
def test_an_erased_address_has_not_taken_part():
    survey = opened(*SURVEY, access="address")
    take_part(survey, 2)
    retention.forget("reader1@example.com")
    assert Participation.objects.count() == 1


@pytest.mark.django_db
def test_keys_go_a_month_after_the_close_and_the_pepper_with_them(settings):
    survey = opened(*SURVEY, access="address")
    take_part(survey, 2)
    phases.close(survey)
    settling.settle(survey)
    assert retention.forget_keys() == 0
    type(survey).objects.update(closed_at="2020-01-01T00:00Z")
    assert retention.forget_keys() == 2
    assert not keys.has_pepper(survey)
    assert Response.objects.count() == 2
