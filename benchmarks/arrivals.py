"""Open arrivals from a process of its own: each request leaves at its time, whatever became of those before.

    python -m benchmarks.arrivals HOST:PORT PLAN RATE

PLAN has a request on each line, as JSON: [kind, method, path, body, address]. Arrivals are as random as readers are
(Poisson), so many a second, until the plan is over or SIGTERM comes. What became of them is printed as JSON:
{"answers": [[kind, status, when it was due, seconds from when it left, seconds that it left late]…], "busy": share of a core}.
"""

import asyncio
import gc
import json
import os
import random
import signal
import sys
import time
from contextlib import suppress
from pathlib import Path

AGENT = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
FORM = "application/x-www-form-urlencoded"
Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Arrivals:
    """The requests of one plan, on kept connections, of which there are as many as are under way at once."""

    def __init__(self, host: str) -> None:
        self.host = host
        self.idle: list[Connection] = []
        self.answers: list[tuple[str, int, float, float, float]] = []
        self.is_over = asyncio.Event()

    async def run(self, lines: list[str], rate: float) -> None:
        source, due = random.Random(1), time.monotonic() + 0.5
        under_way = set[asyncio.Task[None]]()
        for line in lines:
            due += source.expovariate(rate)
            with suppress(TimeoutError):
                await asyncio.wait_for(self.is_over.wait(), max(0.0, due - time.monotonic()))
                break
            task = asyncio.create_task(self.one(due, *json.loads(line)))
            under_way.add(task)
            task.add_done_callback(under_way.discard)
        if under_way:
            await asyncio.wait(under_way, timeout=60)

    async def one(self, due: float, kind: str, method: str, path: str, body: str, address: str) -> None:
        left = time.monotonic()
        try:
            status = await self.ask(self.bytes_of(method, path, body, address))
        except (OSError, EOFError):
            status = 0
        self.answers.append((kind, status, due, time.monotonic() - left, left - due))

    def bytes_of(self, method: str, path: str, body: str, address: str) -> bytes:
        head = (
            f"{method} {path} HTTP/1.1\r\nHost: {self.host}\r\nUser-Agent: {AGENT}\r\nAccept: text/html\r\n"
            f"Accept-Encoding: gzip\r\nX-Forwarded-For: {address}\r\n"
        )
        if method == "POST":
            head += f"Origin: http://{self.host}\r\nContent-Type: {FORM}\r\nContent-Length: {len(body)}\r\n"
        return f"{head}\r\n{body}".encode()

    async def ask(self, request: bytes) -> int:
        """Send a request, and read its answer whole; the status."""
        while self.idle:
            reader, writer = self.idle.pop()
            if not reader.at_eof():  # the server has not closed it for having nothing to do
                break
            writer.close()
        else:
            name, _, port = self.host.partition(":")
            reader, writer = await asyncio.open_connection(name, int(port))
        writer.write(request)
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        if length := head.partition(b"content-length:")[2]:
            await reader.readexactly(int(length.split(b"\r\n")[0]))
        elif b"transfer-encoding: chunked" in head:
            while size := int(await reader.readline(), 16):
                await reader.readexactly(size + 2)
            await reader.readline()
        self.idle.append((reader, writer))
        return int(head.split()[1])


async def main(host: str, lines: list[str], rate: float) -> None:
    arrivals = Arrivals(host)
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, arrivals.is_over.set)
    gc.disable()
    began, spent = time.monotonic(), sum(os.times()[:2])
    await arrivals.run(lines, rate)
    busy = (sum(os.times()[:2]) - spent) / (time.monotonic() - began)
    json.dump({"answers": arrivals.answers, "busy": busy}, sys.stdout)


if __name__ == "__main__":
    with suppress(PermissionError):
        os.nice(-10)  # it stands for other machines, and must not wait for what it measures
    address, plan, a_second = sys.argv[1:]
    asyncio.run(main(address, Path(plan).read_text().splitlines(), float(a_second)))
