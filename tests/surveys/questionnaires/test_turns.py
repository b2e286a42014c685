"""First pages, what was answered and last buttons that come in together: answered as each by itself would be, and left to the view where they are not plain."""

from io import BytesIO
from urllib.parse import urlencode

import pytest

from surveys import survey_turns
from surveys.models import Participation, Response, Sitting
from surveys.questionnaires import access, phases, responses, settling, sittings
from tests.surveys.questionnaires.factories import choice, opened, page, question

pytestmark = pytest.mark.django_db
FIRST, BY_LINK, SUMMARY, LAST = survey_turns.in_turns().values()
PAGES = [page("p1", choice("q1", required=True), question("q2")), page("p2", question("q3"))]


def environ(path, fields=(), **more):
    body = urlencode(dict(fields), doseq=True).encode()
    return {
        "REQUEST_METHOD": "POST", "PATH_INFO": path, "SERVER_NAME": "localhost", "SERVER_PORT": "8000", "HTTP_HOST": "localhost:8000",
        "CONTENT_TYPE": "application/x-www-form-urlencoded", "CONTENT_LENGTH": str(len(body)), "wsgi.input": BytesIO(body),
        "wsgi.url_scheme": "http", "REMOTE_ADDR": "198.51.100.7", "HTTP_USER_AGENT": "Firefox", **more,
    }  # fmt: skip


def first(**fields):
    return environ("/surveys/readers/", {f"q-{key}": value for key, value in fields.items()})


def location(ready):
    return dict(ready.headers)[b"location"].decode()


def finish(*paths):
    return [ready and ready.status for ready in LAST([environ(path) for path in paths])]


def test_a_turn_does_what_the_views_do(client):
    survey = opened(page("p1", choice("q1", required=True), question("q2")))
    ready = FIRST([first(q1="a"), first(q1="zebra"), first(q2="no first"), first(q1="b", q2="words")])
    assert [each and each.status for each in ready] == [303, None, None, 303]
    paths = [location(each) for each in ready if each]
    assert "words" in client.get(paths[1]).text
    assert finish(*paths, paths[0]) == [200, 200, 200]
    assert finish(paths[0]) == [200]
    assert "We have your answers already" in LAST([environ(paths[0])])[0].body.decode()
    assert "We have your answers already" in client.post(paths[0]).text
    settling.settle(survey)
    found = sorted(
        (each.answers["q1"], each.answers.get("q2"), each.source, each.ended) for each in Response.objects.all()
    )
    assert found == [("a", None, "page", "complete"), ("b", "words", "page", "complete")]


def test_the_answer_of_a_turn_is_the_view_s(client):
    opened()
    opened(page("p1", choice("q1"), question("q2")), slug="two")

    def plain(path, fields):
        answer = client.post(path, fields)
        return answer.status_code, {name.lower(): value for name, value in answer.headers.items()}, answer.content

    (ready,) = FIRST([environ("/surveys/two/", {"q-q1": "a"})])
    status, headers, _ = plain("/surveys/two/", {"q-q1": "a"})
    assert ready.status == status == 303
    mine = {name.decode(): value.decode() for name, value in ready.headers}
    assert {name for name, value in headers.items() if mine.get(name) != value} <= {
        "location",
        "content-type",
        "content-length",
    }
    one, other = (location(each) for each in FIRST([environ("/surveys/two/", {"q-q1": "a"})] * 2))
    (ready,) = LAST([environ(one)])
    status, headers, body = plain(other, {})
    assert (ready.status, ready.body) == (status, body)
    mine = {name.decode(): value.decode() for name, value in ready.headers}
    assert {name for name, value in headers.items() if mine.get(name) != value} <= {"expires", "date"}


def summary(*paths):
    return SUMMARY([environ(path, REQUEST_METHOD="GET", CONTENT_TYPE="") for path in paths])


def test_what_was_answered_is_shown_as_the_view_shows_it(client):
    opened(page("p1", choice("q1"), question("q2", kind="long_text"), question("q3")))
    paths = [location(each) for each in FIRST([first(q1="a", q2="<b>one</b>\ntwo & three"), first(q1="b")])]
    for path, ready in zip(paths, summary(*paths), strict=True):
        shown = client.get(path)
        mine = {name.decode(): value.decode() for name, value in ready.headers}
        headers = {name.lower(): value for name, value in shown.headers.items()}
        assert (ready.status, ready.body) == (200, shown.content)
        assert {name for name, value in headers.items() if mine.get(name) != value} <= {"expires", "content-length"}
        assert mine["content-length"] == str(len(ready.body))
    assert "&lt;b&gt;one&lt;/b&gt;<br>two &amp; three" in summary(paths[0])[0].body.decode()


def test_what_is_not_at_its_end_or_was_sent_is_shown_by_the_view():
    survey = opened(*PAGES, slug="readers")
    (unfinished,) = FIRST([first(q1="a")])
    opened(page("p1", choice("q1"), question("q2")), slug="two")
    (sent,) = FIRST([environ("/surveys/two/", {"q-q1": "a"})])
    assert finish(location(sent)) == [200]
    test = responses.begin(access.from_link(survey, access.test_link(survey).rstrip("/").rpartition("/")[2]))
    paths = [location(unfinished).removesuffix("p2/"), location(sent), sittings.address_of(test, "")]
    assert summary(*paths, paths[0].replace("answer/", "answer/x")) == [None] * 4


def test_more_pages_follow_and_only_the_end_is_sent():
    opened(*PAGES)
    (ready,) = FIRST([first(q1="a")])
    assert location(ready).endswith("/p2/")
    assert finish(location(ready).removesuffix("p2/")) == [None]
    assert Sitting.objects.unfinished().count() == 1


def test_a_browser_takes_part_once_also_in_one_turn():
    survey = opened(page("p1", choice("q1"), question("q2")), access="browser")
    ready = FIRST([first(q1="a")] * 1 + [first(q1="b")] * 1)
    assert sorted(finish(*(location(each) for each in ready)), key=str) == [200, None]
    assert FIRST([first(q1="a")]) == [None]
    phases.close(survey)
    settling.settle(survey)
    assert (Participation.objects.count(), Response.objects.count()) == (1, 1)


@pytest.mark.parametrize(
    "fields", [{"changeable": True, "access": "address"}, {"max_responses": 9}, {"access": "address"}]
)
def test_what_is_not_plain_goes_to_the_view(fields):
    opened(page("p1", choice("q1"), question("q2")), **fields)
    assert FIRST([first(q1="a")]) == [None]


def test_an_end_with_words_of_its_own_is_told_by_the_view(client):
    opened(
        page(
            "p1",
            choice("q1"),
            question("q2"),
            then=[{"if": {"question": "q1", "is": "b"}, "go": "end", "message": "Bye."}],
        )
    )
    (ready,) = FIRST([first(q1="b")])
    assert finish(location(ready)) == [None]
    assert "Bye." in client.post(location(ready)).text


def test_nothing_is_taken_of_a_survey_that_has_closed():
    survey = opened(page("p1", choice("q1"), question("q2")))
    (ready,) = FIRST([first(q1="a")])
    type(survey).objects.update(closes_at="2020-01-01T00:00Z")
    assert finish(location(ready)) == [None]
    assert FIRST([first(q1="a")]) == [None]
    assert responses.Sitting.objects.finished().count() == 0


def test_a_link_of_somebody_s_own_begins_one_sitting_also_in_one_turn(client):
    survey = opened(*PAGES, access="address")
    path = access.address_link(survey, "ann@example.com").removeprefix("http://localhost:8000")
    ready = BY_LINK([environ(path, {"q-q1": "a"})] * 2)
    assert [each and each.status for each in ready] == [303, None]
    assert client.post(path, {"q-q1": "b"}).url == location(ready[0])  # goes on where it is
    assert BY_LINK([environ(path.replace("begin/", "begin/x"), {"q-q1": "a"})]) == [None]
    assert Sitting.objects.get().source == "mail"
