"""The whole set as in production, by hand: Debian's PostgreSQL, Redis or RabbitMQ and nginx on loopback, two of each process.

    python -m tests.faults.whole_set [redis|rabbitmq] [SECONDS]

It prepares, makes the first administrator, and walks the main job through nginx: a post by a key, a sign-up, its confirmation,
a briefing that arrives. Then, under load for so many seconds (30), web and workers are started anew one after the other, a
worker and the beat that rings are killed, and nobody may notice: every request is answered, every sign-up gets one mail. It needs
postgresql, nginx, and redis-server or rabbitmq-server, and has a state folder of its own, var/whole-set.
"""

import http.client
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from pathlib import Path

from tests.processes import RealProcess
from tests.smtp import SmtpServer, free_port, wait_until

ROOT = Path(__file__).resolve().parents[2]
VAR = Path(os.environ.get("MOONPRESS_VAR") or ROOT / "var") / "whole-set"
CLIENTS = 6
SETTING_UP = """
import cms.urls
from core.api import keys
from core.models import SiteProfile, User
from newsletter.models import Newsletter, SignUpRules
SiteProfile(postal_address="1 Street, Town").save()
Newsletter.objects.create(name="Weekly", slug="weekly", is_default=True, undo_seconds=0)
SignUpRules.objects.update_or_create(pk=1, defaults={"proof_when": "never"})  # past 60 a minute it would be an attack
admin = User.objects.get()
print(keys.make(name="script", account=admin, scopes=[scope for scope, _ in keys.scopes()], by=admin, expires_at=None)[1])
"""


def main(broker="redis", seconds=30):
    run = Run(broker, int(seconds))
    try:
        run.start()
        run.walk()
        return run.restart_under_load()
    finally:
        run.stop()


class Run:
    """The processes of one run, and what they did."""

    def __init__(self, broker, seconds):
        from aiosmtpd.controller import Controller

        shutil.rmtree(VAR, ignore_errors=True)
        VAR.mkdir(parents=True)
        VAR.chmod(0o755)
        self.broker, self.seconds = broker, seconds
        self.programs, self.processes = [], {}
        self.port, self.postgres, self.broker_port = free_port(), free_port(), free_port()
        self.smtp = SmtpServer(free_port())
        self.controller = Controller(self.smtp, hostname="127.0.0.1", port=self.smtp.port)
        self.controller.start()
        queue = f"redis://127.0.0.1:{self.broker_port}/0"
        self.environment = {
            "PRODUCTION": "1",
            "SECRET_KEY": "of this run alone, and long enough to be no guess",
            "SITE_URL": f"http://127.0.0.1:{self.port}",
            "DATABASE_URL": f"postgres://moonpress@127.0.0.1:{self.postgres}/moonpress",
            "CELERY_BROKER_URL": f"amqp://guest:guest@127.0.0.1:{self.broker_port}//" if broker != "redis" else queue,
            "EMAIL_URL": self.smtp.url,
            "BEHIND_PROXY": "1",
            "MOONPRESS_VAR": str(VAR / "state"),
            "METRICS_TOKEN": "token",
            "LOG_LEVEL": "WARNING",
            "LOG_FORMAT": "json",
            "SECOND_FACTOR_REQUIRED": "0",
            "PYTHONPATH": str(ROOT),
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        }

    def start(self):
        self.start_postgres()
        getattr(self, f"start_{self.broker}")()
        print(self.manage("prepare").strip().splitlines()[-1])
        print(self.manage("first_administrator", "ann@news.example").splitlines()[0])
        self.key = self.manage("shell", "--no-imports", "--command", SETTING_UP).split()[-1]
        self.web_ports = [free_port(), free_port()]
        for number, port in enumerate(self.web_ports, 1):
            self.process(f"web {number}", PORT=str(port), WEB_WORKERS="1")
        for name in ("worker 1", "worker 2", "beat 1", "beat 2"):
            self.process(name, WORKER_PROCESSES="2")
        for port in self.web_ports:
            wait_until(lambda port=port: self.is_up(port), seconds=60, what=f"web on {port}")
        self.start_nginx()
        wait_until(lambda: self.is_up(self.port), seconds=20, what="nginx")
        direct = {"port": self.web_ports[0]}  # nginx lets nobody ask
        wait_until(lambda: self.ask("GET", "/readyz", **direct)[0] == 200, seconds=60, what="readiness")
        print(self.ask("GET", "/readyz", **direct)[1])

    def start_postgres(self):
        found = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
        assert found, "apt-get install postgresql"
        data, as_user = VAR / "postgres", ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
        data.mkdir()
        if as_user:
            shutil.chown(data, "postgres")
        quiet = {"stdout": subprocess.DEVNULL}
        subprocess.run(
            [*as_user, found[-1] / "initdb", "-D", data, "-U", "moonpress", "-A", "trust"], check=True, **quiet
        )
        options = ["-D", data, "-p", str(self.postgres), "-h", "127.0.0.1", "-k", "", "-c", "fsync=off"]
        self.program(*as_user, found[-1] / "postgres", *options)
        made = [found[-1] / "createdb", "-h", "127.0.0.1", "-p", str(self.postgres), "-U", "moonpress", "moonpress"]
        wait_until(
            lambda: subprocess.run(made, capture_output=True, check=False).returncode == 0,
            seconds=30,
            what="PostgreSQL",
        )

    def start_redis(self):
        options = ["--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--maxmemory-policy", "noeviction"]
        self.program("redis-server", "--port", str(self.broker_port), "--dir", VAR, *options)

    def start_rabbitmq(self):
        folder = VAR / "rabbitmq"
        folder.mkdir()
        self.rabbit = {
            "HOME": str(folder),
            "RABBITMQ_NODENAME": f"moonpress{self.broker_port}@localhost",
            "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1",
            "RABBITMQ_NODE_PORT": str(self.broker_port),
            "RABBITMQ_DIST_PORT": str(free_port()),
            "RABBITMQ_MNESIA_BASE": str(folder),
            "RABBITMQ_LOG_BASE": str(folder),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(folder / "plugins"),
            "ERL_EPMD_PORT": str(free_port()),
            "ERL_EPMD_ADDRESS": "127.0.0.1",
        }
        (folder / "plugins").write_text("[].\n")
        self.program("/usr/lib/rabbitmq/bin/rabbitmq-server", **self.rabbit)

    def start_nginx(self):
        folder = VAR / "nginx"
        folder.mkdir()
        site = (ROOT / "deploy" / "nginx" / "moonpress.conf").read_text()
        upstream = re.search(r"upstream .*?\n\}\n", site, re.DOTALL)[0]
        for given, port in zip((8000, 8001), self.web_ports, strict=True):
            upstream = upstream.replace(f":{given} ", f":{port} ")
        paths = "".join(
            f"{kind}_temp_path {folder}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        )
        server = f"server {{ listen 127.0.0.1:{self.port}; include {ROOT}/deploy/nginx/proxy.conf; }}"
        (folder / "nginx.conf").write_text(
            f"{'user root;' if os.geteuid() == 0 else ''} daemon off; error_log {folder}/error.log; pid {folder}/pid;"
            f" events {{}}\nhttp {{ access_log off; {paths}\n"
            f"proxy_cache_path {folder}/media keys_zone=moonpress_media:1m;\n{upstream}\n{server} }}"
        )
        self.program("nginx", "-p", folder, "-c", folder / "nginx.conf")

    def program(self, *command, **variables):
        with open(VAR / "programs.log", "ab") as log:
            program = subprocess.Popen(
                [str(part) for part in command],
                env=os.environ | variables,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self.programs.append(program)

    def process(self, name, **variables):
        log = VAR / f"{name}.log"
        self.processes[name] = RealProcess(name.split()[0], self.environment | variables, log)
        self.processes[name].start()

    def manage(self, *arguments):
        command = [sys.executable, str(ROOT / "manage.py"), *arguments]
        done = subprocess.run(command, env=os.environ | self.environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def is_up(self, port):
        try:
            return self.ask("GET", "/healthz", port=port)[0] == 200
        except OSError:
            return False

    def ask(self, method, path, body=None, *, port=None, source="127.0.0.1", **headers):
        """The status and the text of an answer; JSON is sent where a body is."""
        connection = http.client.HTTPConnection("127.0.0.1", port or self.port, timeout=30, source_address=(source, 0))
        try:
            sent = json.dumps(body) if body is not None else None
            more = {"Content-Type": "application/json"} if body is not None else {}
            connection.request(method, path, sent, more | {k.replace("_", "-"): v for k, v in headers.items()})
            answer = connection.getresponse()
            return answer.status, answer.read().decode(errors="replace")
        finally:
            connection.close()

    def desk(self, method, path, body=None):
        status, text = self.ask(method, f"/api/v1/desk/{path}", body, Authorization=f"Bearer {self.key}", If_Match="*")
        assert status in (200, 201, 202), f"{method} {path}: {status} {text}"
        return json.loads(text)

    def walk(self):
        """The main job, from a post to a letter."""
        self.desk("POST", "articles/", {"title": "Six bridges", "markdown": "They *fell*.", "publish": True})
        wait_until(
            lambda: "They <em>fell</em>" in self.ask("GET", "/blog/six-bridges/")[1], seconds=10, what="the page"
        )
        self.sign_up("bea@readers.example", "127.0.0.1")
        wait_until(lambda: self.smtp.to("bea@readers.example"), seconds=30, what="the confirmation")
        mail = self.smtp.to("bea@readers.example")[0].message.decode().replace("=\r\n", "")
        path = re.search(r"/newsletter/confirm/[\w=.:-]+/", mail)[0].replace("=3D", "=")
        assert self.ask("POST", path, {})[0] in (200, 302)
        part = {"kind": "text", "html": "<p>Good morning.</p>"}
        draft = {"newsletter": "weekly", "issue_date": "2030-01-01", "subject": "Six bridges", "items": [part]}
        path = f"briefings/{self.desk('POST', 'briefings/', draft)['id']}/"
        warnings = self.desk("GET", f"{path}?include=warnings").get("warnings", [])
        self.desk("POST", f"{path}approve/", {"confirmed": warnings})
        letters = lambda: [each for each in self.smtp.to("bea@readers.example") if b"Good morning" in each.message]  # noqa: E731
        wait_until(letters, seconds=60, what="the briefing")
        print(f"walked on {self.broker}: a post, a sign-up, a confirmation, a briefing", flush=True)

    def sign_up(self, email, source):
        return self.ask("POST", "/api/v1/subscriptions/", {"email": email, "newsletter": "weekly"}, source=source)[0]

    def restart_under_load(self):
        over, answers, asked = threading.Event(), Counter(), []
        crowd = [threading.Thread(target=self.load, args=(n, over, answers, asked)) for n in range(CLIENTS)]
        for one in crowd:
            one.start()
        until = time.monotonic() + self.seconds
        rounds = 0
        while time.monotonic() < until or not rounds:
            for name in ("web 1", "web 2"):
                self.processes[name].process.terminate()
                self.processes[name].process.wait(30)
                self.processes[name].start()
                wait_until(lambda: self.is_up(self.web_ports[int(name[-1]) - 1]), seconds=60, what=name)  # noqa: B023
            self.processes["worker 1"].stop()
            self.processes["worker 1"].start()
            if not rounds:
                self.processes["worker 2"].kill()
                self.processes["worker 2"].start()
                self.processes["beat 1"].kill()
            rounds += 1
        over.set()
        for one in crowd:
            one.join()
        got = lambda: Counter(mail.recipients[0] for mail in self.smtp.messages)  # noqa: E731
        try:
            # what the killed worker had in hand is another's once its lease is over, five minutes later
            wait_until(lambda: got().keys() >= {*asked}, seconds=340, what="all confirmations")
        except AssertionError as error:
            print(error)
        lost = [email for email in asked if not got()[email]]
        twice = [email for email in asked if got()[email] > 1]
        wrong = {what: number for what, number in answers.items() if what[1] not in (200, 202, 204)}
        print(f"{rounds} rounds of restarts, {sum(answers.values()):,} requests in {self.seconds} s: {dict(answers)}")
        print(
            f"not answered as they should {wrong}; {len(asked)} sign-ups, {len(lost)} lost, {len(twice)} mailed twice"
        )
        print("good" if not (wrong or lost or twice) else "NOT GOOD")
        return 0 if not (wrong or lost or twice) else 1

    def load(self, number, over, answers, asked):
        count = 0
        while not over.is_set():
            count += 1
            source = f"127.0.{number + 1}.{count % 250 + 1}"
            for method, path, body in (("GET", "/", None), ("GET", "/blog/six-bridges/", None), ("POST", "/b", {})):
                answers[path, self.status(method, path, body, source)] += 1
            if count % 10 == 0:
                source = f"127.{count // 10 % 250}.{number}.1"
                email = f"r{number}-{count}@readers.example"
                status = self.status("POST", "sign-up", email, source)
                answers["sign-up", status] += 1
                if status == 202:
                    asked.append(email)
            time.sleep(0.05)

    def status(self, method, path, body, source):
        try:
            return self.sign_up(body, source) if path == "sign-up" else self.ask(method, path, body, source=source)[0]
        except (OSError, http.client.HTTPException) as error:
            return type(error).__name__

    def stop(self):
        for process in self.processes.values():
            process.kill()
        for program in reversed(self.programs):
            try:
                os.killpg(program.pid, signal.SIGTERM)
                program.wait(20)
            except (ProcessLookupError, subprocess.TimeoutExpired):
                program.kill()
        if self.broker == "rabbitmq":
            subprocess.run(["epmd", "-kill"], env=os.environ | self.rabbit, capture_output=True, check=False)
        self.controller.stop()


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
