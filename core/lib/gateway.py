"""A WSGI application served as an ASGI one, so that whoever sends or reads slowly holds none of its threads.

A request is read whole, and within limits, before a thread is asked; an answer of one piece and a file are sent without
one. Only an answer that comes in pieces keeps its thread until the last of them is on its way. What is dropped into a
letterbox takes no thread either, and is answered with nothing. What many send at once can be answered in turns, together
(core.lib.turns); a request that the turn has no answer for goes the way of all others.
"""

import asyncio
import io
import re
import sys
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping, MutableMapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from http import HTTPStatus
from itertools import chain
from tempfile import SpooledTemporaryFile
from typing import IO, Any
from urllib.parse import unquote_to_bytes
from wsgiref.util import FileWrapper

from core.lib import meters
from core.lib.turns import Turns

Environ = dict[str, Any]
StartResponse = Callable[..., Any]
Application = Callable[[Environ, StartResponse], Iterable[bytes]]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

IN_MEMORY = 64 * 1024  # bytes of a request that are not written to disk
LETTER_LIMIT = 8 * 1024  # bytes that a letterbox is handed at most
LETTER_SECONDS = 5
TURN_THREADS = 2  # each with a connection; with a third, turns are too small
TURN_LIMIT = 16 * 1024  # bytes of a request that is answered in a turn
PIECE_SECONDS = 60  # how long a piece of an answer may wait to be sent


class Refused(Exception):
    """A request that is not read to its end; `status` and the text are the answer."""

    def __init__(self, status: HTTPStatus, text: str) -> None:
        super().__init__(text)
        self.status = status


class Gone(Exception):
    """The client left before its request was whole."""


@dataclass(frozen=True, slots=True)
class Ready:
    """A whole answer, its headers as they go over the wire."""

    status: int
    headers: tuple[tuple[bytes, bytes], ...]
    body: bytes


InTurn = Callable[[Sequence[Environ]], Sequence[Ready | None]]
Route = tuple[str, re.Pattern[bytes]]  # a method, and the paths it is asked for


@dataclass
class Gateway:
    """An ASGI application. `at_once` may answer a GET without waiting for anything, or give None.

    It is told of the headers named `known_at_once`, in small letters, and of no other: it has to be quick.
    A path of `letterboxes` takes what is POSTed to it: up to LETTER_LIMIT bytes and one more, by which it knows of a
    longer letter. Whatever comes, the answer is 204 and empty.
    A small request of a method and a path that `in_turns` names is handed to its function, with what else came at the
    same time.
    A request may have `body_limit` bytes. It is given up when it has not come after `patience` seconds and one more for
    each `least_speed` bytes that have.
    """

    application: Application
    at_once: Callable[[Environ, StartResponse], Iterable[bytes] | None] = lambda _environ, _start: None
    known_at_once: frozenset[bytes] = frozenset()
    letterboxes: Mapping[bytes, Callable[[Environ, bytes], None]] = field(default_factory=dict)
    in_turns: Mapping[Route, InTurn] = field(default_factory=dict)
    threads: int = 4
    body_limit: int = 100 * 1024 * 1024
    patience: float = 20
    least_speed: int = 10_000
    pool: ThreadPoolExecutor = field(init=False)
    turns: list[tuple[Route, Turns[Environ, Ready]]] = field(init=False)

    def __post_init__(self) -> None:
        self.pool = ThreadPoolExecutor(self.threads, thread_name_prefix="request")
        self.turns = [
            ((method, path), Turns(f"turn {method} {path.pattern.decode()}", _metered(do), threads=TURN_THREADS))
            for (method, path), do in self.in_turns.items()
        ]

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        if scope["method"] == "POST" and (letterbox := self.letterboxes.get(scope["raw_path"])):
            await _take_letter(letterbox, scope, receive, send)
            return
        head = Head()
        if scope["method"] in ("GET", "HEAD"):
            known = [pair for pair in scope["headers"] if pair[0] in self.known_at_once]
            if (pieces := self.at_once(environ_of(scope, known), head)) is not None:
                await _send_whole(send, head, b"".join(pieces))
                return
        environ = environ_of(scope, scope["headers"])
        try:
            with _room_for(environ) as body:
                await self._read(environ, receive, body)
                if ready := await self._in_turn(scope, environ):
                    await send({"type": "http.response.start", "status": ready.status, "headers": ready.headers})
                    await send({"type": "http.response.body", "body": ready.body})
                    return
                loop = asyncio.get_running_loop()
                answer = Answer(self.application, environ, head, send, loop)
                rest = await loop.run_in_executor(self.pool, answer.make)
            await rest
        except Refused as refusal:
            await _send_refusal(send, refusal)
        except Gone:
            pass

    async def _in_turn(self, scope: Message, environ: Environ) -> Ready | None:
        """The answer to a request that has been read, if it is one that is answered in turns."""
        if int(environ.get("CONTENT_LENGTH", 0)) > TURN_LIMIT:
            return None
        method, path = scope["method"], scope["raw_path"]
        turns = next((turns for asked, turns in self.turns if asked[0] == method and asked[1].fullmatch(path)), None)
        ready = await turns.ask(environ) if turns else None
        environ["wsgi.input"].seek(0)
        return ready

    async def _read(self, environ: Environ, receive: Receive, body: IO[bytes]) -> None:
        environ["wsgi.input"] = body
        if "CONTENT_LENGTH" not in environ and "HTTP_TRANSFER_ENCODING" not in environ:
            return
        self._within_limit(_announced(environ))
        began, size, more = time.monotonic(), 0, True
        while more:
            left = began + self.patience + size / self.least_speed - time.monotonic()
            try:
                async with asyncio.timeout(max(left, 0)):
                    message = await receive()
            except TimeoutError:
                raise Refused(HTTPStatus.REQUEST_TIMEOUT, "The request was sent too slowly.") from None
            if message["type"] == "http.disconnect":
                raise Gone
            size += len(message.get("body", b""))
            self._within_limit(size)
            body.write(message.get("body", b""))
            more = message.get("more_body", False)
        body.seek(0)
        environ["CONTENT_LENGTH"] = str(size)
        environ.pop("HTTP_TRANSFER_ENCODING", None)

    def _within_limit(self, size: int) -> None:
        if size > self.body_limit:
            limit = self.body_limit // 1024 // 1024
            raise Refused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"The request is larger than {limit} MB.")


def _metered(do: InTurn) -> InTurn:
    """What a turn does, with its answers counted: one by one, as they are sent, they cost as much as a form."""

    def answers(environs: Sequence[Environ]) -> Sequence[Ready | None]:
        made = do(environs)
        meters.own.turns.inc(sum(ready is not None for ready in made))
        return made

    return answers


def _room_for(environ: Environ) -> IO[bytes]:
    """Where a request is read to: what is known to be small needs no file that could move to the disk."""
    if "HTTP_TRANSFER_ENCODING" in environ or _announced(environ) > IN_MEMORY:
        return SpooledTemporaryFile(IN_MEMORY)
    return io.BytesIO()


def _announced(environ: Environ) -> int:
    """How long a request says it is; 0 where it does not say."""
    announced = environ.get("CONTENT_LENGTH", "")
    return int(announced) if announced.isdecimal() else 0


def environ_of(scope: Message, headers: Iterable[tuple[bytes, bytes]]) -> Environ:
    """What WSGI calls the things that ASGI tells of a request. Header names with an underscore could pass for others."""
    host, port = scope.get("server") or ("localhost", None)
    environ: Environ = {
        "REQUEST_METHOD": scope["method"],
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote_to_bytes(scope["raw_path"]).decode("latin-1"),
        "QUERY_STRING": scope["query_string"].decode("latin-1"),
        "REMOTE_ADDR": (scope.get("client") or ("",))[0],
        "SERVER_NAME": host,
        "SERVER_PORT": str(port or ""),
        "SERVER_PROTOCOL": f"HTTP/{scope['http_version']}",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope["scheme"],
        "wsgi.input": io.BytesIO(),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
        "wsgi.file_wrapper": File,
    }
    for name, value in headers:
        if b"_" in name:
            continue
        key = name.decode("latin-1").upper().replace("-", "_")
        if key not in ("CONTENT_TYPE", "CONTENT_LENGTH"):
            key = f"HTTP_{key}"
        text = value.decode("latin-1")
        environ[key] = f"{environ[key]}{'; ' if key == 'HTTP_COOKIE' else ','}{text}" if key in environ else text
    return environ


class File(FileWrapper):
    """What an application answers with that sends a file: where it is a whole one on disk, the server reads it."""

    def path(self) -> str | None:
        """Where the file is, if it is sent from its first byte to its last."""
        file = getattr(self.filelike, "file", self.filelike)
        whole = isinstance(file, io.BufferedReader) and isinstance(file.name, str) and file.tell() == 0
        return file.name if whole else None


class Head:
    """The `start_response` of one answer, which keeps what it is told."""

    status = 0
    headers: tuple[tuple[bytes, bytes], ...] = ()

    def __call__(self, status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> None:
        self.status = int(status[:3])
        self.headers = tuple((name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers)

    def message(self) -> Message:
        return {"type": "http.response.start", "status": self.status, "headers": self.headers}


@dataclass
class Answer:
    """One answer of the application, made in a thread."""

    application: Application
    environ: Environ
    head: Head
    send: Send
    loop: asyncio.AbstractEventLoop

    def make(self) -> Awaitable[None]:
        """Have the application make it; what is left to be sent then needs no thread."""
        pieces = self.application(self.environ, self.head)
        try:
            if self.environ["REQUEST_METHOD"] == "HEAD":
                return _send_whole(self.send, self.head, b"")
            if isinstance(pieces, File) and (path := pieces.path()):
                return _send_file(self.send, self.head, path)
            rest = iter(pieces)
            first, second = next(rest, b""), next(rest, None)
            if second is None:
                return _send_whole(self.send, self.head, first)
            return self._send_pieces(chain((first, second), rest))
        finally:
            if hasattr(pieces, "close"):
                pieces.close()

    def _send_pieces(self, pieces: Iterable[bytes]) -> Awaitable[None]:
        self._wait_for(self.send(self.head.message()))
        for piece in pieces:
            self._wait_for(self.send({"type": "http.response.body", "body": piece, "more_body": True}))
        return self.send({"type": "http.response.body", "body": b""})

    def _wait_for(self, sending: Awaitable[None]) -> None:
        asyncio.run_coroutine_threadsafe(_awaited(sending), self.loop).result(PIECE_SECONDS)


async def _awaited(sending: Awaitable[None]) -> None:
    await sending


async def _take_letter(
    letterbox: Callable[[Environ, bytes], None], scope: Message, receive: Receive, send: Send
) -> None:
    letter, more = b"", True
    try:
        async with asyncio.timeout(LETTER_SECONDS):
            while more and len(letter) <= LETTER_LIMIT:
                message = await receive()
                letter += message.get("body", b"")
                more = message.get("more_body", False)
    except TimeoutError:
        letter = b""
    meters.own.beacons.inc()
    try:
        letterbox(environ_of(scope, scope["headers"]), letter[: LETTER_LIMIT + 1])
    finally:
        head = Head()
        head("204 No Content", [("Cache-Control", "no-store"), *([("Connection", "close")] if more else [])])
        await _send_whole(send, head, b"")


async def _send_whole(send: Send, head: Head, body: bytes) -> None:
    await send(head.message())
    await send({"type": "http.response.body", "body": body})


async def _send_file(send: Send, head: Head, path: str) -> None:
    await send(head.message())
    await send({"type": "http.response.pathsend", "path": path})


async def _send_refusal(send: Send, refusal: Refused) -> None:
    head, body = Head(), f"{refusal}\n".encode()
    length = ("Content-Length", str(len(body)))
    head(str(refusal.status.value), [("Content-Type", "text/plain; charset=utf-8"), ("Connection", "close"), length])
    await _send_whole(send, head, body)
