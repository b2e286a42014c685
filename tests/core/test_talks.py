"""Sessions that take turns in one thread: none waits for another, over TLS as without it."""

import ipaddress
import socket
import ssl
import threading
import time
from datetime import UTC, datetime, timedelta

import pytest
from aiosmtpd.controller import Controller
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from core.lib import tls
from core.lib.smtp import Envelope, SmtpSession, wire_data
from core.lib.talks import Talks, Wait
from tests.core.test_smtp import PipeliningServer
from tests.smtp import free_port

LONG = b"Subject: x\r\n\r\n" + b"A line of a message that is far longer than what a socket takes at once.\r\n" * 40_000


@pytest.fixture
def talks():
    talks = Talks()
    yield talks
    talks.finish()


@pytest.fixture
def server():
    service = PipeliningServer(free_port())
    controller = Controller(service, hostname="127.0.0.1", port=service.port, data_size_limit=None)
    controller.start()
    yield service
    controller.stop()


@pytest.fixture
def silent():
    """The address of a server that takes connections and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield f"smtp://127.0.0.1:{listener.getsockname()[1]}?timeout=0.6"


@pytest.fixture
def certified(tmp_path, monkeypatch):
    """What a server at 127.0.0.1 shows, which this process trusts for the length of a test."""
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), 1, now, now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    file = tmp_path / "certificate.pem"
    file.write_bytes(certificate.public_bytes(pem) + private)
    monkeypatch.setenv("SSL_CERT_FILE", str(file))
    tls.trusted.cache_clear()
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(file)
    yield context
    tls.trusted.cache_clear()


def sent(session, name, outcomes, message=b"Subject: x\r\n\r\ny\r\n"):
    outcome = yield from session.sending(Envelope("desk@example.com", f"{name}@example.com", wire_data(message)))
    outcomes[name] = outcome.status.value
    yield from session.leaving()


def begin(talks, url, name, outcomes, **more):
    session = SmtpSession(url)
    talks.begin(session, sent(session, name, outcomes, **more))


def turn_until(talks, check):
    deadline = time.monotonic() + 20
    while not check():
        assert time.monotonic() < deadline
        talks.turn(1)


def test_a_server_that_says_nothing_holds_up_no_other_and_is_given_up(talks, server, silent):
    outcomes = {}
    began = time.monotonic()
    begin(talks, silent, "a", outcomes)
    begin(talks, server.url, "b", outcomes)
    turn_until(talks, lambda: "b" in outcomes)
    assert outcomes == {"b": "accepted"}
    turn_until(talks, lambda: "a" in outcomes)
    assert outcomes["a"] == "unsent"
    assert time.monotonic() - began > 0.5


def test_a_reply_that_never_comes_is_given_up_while_others_go_on(talks, server):
    """Here the connection is open already, so it is the turn that looks at the time."""
    answers = [b"220 hi\r\n", b"250-hi\r\n250 PIPELINING\r\n"]

    def play(listener):
        connection, _ = listener.accept()
        with connection, connection.makefile("rb") as lines:
            for answer in answers:
                connection.sendall(answer)
                lines.readline()
            time.sleep(1.5)

    outcomes = {}
    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=play, args=(listener,), daemon=True).start()
        begin(talks, f"smtp://127.0.0.1:{listener.getsockname()[1]}?timeout=0.4", "a", outcomes)
        for name in ("b", "c", "d"):
            begin(talks, server.url, name, outcomes)
        turn_until(talks, lambda: len(outcomes) == 4)
    assert outcomes == {"a": "unsent", "b": "accepted", "c": "accepted", "d": "accepted"}


@pytest.mark.parametrize("is_encrypted", [False, True])
def test_long_messages_arrive_whole_side_by_side(talks, certified, is_encrypted):
    service = PipeliningServer(free_port())
    context = {"ssl_context": certified} if is_encrypted else {}
    controller = Controller(service, hostname="127.0.0.1", port=service.port, data_size_limit=None, **context)
    controller.start()
    outcomes = {}
    try:
        for name in ("a", "b", "c"):
            url = service.url.replace("smtp:", "smtps:") if is_encrypted else service.url
            begin(talks, url, name, outcomes, message=LONG)
        turn_until(talks, lambda: len(outcomes) == 3)
    finally:
        controller.stop()
    assert outcomes == dict.fromkeys("abc", "accepted")
    assert {message.recipient: message.message == LONG for message in service.messages} == {
        f"{name}@example.com": True for name in "abc"
    }


def test_conversations_go_on_beside_what_another_thread_does(talks, server):
    outcomes = {}
    begin(talks, server.url, "a", outcomes)

    def work():
        deadline = time.monotonic() + 20
        while "a" not in outcomes and time.monotonic() < deadline:
            time.sleep(0.01)
        return dict(outcomes)

    assert talks.beside(work) == {"a": "accepted"}
    with pytest.raises(ZeroDivisionError):
        talks.beside(lambda: 1 / 0)


def test_what_a_conversation_raises_is_raised_by_whoever_gives_it_its_turn(talks, server):
    session = SmtpSession(server.url)

    def failing():
        yield from session.sending(Envelope("desk@example.com", "a@example.com", wire_data(b"x")))
        raise ZeroDivisionError

    talks.begin(session, failing())
    with pytest.raises(ZeroDivisionError):
        turn_until(talks, lambda: False)
    session.close()


def test_whoever_is_late_is_given_up_though_a_neighbour_never_rests(talks, silent):
    class Busy:
        until = float("inf")

        def __init__(self):
            self.ours, self.theirs = socket.socketpair()
            self.theirs.send(b"x")

        def open(self):
            """It is open."""

        def fileno(self):
            return self.ours.fileno()

        def talk(self):
            while not late:
                yield Wait.READ  # which is there already

    class Late(Busy):
        def talk(self):
            self.until = time.monotonic() + 0.2
            try:
                yield Wait.WRITE if self.is_full() else Wait.READ
            except TimeoutError as error:
                late.append(str(error))

        def is_full(self):
            self.ours.recv(1)
            return False

    late = []
    for talker in (Busy(), Late()):
        talks.begin(talker, talker.talk())
    turn_until(talks, lambda: late)
    assert late == ["timed out"]


def test_where_no_thread_is_left_a_session_cannot_be_opened_and_nothing_waits(server):
    """As where a machine allows no more; here the threads have been ended."""
    talks, outcomes = Talks(), {}
    talks.beside(threading.active_count)
    talks.finish()
    begin(talks, server.url, "a", outcomes)
    assert outcomes == {"a": "unsent"}
