"""One SMTP session in bulk: pipelined or not, every break ends in a state that neither loses nor doubles a letter."""

import socket
import threading

import pytest
from aiosmtpd.controller import Controller

from newsletter.smtp import Letter, Outcome, RelayUnavailable, SmtpLine
from tests.smtp import SmtpServer, free_port

BODY = b"Subject: x\r\n\r\n..dot\r\n.\r\n"


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
def line(server):
    line = SmtpLine("desk@example.com", server.url)
    yield line
    line.close()


def letters(*names):
    return [Letter(number, f"{name}@example.com", BODY) for number, name in enumerate(names)]


def send(line, *names):
    """The states after sending one after the other, each with the next one ahead."""
    row = letters(*names)
    return [line.send(letter, ahead).state for letter, ahead in zip(row, [*row[1:], None], strict=True)]


def recipients(server):
    return [message.recipient for message in server.messages]


def test_every_letter_arrives_once_and_whole(server, line):
    assert send(line, "a", "b", "c") == ["sent"] * 3
    assert recipients(server) == ["a@example.com", "b@example.com", "c@example.com"]
    assert server.messages[0].message == b"Subject: x\r\n\r\n.dot\r\n"
    assert server.messages[0].sender == "desk@example.com"


@pytest.mark.parametrize("at", ["RCPT", "DATA"])
def test_a_refused_letter_does_not_disturb_the_next(server, line, at):
    server.refuse("b@example.com", "550 5.1.1 No such user", at=at)
    server.refuse("d@example.com", "451 4.7.1 Later", at=at)
    assert send(line, "a", "b", "c", "d", "e") == ["sent", "failed", "sent", "retry", "sent"]
    assert recipients(server) == ["a@example.com", "c@example.com", "e@example.com"]


def test_what_the_server_said_is_kept(server, line):
    server.refuse("a@example.com", "550 5.1.1 No such user")
    assert line.send(letters("a")[0]) == Outcome("failed", "550 5.1.1 No such user")


@pytest.mark.parametrize("at", ["DATA", "ACCEPTED"])
def test_an_answer_that_never_comes_is_uncertain_and_the_next_letter_goes_on(server, line, at):
    server.hang_up("b@example.com", at=at)
    assert send(line, "a", "b", "c") == ["sent", "uncertain", "sent"]
    assert recipients(server).count("b@example.com") == (1 if at == "ACCEPTED" else 0)


def test_a_session_that_ended_meanwhile_is_opened_anew(server, line):
    server.hang_up("b@example.com", at="RCPT")
    assert send(line, "a", "b", "c") == ["sent"] * 3


def test_a_letter_that_ends_every_session_is_put_off(server, line):
    server.hang_up("b@example.com", at="RCPT", times=5)
    assert send(line, "a", "b", "c") == ["sent", "retry", "sent"]


def test_421_between_letters_means_a_new_session(server, line):
    server.refuse("b@example.com", "421 4.3.2 Too many messages in this session", times=1)
    assert send(line, "a", "b", "c") == ["sent"] * 3


def test_nobody_listening_uses_up_no_letter():
    with pytest.raises(RelayUnavailable, match="cannot be used"):
        SmtpLine("desk@example.com", f"smtp://127.0.0.1:{free_port()}").send(letters("a")[0])


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
                connection.sendall(answer)

    def start(*answers):
        threading.Thread(target=play, args=(answers,), daemon=True).start()
        return f"smtp://127.0.0.1:{listener.getsockname()[1]}?timeout=3", seen

    yield start
    listener.close()


def test_a_refused_sender_is_the_relays_trouble_not_the_letters(scripted):
    url, _ = scripted(b"550 5.7.1 Not you\r\n", b"503 no\r\n", b"503 no\r\n")
    with pytest.raises(RelayUnavailable, match=r"refuses the sender desk@example\.com: 550 5\.7\.1 Not you"):
        SmtpLine("desk@example.com", url).send(letters("a")[0])


def test_data_that_is_accepted_for_nobody_is_ended_by_an_empty_message(scripted):
    url, seen = scripted(b"250 ok\r\n", b"550 no such\r\n", b"354 go\r\n", b"554 nobody\r\n")
    assert SmtpLine("desk@example.com", url).send(letters("a")[0]).state == "failed"
    assert seen[-1] == b".\r\n"


def test_an_answer_over_several_lines_is_one_answer(scripted):
    url, _ = scripted(b"250-a\r\n250 b\r\n", b"550-5.1.1 no\r\n550 5.1.1 such user\r\n", b"503 no\r\n")
    assert SmtpLine("desk@example.com", url).send(letters("a")[0]).note == "550 5.1.1 no 5.1.1 such user"


def test_an_unreadable_answer_ends_the_session(scripted):
    url, _ = scripted(b"hello?\r\n")
    with pytest.raises(RelayUnavailable, match="unreadable answer"):
        SmtpLine("desk@example.com", url).send(letters("a")[0])


def test_silence_after_the_message_is_uncertain(scripted):
    url, _ = scripted(b"250 ok\r\n", b"250 ok\r\n", b"354 go\r\n")
    assert SmtpLine("desk@example.com", url).send(letters("a")[0]).state == "uncertain"
