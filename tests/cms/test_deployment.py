"""The files by which it is deployed fit the product and each other."""

import os
import re
import shutil
import socket
import subprocess
import urllib.error
import urllib.request
from pathlib import Path

import pytest
import yaml

from cms.ops.processes import read_procfile
from tests.smtp import free_port, wait_until

ROOT = Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy"
COMPOSE = yaml.safe_load((ROOT / "compose.yaml").read_text())
OURS = {name: service for name, service in COMPOSE["services"].items() if service["image"] == "moonpress"}
VARIABLES = set(re.findall(r"^#?([A-Z_]+)=", (ROOT / ".env.example").read_text(), re.MULTILINE))


def test_compose_has_two_of_what_serves_and_one_of_the_rest():
    assert {name for name in OURS if name.startswith("web")} == {"web-1", "web-2"}
    assert OURS["worker"]["deploy"]["replicas"] == 2
    assert {*COMPOSE["services"]} - {*OURS} == {"nginx", "postgres", "redis"}


def test_compose_runs_commands_and_sets_variables_that_there_are():
    default = re.search(r"^CMD \[(.+)\]$", (ROOT / "Dockerfile").read_text(), re.MULTILINE)[1]
    commands = {name: service.get("command", re.findall(r'"(.*?)"', default)) for name, service in OURS.items()}
    named = {command[-1] for command in commands.values() if "cms.ops.processes" in command}
    assert named == {*read_procfile(ROOT / "Procfile")}
    assert commands["migrate"] == ["python", "manage.py", "prepare"]
    assert {name for service in OURS.values() for name in service["environment"]} <= VARIABLES
    assert all(service["env_file"] == [{"path": ".env", "required": False}] for service in OURS.values())


def test_what_is_ours_runs_without_rights_on_a_root_that_nobody_writes_to():
    for service in OURS.values():
        assert (service["read_only"], service["cap_drop"], service["tmpfs"]) == (True, ["ALL"], ["/tmp"])
        assert service["volumes"] == ["state:/var/lib/moonpress"]
    docker = (ROOT / "Dockerfile").read_text()
    assert "MOONPRESS_VAR=/var/lib/moonpress" in docker
    assert re.search(r"^USER moonpress$", docker, re.MULTILINE)


def test_the_image_is_made_from_files_that_there_are_and_holds_no_secret():
    for line in re.findall(r"^COPY (?!--from)(.+) \S+$", (ROOT / "Dockerfile").read_text(), re.MULTILINE):
        assert all((ROOT / name).exists() for name in line.split()), line
    ignored = (ROOT / ".dockerignore").read_text().splitlines()
    assert {".*", "var"} <= {*ignored}


@pytest.mark.parametrize("name", ["moonpress.conf", "compose.conf"])
def test_nginx_takes_its_configuration(name, tmp_path):
    if not shutil.which("nginx"):
        pytest.skip("needs nginx")
    site = (DEPLOY / "nginx" / name).read_text()
    certificate = tmp_path / "cert.pem", tmp_path / "key.pem"
    made = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=news.example"]
    subprocess.run([*made, "-keyout", certificate[1], "-out", certificate[0]], check=True, capture_output=True)
    site = re.sub(r"ssl_certificate .+;", f"ssl_certificate {certificate[0]};", site)
    site = re.sub(r"ssl_certificate_key .+;", f"ssl_certificate_key {certificate[1]};", site)
    if "web-1" in site:  # containers, which get new addresses; nginx 1.27.3 and newer looks them up again
        assert re.findall(r"server web-\d:8000 (.+?);", site) == ["max_fails=0 resolve"] * 2
        assert "resolver 127.0.0.11" in site
    site = site.replace(" resolve;", ";")
    site = re.sub(r"/var/(lib|cache)/nginx", str(tmp_path), site)
    site = site.replace("/etc/nginx/moonpress", str(DEPLOY / "nginx")).replace("web-1:", "127.0.0.1:1")
    site = site.replace("web-2:", "127.0.0.1:2").replace("http2 on;", "")  # of nginx 1.25 and newer
    config = tmp_path / "nginx.conf"
    config.write_text(f"error_log stderr; pid {tmp_path}/pid; events {{}}\nhttp {{ access_log off;\n{site} }}")
    done = subprocess.run(["nginx", "-t", "-p", tmp_path, "-c", config], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_nginx_keeps_pictures_for_an_hour_and_lets_nobody_through_to_figures(http_server, tmp_path):
    if not shutil.which("nginx"):
        pytest.skip("needs nginx")
    port, folders = free_port(), ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    config = tmp_path / "nginx.conf"
    config.write_text(f"""{"user root;" if os.geteuid() == 0 else ""} daemon off; error_log stderr; pid {tmp_path}/pid; events {{}}
        http {{ access_log off; {"".join(f"{name}_temp_path {tmp_path}/{name};" for name in folders)}
        proxy_cache_path {tmp_path}/media keys_zone=moonpress_media:1m;
        upstream moonpress {{ server 127.0.0.1:{http_server.port}; }}
        server {{ listen 127.0.0.1:{port}; include {DEPLOY}/nginx/proxy.conf; }} }}""")
    http_server.page, http_server.headers = b"picture", {"Cache-Control": "max-age=31536000"}
    paths = ("media/a.webp", "media/a.webp", "blog/", "blog/", "metrics", "readyz", "healthz")
    with subprocess.Popen(["nginx", "-p", tmp_path, "-c", config]) as nginx:
        try:
            wait_until(lambda: is_open(port), seconds=10, what="nginx")
            found = [asked(f"http://127.0.0.1:{port}/{path}") for path in paths]
        finally:
            nginx.terminate()
    assert found == [200, 200, 200, 200, 404, 404, 200]
    assert [each.path for each in http_server.requests] == ["/media/a.webp", "/blog/", "/blog/", "/healthz"]
    assert {each.headers["Host"] for each in http_server.requests} == {"127.0.0.1"}


def is_open(port):
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0


def asked(url):
    try:
        with urllib.request.urlopen(url) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        return error.code


def test_a_worker_may_write_backups_where_the_documentation_puts_them():
    folders = {*re.findall(r"`BACKUP_FOLDER=(/\S+)`", (ROOT / "docs/operations.md").read_text())}
    assert folders, "they are named"
    unit = (DEPLOY / "systemd" / "moonpress-worker@.service").read_text()
    writable = re.search(r"^ReadWritePaths=(.+)$", unit, re.MULTILINE)[1].split()
    assert all(any(Path(folder).is_relative_to(each) for each in writable) for folder in folders)


def test_units_of_systemd_run_the_processes_of_the_procfile():
    units = {path.name: path.read_text() for path in (DEPLOY / "systemd").glob("*.service")}
    run = {re.search(r"^ExecStart=\S+ -m cms\.ops\.processes (\w+)$", text, re.MULTILINE)[1] for text in units.values()}
    assert run == {*read_procfile(ROOT / "Procfile")}
    assert all("Restart=always" in text and "KillMode=mixed" in text for text in units.values())
    if shutil.which("systemd-analyze"):
        paths = [str(path) for path in (DEPLOY / "systemd").glob("*.service")]
        done = subprocess.run(["systemd-analyze", "verify", *paths], capture_output=True, text=True, check=False)
        wrong = [line for line in done.stderr.splitlines() if "Unknown" in line or "Failed to parse" in line]
        assert wrong == []


def test_the_script_of_a_rolling_restart_is_one():
    subprocess.run(["sh", "-n", DEPLOY / "rolling-restart"], check=True)
