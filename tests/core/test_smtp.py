"""One SMTP session, pipelined or not: whatever breaks, the outcome neither loses nor doubles a message."""

import socket
import threading
import time

import pytest
from aiosmtpd.controller import Controller

from core.lib.smtp import Envelope, Outcome, SmtpSession, Status, message_of, wire_data
from tests.smtp import SmtpServer, free_port

MESSAGE = b"Subject: x\r\n\r\n.dot\r\n"
SENDER = "desk@example.com"


class PipeliningServer(SmtpServer):
    """Says that it takes several commands at once, as Postfix does."""

    async def handle_EHLO(self, server, session, envelope, hostname, responses):  # noqa: N802
        session.host_name = hostname
        return [*responses[:-1], "250-PIPELINING", responses[-1]]


@pytest.fixture(params=[SmtpServer, PipeliningServer])
def server(request):
    service = request.param(free_port())
    controller = Controller(service, hostname="127.0.0.1", port=service.port)
    controller.start()
    yield service
    controller.stop()


@pytest.fixture
def session(server):
    session = SmtpSession(server.url)
    yield session
    session.close()


def to(name):
    return Envelope(SENDER, f"{name}@example.com", wire_data(MESSAGE))


def send(session, *names):
    """What became of messages that were sent one after the other."""
    row = [to(name) for name in names]
    return [session.send(each, following).status for each, following in zip(row, [*row[1:], None], strict=True)]


def recipients(server):
    return [message.recipient for message in server.messages]


def test_every_message_arrives_once_and_whole(server, session):
    assert send(session, "a", "b", "c") == ["accepted"] * 3
    assert recipients(server) == ["a@example.com", "b@example.com", "c@example.com"]
    assert server.messages[0].message == MESSAGE
    assert server.messages[0].sender == SENDER


@pytest.mark.parametrize("at", ["RCPT", "DATA"])
def test_a_refused_message_does_not_disturb_the_next(server, session, at):
    server.refuse("b@example.com", "550 5.1.1 No such user", at=at)
    server.refuse("d@example.com", "451 4.7.1 Later", at=at)
    assert send(session, "a", "b", "c", "d", "e") == ["accepted", "refused", "accepted", "deferred", "accepted"]
    assert recipients(server) == ["a@example.com", "c@example.com", "e@example.com"]


def test_what_the_server_said_is_kept(server, session):
    server.refuse("a@example.com", "550 5.1.1 No such user")
    assert session.send(to("a")) == Outcome("refused", "550 5.1.1 No such user")


@pytest.mark.parametrize("at", ["DATA", "ACCEPTED"])
def test_an_answer_that_never_comes_is_uncertain_and_the_next_message_goes_on(server, session, at):
    server.hang_up("b@example.com", at=at)
    assert send(session, "a", "b", "c") == ["accepted", "uncertain", "accepted"]
    assert recipients(server).count("b@example.com") == (1 if at == "ACCEPTED" else 0)


def test_a_session_that_ended_meanwhile_is_opened_anew(server, session):
    server.hang_up("b@example.com", at="RCPT")
    assert send(session, "a", "b", "c") == ["accepted"] * 3


def test_a_message_that_ends_every_session_is_put_off(server, session):
    server.hang_up("b@example.com", at="RCPT", times=5)
    assert send(session, "a", "b", "c") == ["accepted", "deferred", "accepted"]


def test_421_between_messages_means_a_new_session(server, session):
    server.refuse("b@example.com", "421 4.3.2 Too many messages in this session", times=1)
    assert send(session, "a", "b", "c") == ["accepted"] * 3


def test_nobody_listening_uses_up_no_message():
    outcome = SmtpSession(f"smtp://127.0.0.1:{free_port()}").send(to("a"))
    assert outcome.status == Status.UNSENT
    assert "cannot be used" in outcome.note


@pytest.mark.parametrize(
    "recipient", ["snow☃@example.com", "a@example.com>\r\nRCPT TO:<b@example.com", "a b@example.com", ""]
)
def test_an_address_that_is_no_single_word_is_refused_unasked_and_the_next_message_goes_on(server, session, recipient):
    odd, plain = Envelope(SENDER, recipient, wire_data(MESSAGE)), to("c")
    assert session.send(to("a"), odd).status == "accepted"
    assert session.send(odd, plain).status == "refused"
    assert session.send(plain).status == "accepted"
    assert recipients(server) == ["a@example.com", "c@example.com"]


@pytest.mark.parametrize("message", [b".x\r\n..y\r\n", b"no line break at its end", b".", b""])
def test_dots_are_doubled_on_the_wire_only(message):
    data = wire_data(message)
    assert data.endswith(b".\r\n")
    assert b"\r\n.\r\n" not in data.removesuffix(b".\r\n")
    assert message_of(data) == (message if message.endswith(b"\r\n") else message + b"\r\n")


# What aiosmtpd does not do, by hand


@pytest.fixture
def scripted():
    """A server that plays lines: `scripted(answers)` gives its address; it answers in their order, then hangs up."""
    listener = socket.create_server(("127.0.0.1", 0))
    seen = []

    def play(answers):
        connection, _ = listener.accept()
        with connection, connection.makefile("rb") as lines:
            connection.sendall(b"220 hi\r\n")
            lines.readline()
            connection.sendall(b"250-hi\r\n250 PIPELINING\r\n")
            for answer in answers:
                seen.append(lines.readline())
                connection.sendall(answer() if callable(answer) else answer)

    def start(*answers):
        threading.Thread(target=play, args=(answers,), daemon=True).start()
        return f"smtp://127.0.0.1:{listener.getsockname()[1]}?timeout=3", seen

    yield start
    listener.close()


def test_a_refused_sender_is_the_servers_trouble_not_the_messages(scripted):
    url, _ = scripted(b"550 5.7.1 Not you\r\n", b"503 no\r\n", b"503 no\r\n")
    outcome = SmtpSession(url).send(to("a"))
    assert outcome == Outcome(Status.UNSENT, f"The mail server refuses the sender {SENDER}: 550 5.7.1 Not you")


def test_data_that_is_accepted_for_nobody_is_ended_by_an_empty_message(scripted):
    url, seen = scripted(b"250 ok\r\n", b"550 no such\r\n", b"354 go\r\n", b"554 nobody\r\n")
    assert SmtpSession(url).send(to("a")).status == "refused"
    assert seen[-1] == b".\r\n"


@pytest.mark.parametrize(("reply", "status"), [(b"450 later", "deferred"), (b"550 never", "refused")])
def test_a_refused_data_command_says_whether_to_try_again(scripted, reply, status):
    url, _ = scripted(b"250 ok\r\n", b"250 ok\r\n", reply + b"\r\n")
    assert SmtpSession(url).send(to("a")) == Outcome(status, reply.decode())


def test_an_answer_over_several_lines_is_one_answer(scripted):
    url, _ = scripted(b"250-a\r\n250 b\r\n", b"550-5.1.1 no\r\n550 5.1.1 such user\r\n", b"503 no\r\n")
    assert SmtpSession(url).send(to("a")).note == "550 5.1.1 no 5.1.1 such user"


@pytest.mark.parametrize(
    ("answers", "outcome"),
    [
        ([b"250 o", b"k\r\n25", b"0 ok\r\n354 go\r\n"], Outcome(Status.ACCEPTED)),
        ([b"250-a\r\n250 b\r\n", b"250 ok\r\n", b"354-go\r\n354 on\r\n"], Outcome(Status.ACCEPTED)),
        ([b"250 ok\r\n", b"550-no\r\n550 such user\r\n", b"503 no\r\n"], Outcome(Status.REFUSED, "550 no such user")),
        ([b"250 ok\r\n", b"250 ok\r\n", b"450 later\r\n"], Outcome(Status.DEFERRED, "450 later")),
    ],
)
def test_answers_to_an_envelope_that_came_with_the_message_before_are_read_as_they_come(scripted, answers, outcome):
    taken = [b"", b"", b"", b"250 taken\r\n"]  # after each line of the message
    url, _ = scripted(b"250 ok\r\n", b"250 ok\r\n", b"354 go\r\n", *taken, *answers, *taken)
    session, following = SmtpSession(url), to("b")
    assert session.send(to("a"), following).status == "accepted"
    assert session.send(following) == outcome


def test_an_unreadable_answer_ends_the_session(scripted):
    url, _ = scripted(b"hello?\r\n")
    outcome = SmtpSession(url).send(to("a"))
    assert outcome.status == "unsent"
    assert "unreadable answer" in outcome.note


@pytest.mark.parametrize(("answers", "status"), [(0, "unsent"), (1, "deferred"), (2, "deferred"), (3, "uncertain")])
def test_silence_counts_by_how_far_the_message_had_come(scripted, answers, status):
    url, _ = scripted(*[b"250 ok\r\n", b"250 ok\r\n", b"354 go\r\n"][:answers])
    assert SmtpSession(url).send(to("a")).status == status


def test_a_message_that_takes_too_long_to_get_away_is_put_off(scripted):
    """Else its lease might run out before its outcome is written."""

    def go_ahead_at_last():
        time.sleep(0.4)
        return b"354 go\r\n"

    url, seen = scripted(b"250 ok\r\n", b"250 ok\r\n", go_ahead_at_last, b"250 taken\r\n")
    outcome = SmtpSession(url, patience=0.2).send(to("a"))
    assert outcome == Outcome(Status.DEFERRED, "The connection was lost: it took more than 0.2 seconds")
    assert seen[3:] in ([], [b""]), "nothing of the message had left"
