"""Messages on the wire: each way a server can answer has its own meaning."""

import socket
import threading

import pytest

from core.lib.mail import (
    FileTransport,
    PermanentFailure,
    SmtpTransport,
    TransientFailure,
    UncertainOutcome,
    address_header,
)

MESSAGE = b"Subject: hello\r\n\r\n.a line that starts with a dot\r\n"


class Server(threading.Thread):
    """A mail server that answers by script: a reply for each command, None to hang up."""

    def __init__(self, **replies):
        super().__init__(daemon=True)
        self.replies = {"EHLO": "250 ok", "MAIL": "250 ok", "RCPT": "250 ok", "DATA": "354 go", ".": "250 ok"} | replies
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"smtp://127.0.0.1:{self.socket.getsockname()[1]}"
        self.received = []
        self.start()

    def run(self):
        while True:
            connection, _ = self.socket.accept()
            with connection, connection.makefile("rb") as lines:
                connection.sendall(b"220 ready\r\n")
                self.converse(connection, lines)

    def converse(self, connection, lines):
        in_data = False
        for line in lines:
            command = line.strip().decode()
            if in_data and command != ".":
                self.received.append(line)
                continue
            reply = self.replies.get("." if in_data else command[:4].upper(), "250 ok")
            if reply is None:
                return
            in_data = reply.startswith("354")
            connection.sendall(reply.encode() + b"\r\n")


def send(server):
    transport = SmtpTransport(server.url)
    transport.send("from@example.com", "to@example.com", MESSAGE)
    transport.close()


def test_a_message_arrives_byte_for_byte():
    server = Server()
    send(server)
    assert b"".join(server.received) == MESSAGE.replace(b"\r\n.a", b"\r\n..a")


@pytest.mark.parametrize("command", ["MAIL", "RCPT", "DATA", "."])
@pytest.mark.parametrize(("reply", "failure"), [("450 later", TransientFailure), ("550 never", PermanentFailure)])
def test_a_refusal_says_whether_to_try_again(command, reply, failure):
    with pytest.raises(failure, match=reply):
        send(Server(**{command: reply}))


@pytest.mark.parametrize("command", ["MAIL", "RCPT", "DATA"])
def test_a_connection_lost_before_the_message_is_worth_another_try(command):
    with pytest.raises(TransientFailure):
        send(Server(**{command: None}))


def test_a_connection_lost_after_the_final_dot_is_uncertain():
    with pytest.raises(UncertainOutcome):
        send(Server(**{".": None}))


def test_a_server_that_is_not_there_is_worth_another_try():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with pytest.raises(TransientFailure, match="Cannot reach"):
        SmtpTransport(f"smtp://127.0.0.1:{port}").send("a@example.com", "b@example.com", MESSAGE)


def test_a_refused_recipient_does_not_spoil_the_connection():
    server = Server(RCPT="550 never")
    transport = SmtpTransport(server.url)
    with pytest.raises(PermanentFailure):
        transport.send("a@example.com", "b@example.com", MESSAGE)
    server.replies["RCPT"] = "250 ok"
    transport.send("a@example.com", "b@example.com", MESSAGE)
    assert server.received


def test_without_a_server_each_message_is_a_file(tmp_path):
    transport = FileTransport(tmp_path / "outbox")
    for _ in range(2):
        transport.send("a@example.com", "b@example.com", MESSAGE)
    files = list((tmp_path / "outbox").glob("*.eml"))
    assert len(files) == 2
    assert files[0].read_bytes().endswith(MESSAGE)


@pytest.mark.parametrize("name", ["Ann\r\nBcc: all@example.com", "Ann\nX: y", "Ann\u2028X: y"])
def test_a_name_cannot_smuggle_in_a_header(name):
    with pytest.raises(ValueError, match="line break"):
        address_header(name, "a@example.com")
