"""The gateway in front of Django: requests read whole and within limits, answers sent without holding a thread."""

import asyncio
import io
import re
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from core.lib.gateway import LETTER_LIMIT, File, Gateway, Ready, environ_of


def run(coroutine):
    """Have it run in a thread of its own: a browser of other tests may have a loop in this one."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, coroutine).result()


def scope(method="POST", path=b"/form", query=b"", headers=()):
    return {
        "type": "http",
        "method": method,
        "raw_path": path,
        "query_string": query,
        "headers": list(headers),
        "http_version": "1.1",
        "scheme": "http",
        "server": ("127.0.0.1", 80),
        "client": ("192.0.2.7", 4000),
    }


def ask(gateway, request, *pieces, then_wait=False):
    """What an application answers to a request whose body comes in these pieces; `then_wait`: and never ends."""
    coming, sent = list(pieces), []

    async def receive():
        if not coming and then_wait:
            await asyncio.sleep(60)
        piece = coming.pop(0) if coming else None
        if piece is None:
            return {"type": "http.disconnect"}
        return {"type": "http.request", "body": piece, "more_body": bool(coming) or then_wait}

    async def send(message):
        sent.append(message)

    run(gateway(request, receive, send))
    return sent


def echo(environ, start_response):
    body = environ["wsgi.input"].read()
    start_response("200 OK", [("X-Length", environ.get("CONTENT_LENGTH", "none"))])
    return [body]


def lengthy(size):
    return (b"content-length", str(size).encode())


@pytest.mark.parametrize("header", [lengthy(6), (b"transfer-encoding", b"chunked")])
def test_a_request_that_comes_in_pieces_is_handed_on_whole(header):
    head, body = ask(Gateway(echo), scope(headers=[header]), b"ab", b"cd", b"ef")
    assert (head["status"], head["headers"]) == (200, ((b"x-length", b"6"),))
    assert body["body"] == b"abcdef"


def test_one_without_a_body_is_not_waited_for():
    head, body = ask(Gateway(echo), scope("GET"), then_wait=True)
    assert (head["headers"], body["body"]) == (((b"x-length", b"none"),), b"")


def test_a_sender_who_is_too_slow_is_told_so_and_let_go():
    gateway = Gateway(echo, patience=0.05)
    head, body = ask(gateway, scope(headers=[lengthy(6)]), b"ab", then_wait=True)
    assert (head["status"], body["body"]) == (408, b"The request was sent too slowly.\n")
    assert (b"connection", b"close") in head["headers"]


def test_what_is_too_large_is_refused_by_its_announcement_or_when_it_is():
    gateway = Gateway(echo, body_limit=1024 * 1024)
    announced = ask(gateway, scope(headers=[lengthy(1024 * 1024 + 1)]), then_wait=True)
    grown = ask(gateway, scope(headers=[(b"transfer-encoding", b"chunked")]), b"x" * 1024 * 1024, b"x")
    for head, body in (announced, grown):
        assert (head["status"], body["body"]) == (413, b"The request is larger than 1 MB.\n")


def test_who_leaves_in_the_midst_is_not_answered():
    assert ask(Gateway(echo), scope(headers=[lengthy(6)]), b"ab", None) == []


def posted(*parts, headers=(), then_wait=False):
    """What a letterbox at "/x" was handed, and what was answered."""
    letters = []
    gateway = Gateway(echo, letterboxes={b"/x": lambda environ, letter: letters.append((environ["HTTP_HOST"], letter))})
    head, body = ask(gateway, scope(path=b"/x", headers=[(b"host", b"h"), *headers]), *parts, then_wait=then_wait)
    assert (head["status"], body["body"]) == (204, b"")
    return letters, head


def test_a_letterbox_is_handed_what_comes_and_answers_with_nothing():
    assert posted(b"ab", b"cd")[0] == [("h", b"abcd")]


def test_a_letterbox_reads_no_more_than_shows_that_a_letter_is_too_long():
    letters, head = posted(b"x" * LETTER_LIMIT, b"y", b"z", then_wait=True)
    assert letters == [("h", b"x" * LETTER_LIMIT + b"y")]
    assert (b"connection", b"close") in head["headers"]


def test_half_a_request_holds_no_thread():
    gateway = Gateway(echo, threads=1)

    async def both():
        halted, answers = asyncio.Event(), []

        async def half():
            halted.set()
            await asyncio.sleep(60)

        async def whole():
            return {"type": "http.request", "body": b"ab"}

        async def send(message):
            answers.append(message)

        slow = asyncio.create_task(gateway(scope(headers=[lengthy(6)]), half, send))
        await halted.wait()
        await asyncio.wait_for(gateway(scope(headers=[lengthy(2)]), whole, send), 5)
        slow.cancel()
        return answers

    assert run(both())[1]["body"] == b"ab"


def test_headers_and_path_are_as_they_were_sent():
    given = [(b"cookie", b"a=1"), (b"cookie", "b=é".encode()), (b"accept", b"x"), (b"accept", b"y"), (b"host", b"h")]
    request = scope(path=b"/%E2%82%AC%FF", query=b"q=%20\xe9", headers=given)
    environ = environ_of(request, request["headers"])
    assert environ["PATH_INFO"].encode("latin-1") == b"/\xe2\x82\xac\xff"
    assert environ["QUERY_STRING"] == "q=%20é"
    assert environ["HTTP_COOKIE"].encode("latin-1") == "a=1; b=é".encode()
    assert (environ["HTTP_ACCEPT"], environ["HTTP_HOST"], environ["REMOTE_ADDR"]) == ("x,y", "h", "192.0.2.7")


def test_a_name_with_an_underscore_does_not_pass_for_one_with_a_hyphen():
    forged = [(b"x_forwarded_for", b"10.0.0.1"), (b"x-forwarded-for", b"192.0.2.1")]
    assert environ_of(scope(), forged)["HTTP_X_FORWARDED_FOR"] == "192.0.2.1"


def test_what_is_known_at_once_asks_no_application():
    def known(environ, start_response):
        start_response("200 OK", [])
        return [environ.get("HTTP_HOST", ""), environ.get("HTTP_ACCEPT", "not asked")][0].encode(), b"!"

    gateway = Gateway(None, at_once=known, known_at_once=frozenset({b"host"}))
    assert ask(gateway, scope("GET", headers=[(b"host", b"here"), (b"accept", b"x")]))[1]["body"] == b"here!"


class Handed:
    """An answer in pieces that knows whether it was closed."""

    closed = False

    def __init__(self, *pieces):
        self.pieces = pieces

    def __iter__(self):
        return iter(self.pieces)

    def close(self):
        self.closed = True


def answering(answer):
    def application(_environ, start_response):
        start_response("200 OK", [])
        return answer

    return Gateway(application)


def test_an_answer_of_many_pieces_is_sent_piece_by_piece_and_closed():
    answer = Handed(b"a", b"b", b"c")
    sent = ask(answering(answer), scope("GET"))
    assert [message.get("body") for message in sent] == [None, b"a", b"b", b"c", b""]
    assert [message.get("more_body", False) for message in sent] == [False, True, True, True, False]
    assert answer.closed


def test_an_answer_that_nobody_takes_is_closed():
    answer = Handed(b"a", b"b")

    async def refuse(_message):
        raise ConnectionError

    with pytest.raises(ConnectionError):
        run(answering(answer)(scope("GET"), None, refuse))
    assert answer.closed


def test_a_whole_file_is_left_to_the_server_and_part_of_one_is_not(tmp_path):
    (tmp_path / "picture").write_bytes(b"0123456789")
    file = (tmp_path / "picture").open("rb")
    assert ask(answering(File(file)), scope("GET"))[1] == {
        "type": "http.response.pathsend",
        "path": str(tmp_path / "picture"),
    }
    assert file.closed
    for part in ((tmp_path / "picture").open("rb"), io.BytesIO(b"..456789")):
        part.seek(2)
        sent = ask(answering(File(part, 3)), scope("GET"))
        assert b"".join(message.get("body", b"") for message in sent)[-6:] == b"456789"


def test_an_answer_to_head_has_no_body():
    answer = Handed(b"a")
    assert ask(answering(answer), scope("HEAD"))[1]["body"] == b""
    assert answer.closed


def by_turns(environs):
    """Answer the forms that name somebody, and leave the others to the application."""
    bodies = [environ["wsgi.input"].read() for environ in environs]
    if b"fail" in bodies:
        raise ValueError("A turn that fails")
    return [Ready(201, ((b"x-turn", b"1"),), body.upper()) if body.startswith(b"name=") else None for body in bodies]


def take_turns(**limits):
    return Gateway(echo, in_turns={("POST", re.compile(b"/form")): by_turns}, **limits)


@pytest.mark.parametrize(
    ("request_", "body", "status", "answer"),
    [
        (scope(headers=[lengthy(8)]), b"name=ann", 201, b"NAME=ANN"),
        (scope(headers=[lengthy(5)]), b"other", 200, b"other"),
        (scope(headers=[lengthy(4)]), b"fail", 200, b"fail"),
        (scope(path=b"/form/more", headers=[lengthy(8)]), b"name=ann", 200, b"name=ann"),
        (scope(method="PUT", headers=[lengthy(8)]), b"name=ann", 200, b"name=ann"),
        (scope(headers=[lengthy(20_000)]), b"name=" + b"a" * 19_995, 200, b"name=" + b"a" * 19_995),
    ],
)
def test_what_the_turn_has_no_answer_for_goes_to_the_application_whole(request_, body, status, answer):
    start, *pieces = ask(take_turns(), request_, body[:3], body[3:])
    assert start["status"] == status
    assert b"".join(piece.get("body", b"") for piece in pieces) == answer


def test_a_turn_takes_all_that_came_meanwhile():
    turns, held = [], threading.Event()

    def slow(environs):
        turns.append(len(environs))
        held.wait(20)
        return [Ready(200, (), b"")] * len(environs)

    gateway = Gateway(echo, in_turns={("POST", re.compile(b"/form")): slow})
    (_, waiting), *_ = gateway.turns
    with ThreadPoolExecutor(1) as thread:
        asking = thread.submit(run, many(gateway, 12))
        until = time.monotonic() + 10
        while sum(turns) + waiting.waiting.qsize() < 12 and time.monotonic() < until:
            time.sleep(0.01)
        held.set()
        assert asking.result(20) == [200] * 12
    assert sum(turns) == 12
    assert len(turns) <= 2


async def many(gateway, number):
    """Ask as often as that at once; the statuses."""

    async def one():
        sent = []

        async def receive():
            return {"type": "http.request", "body": b"x"}

        async def send(message):
            sent.append(message)

        await gateway(scope(headers=[lengthy(1)]), receive, send)
        return sent[0]["status"]

    return await asyncio.gather(*(one() for _ in range(number)))
