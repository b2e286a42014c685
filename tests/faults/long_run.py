"""The long run of faults, by hand: a briefing to many while whatever takes part in it is killed, again and again.

    python -m tests.faults.long_run [LETTERS [KILLS [SEED]]]

20,000 letters and 30 kills (kill -9) unless told: of a worker's child in the midst of sending, of the worker itself, of
PostgreSQL and of Redis. At the end nobody may have been left out, nobody may have got it twice, and each SMTP session that
was cut may have left one letter uncertain. It needs redis-server, and has a state folder of its own, var/faults.
"""

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
VAR = Path(os.environ.get("MOONPRESS_VAR") or ROOT / "var") / "faults"
CHILD, PARENT, POSTGRES, REDIS = "worker's child", "worker", "PostgreSQL", "Redis"
# How often each is killed, in parts; of the sessions of a pump (five) each kill cuts, so many are allowed an uncertain letter.
PARTS = {CHILD: 12, PARENT: 8, POSTGRES: 6, REDIS: 4}
PUMPS_CUT = {CHILD: 1, PARENT: 2, POSTGRES: 0, REDIS: 0}
SECONDS = 3600


def main(letters=20_000, kills=30, seed=None):
    seed = seed or random.randrange(10_000)
    chance = random.Random(seed)
    print(f"{letters:,} letters, {kills} kills, seed {seed}", flush=True)
    run = Run(letters)
    try:
        run.start()
        kinds = _kinds(kills)
        chance.shuffle(kinds)
        for number, kind in enumerate(kinds, start=1):
            run.wait_for(letters * number // (kills + 2))
            time.sleep(chance.random() / 3)
            run.kill(kind, chance)
            print(f"{number:3d}. {kind} killed at {len(run.received):,}", flush=True)
        run.finish()
        return run.verdict()
    finally:
        run.stop()


def _kinds(kills):
    whole = sum(PARTS.values())
    kinds = [kind for kind, part in PARTS.items() for _ in range(round(kills * part / whole))]
    return (kinds + [CHILD] * kills)[:kills]


class Run:
    """The parts of one run, and what they did."""

    def __init__(self, letters):
        from aiosmtpd.controller import Controller

        from tests.processes import RealProcess
        from tests.smtp import SmtpServer, free_port

        self.letters, self.kills, self.left = letters, [], Counter()
        self.server = SmtpServer(free_port())
        self.controller = Controller(self.server, hostname="127.0.0.1", port=self.server.port)
        self.controller.start()
        broker = f"redis://127.0.0.1:{self.redis_port}/0"
        environment = {
            "EMAIL_URL": self.server.url,
            "CELERY_BROKER_URL": broker,
            "WORKER_PROCESSES": "2",
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        }
        self.worker = RealProcess("worker", environment, VAR / "worker.log")
        self.began = time.monotonic()

    @property
    def redis_port(self):
        return int(os.environ["CELERY_BROKER_URL"].rpartition(":")[2].partition("/")[0])

    @property
    def received(self):
        return self.server.messages

    def start(self):
        from newsletter.sending import approval
        from tests.newsletter import factories

        weekly = factories.newsletter(slug=f"run-{time.time_ns()}", name=f"Run {time.time_ns()}", is_default=False)
        _subscribe(weekly, self.letters)
        self.briefing = factories.briefing(weekly, slug=f"run-{time.time_ns()}")
        approval.approve(self.briefing, by=factories.user())
        self.start_redis()
        self.worker.start()
        self.began = time.monotonic()

    def start_redis(self):
        options = ["--port", str(self.redis_port), "--save", "", "--appendonly", "no", "--dir", str(VAR)]
        self.redis = subprocess.Popen(["redis-server", *options], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def stop(self):
        self.worker.stop()
        if hasattr(self, "redis"):
            self.redis.kill()
            self.redis.wait()
        self.controller.stop()

    def wait_for(self, number):
        """Until so many letters have come in; meanwhile this rings as beat would, only more often."""
        while len(self.received) < number and not self.is_over():
            self.ring()
            time.sleep(0.5)
            assert time.monotonic() - self.began < SECONDS, f"it takes too long: {self.states()}"

    def ring(self):
        from kombu.exceptions import OperationalError as BrokerError

        from newsletter.tasks import sweep_briefings

        try:
            sweep_briefings.apply_async(retry=False)
        except BrokerError as error:  # it was killed
            print(f"     {type(error).__name__} while ringing", flush=True)

    def is_over(self):
        return self.state() in ("sent", "paused", "cancelled")

    def state(self):
        from newsletter.models import Briefing

        return self.ask(lambda: Briefing.objects.get(pk=self.briefing.pk).state)

    def states(self):
        return dict(self.ask(lambda: Counter(self.briefing.deliveries.values_list("state", flat=True))))

    def ask(self, question):
        """Ask the database, also while it comes back."""
        from django.db import InterfaceError, OperationalError, connection

        for _ in range(600):
            try:
                return question()
            except (OperationalError, InterfaceError):
                connection.close()
                time.sleep(0.1)
        return question()

    def kill(self, kind, chance):
        self.attribute()
        self.kills.append(kind)
        if kind == CHILD:
            children = _children(self.worker.pid)
            if children:
                os.kill(chance.choice(children), signal.SIGKILL)
        elif kind == PARENT:
            children = _children(self.worker.pid)
            os.kill(self.worker.pid, signal.SIGKILL)
            self.worker.process.wait()
            for child in children:  # they would end by themselves; at once is worse
                _kill_if_there(child)
            self.worker.start()
        elif kind == POSTGRES:
            os.kill(int((VAR / "postgres" / "data" / "postmaster.pid").read_text().split()[0]), signal.SIGKILL)
        else:
            self.redis.kill()
            self.redis.wait()
            self.start_redis()

    def attribute(self):
        """Count what has become uncertain since the last kill as that one's."""
        if self.kills:
            self.left[self.kills[-1]] += self.states().get("uncertain", 0) - sum(self.left.values())

    def finish(self):
        while not self.is_over():
            self.ring()
            time.sleep(0.5)
            assert time.monotonic() - self.began < SECONDS, f"it takes too long: {self.states()}"
        self.attribute()

    def verdict(self):
        from newsletter.models import Delivery

        got = Counter(message.recipient for message in self.received)
        rows = self.ask(lambda: dict(self.briefing.deliveries.values_list("subscriber__email", "state")))
        uncertain = {address for address, state in rows.items() if state == Delivery.State.UNCERTAIN}
        lost = [address for address in rows if address not in got and address not in uncertain]
        twice = [address for address, number in got.items() if number > 1]
        allowed = {kind: 5 * PUMPS_CUT[kind] * self.kills.count(kind) for kind in PARTS}
        print(f"\n{'killed':16} {'times':>6} {'uncertain':>10} {'allowed':>8}")
        for kind in PARTS:
            print(f"{kind:16} {self.kills.count(kind):6} {self.left[kind]:10} {allowed[kind]:8}")
        print(f"{'together':16} {len(self.kills):6} {len(uncertain):10} {sum(allowed.values()):8}")
        print(f"\nstate {self.state()}, {Counter(rows.values())}, {time.monotonic() - self.began:.0f} s")
        print(f"lost {len(lost)}, twice {len(twice)}, uncertain that had arrived {len(uncertain & set(got))}")
        is_good = not lost and not twice and len(uncertain) <= sum(allowed.values()) and self.state() == "sent"
        print("good" if is_good and len(rows) == self.letters else "NOT GOOD")
        return 0 if is_good and len(rows) == self.letters else 1


def _subscribe(weekly, count):
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE newsletter_subscriber CASCADE")
        cursor.execute(
            "INSERT INTO newsletter_subscriber (email, canonical, name, created_at) SELECT email, email, '', now() FROM"
            " (SELECT 'reader' || n || '@example.test' AS email FROM generate_series(1, %s) n)",
            [count],
        )
        cursor.execute(
            "INSERT INTO newsletter_subscription (newsletter_id, subscriber_id, state, source, requested_at, requested_from,"
            " consent_text, confirmed_at, confirmed_from, unsubscribed_by)"
            " SELECT %s, id, 'confirmed', 'run', now(), '', '', now(), '', '' FROM newsletter_subscriber",
            [weekly.pk],
        )


def _children(pid):
    tasks = Path(f"/proc/{pid}/task")
    return [int(child) for task in tasks.iterdir() for child in (task / "children").read_text().split()]


def _kill_if_there(pid):
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        pass


if __name__ == "__main__":
    if not shutil.which("redis-server"):
        sys.exit("This needs redis-server (on Debian: apt-get install redis-server).")
    from cms.ops import embedded
    from tests.smtp import free_port

    os.environ |= {
        "MOONPRESS_VAR": str(VAR),
        "DJANGO_SETTINGS_MODULE": "cms.settings",
        "CELERY_BROKER_URL": f"redis://127.0.0.1:{free_port()}/0",
        "DATABASE_URL": "",
        "EMAIL_URL": "",
    }
    VAR.mkdir(parents=True, exist_ok=True)
    with embedded.running(VAR):
        import django
        from django.core.management import call_command

        django.setup()
        call_command("migrate", verbosity=0)
        sys.exit(main(*map(int, sys.argv[1:])))
