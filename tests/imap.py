"""A small IMAP server (RFC 3501, with UIDPLUS): one mailbox, as much of the protocol as reading it takes."""

import re
import socketserver
import threading
from collections.abc import Iterator

import pytest


class ImapServer:
    """`messages` are those in the mailbox, by their UID; `flags` what was stored; it can be made to fall silent."""

    def __init__(self) -> None:
        self.messages: dict[int, bytes] = {}
        self.flags: dict[int, set[str]] = {}
        self.silent_at = self.url = ""
        self.done = threading.Event()

    def put(self, message: bytes) -> int:
        uid = max(self.messages, default=0) + 1
        self.messages[uid], self.flags[uid] = message, set()
        return uid

    def answer(self, command: str, words: list[str]) -> list[bytes]:
        """The untagged lines of an answer."""
        if command == "CAPABILITY":
            return [b"CAPABILITY IMAP4rev1 UIDPLUS"]
        if command == "SELECT":
            return [b"%d EXISTS" % len(self.messages), b"0 RECENT", b"OK [UIDVALIDITY 1]"]
        if command == "UID SEARCH":
            new = [uid for uid in self.messages if not self.flags[uid] & {"\\Deleted", "\\Flagged"}]
            return [b"SEARCH " + b" ".join(b"%d" % uid for uid in new)]
        if command == "UID FETCH":
            message = self.messages[int(words[2])]
            return [b"1 FETCH (UID %s BODY[]<0> {%d}\r\n%s)" % (words[2].encode(), len(message), message)]
        if command == "UID STORE":
            self.flags[int(words[2])] |= set(re.findall(r"\\\w+", words[4]))
        if command == "UID EXPUNGE" and "\\Deleted" in self.flags[int(words[2])]:
            del self.messages[int(words[2])]
        return []


@pytest.fixture
def imap_server() -> Iterator[ImapServer]:
    state = ImapServer()

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            self.wfile.write(b"* OK ready\r\n")
            for line in self.rfile:
                tag, *words = line.decode().split()
                command = " ".join(words[:2] if words[0] == "UID" else words[:1])
                if command == state.silent_at:
                    state.done.wait(30)
                    return
                for untagged in state.answer(command, words):
                    self.wfile.write(b"* " + untagged + b"\r\n")
                refused = command == "LOGIN" and words[1:] != ["reader", '"secret"']
                self.wfile.write(f"{tag} {'NO' if refused else 'OK'} {command}\r\n".encode())
                if command == "LOGOUT":
                    return

    class Server(socketserver.ThreadingTCPServer):
        daemon_threads = allow_reuse_address = True

    with Server(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        state.url = f"imap://reader:secret@127.0.0.1:{server.server_address[1]}/INBOX"
        yield state
        state.done.set()
        server.shutdown()
