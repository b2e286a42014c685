"""Voters for tests and benchmarks: they come at a rate, press again where nothing answers, and confirm what comes by mail.

Each confirms twice at once, as an impatient one would, and remembers the receipts that were shown.
"""

import email
import re
import threading
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.policy import default
from urllib.parse import urlencode

from surveys import keys
from surveys.models import AwardCategory, Ballot
from tests.smtp import Received, SmtpServer

PATIENCE = 120  # seconds, in which somebody presses again
LINK = re.compile(r"/awards/ballot/[\w-]+/")
RECEIPT = re.compile(r"/awards/receipt/([0-9a-f]{64})/")


@dataclass
class Voters:
    """As many voters as that, each for one nominee of a category."""

    url: str
    category: AwardCategory
    nominees: list[str]
    inbox: SmtpServer
    number: int
    rate: float
    asked: set[str] = field(default_factory=set)
    receipts: dict[str, set[str]] = field(default_factory=dict)
    pressed_again: Counter[str] = field(default_factory=Counter)
    lock: threading.Lock = field(default_factory=threading.Lock)
    gone: threading.Event = field(default_factory=threading.Event)

    def choice(self, number: int) -> str:
        return self.nominees[number % len(self.nominees)]

    @contextmanager
    def coming(self) -> Iterator[None]:
        """They come while the block runs; at its end, all of them have come."""
        begin = time.monotonic()
        reading = threading.Thread(target=self._read_mail, daemon=True)
        with ThreadPoolExecutor(64) as pool:
            reading.start()
            coming = [pool.submit(self._vote, number, begin + number / self.rate) for number in range(self.number)]
            try:
                yield
            except BaseException:
                pool.shutdown(wait=False, cancel_futures=True)
                raise
            for each in coming:
                each.result(2 * PATIENCE)

    def wait(self, seconds: float, meanwhile: Callable[[], object]) -> None:
        """Wait until whoever asked has a receipt, and do something each second meanwhile."""
        until = time.monotonic() + seconds
        while self.asked - set(self.receipts) and time.monotonic() < until:
            meanwhile()
            time.sleep(1)
        self.gone.set()

    def figures(self) -> dict[str, int]:
        """How many asked and were shown a receipt; how many of those are lost, and how many votes count too often."""
        season = self.category.season
        voter = {keys.voter_key(season, self._address(number)): number for number in range(self.number)}
        ballots = Ballot.objects.filter(category=self.category)
        counted = Counter(bytes(key) for key in ballots.counted().values_list("voter_key", flat=True))
        stands = {voter[bytes(ballot.voter_key)]: ballot.choice for ballot in ballots.counted()}
        known = {ballot.receipt for ballot in ballots}
        told = {number for number in range(self.number) if self._address(number) in self.receipts}
        return {
            "asked": len(self.asked),
            "confirmed": len(told),
            "lost": sum(stands.get(number) != [[self.choice(number)]] for number in told)
            + len(set().union(*self.receipts.values()) - known),
            "duplicated": sum(counted.values()) - len(counted),
            "pressed_again": sum(self.pressed_again.values()),
        }

    def _address(self, number: int) -> str:
        return f"voter{number}@example.com"

    def _vote(self, number: int, due: float) -> None:
        time.sleep(max(0.0, due - time.monotonic()))
        address = self._address(number)
        form = {"email": address, f"vote-{self.category.slug}": self.choice(number)}
        self._post(f"/awards/{self.category.season.slug}/vote/", form, address)
        with self.lock:
            self.asked.add(address)

    def _read_mail(self) -> None:
        read = 0
        with ThreadPoolExecutor(16) as pool:
            while not self.gone.wait(0.02):
                for message in self.inbox.messages[read:]:
                    read += 1
                    for _ in range(2):
                        pool.submit(self._confirm, message)

    def _confirm(self, received: Received) -> None:
        message = email.message_from_bytes(received.message, policy=default)
        body = message.get_body(("plain",))
        link = LINK.search(body.get_content() if body else "")
        assert link, "a mail without a link"
        page = self._post(link[0], {}, received.recipient)
        with self.lock:
            self.receipts.setdefault(received.recipient, set()).update(RECEIPT.findall(page))

    def _post(self, path: str, form: dict[str, str], who: str) -> str:
        """Send a form until it is taken."""
        until = time.monotonic() + PATIENCE
        while True:
            try:
                with urllib.request.urlopen(f"{self.url}{path}", urlencode(form).encode(), timeout=20) as answer:
                    return str(answer.read().decode())
            except (OSError, urllib.error.HTTPError):
                if time.monotonic() > until:
                    raise
                self.pressed_again[who] += 1
                time.sleep(0.5)
