"""The dashboard and the alert rules ask for figures that there are."""

import json
import re
from pathlib import Path

import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from cms.models import Backup
from core import heartbeats
from core.lib import meters
from core.models import OutgoingMail

FOLDER = Path(__file__).resolve().parents[2] / "deploy"
NAMES = re.compile(r"moonpress_\w+")


def asked_by_rules():
    groups = yaml.safe_load((FOLDER / "alerts.yml").read_text())["groups"]
    return {rule["alert"]: rule["expr"] for group in groups for rule in group["rules"]}


def asked_by_dashboard():
    panels = json.loads((FOLDER / "grafana.json").read_text())["panels"]
    return {panel["title"]: " ".join(each["expr"] for each in panel.get("targets", [])) for panel in panels}


@pytest.mark.django_db
def test_every_figure_that_is_asked_for_is_there(client, settings):
    settings.BACKUP_BUCKET = "s3://bucket/backups"
    Backup.objects.create(name="site.tar")
    OutgoingMail.objects.create(recipient="a@example.com", subject="Hello", message=b"x")
    heartbeats.record("worker")
    meters.own.sign_ins.labels("accepted").inc()
    client.get("/")
    text = client.get("/metrics").content.decode()
    families = list(text_string_to_metric_families(text))
    given = {sample.name for family in families for sample in family.samples}
    # these have a sample only where something waits
    given |= {family.name for family in families}
    asked = asked_by_rules() | asked_by_dashboard()
    lacking = {(name, each) for name, expression in asked.items() for each in NAMES.findall(expression)}
    assert {(name, each) for name, each in lacking if each not in given} == set()


def test_every_rule_says_how_bad_it_is_and_what_to_do():
    groups = yaml.safe_load((FOLDER / "alerts.yml").read_text())["groups"]
    rules = [rule for group in groups for rule in group["rules"]]
    assert len(rules) > 8
    assert {rule["labels"]["severity"] for rule in rules} == {"page", "ticket"}
    assert all(rule["annotations"]["what_to_do"] for rule in rules)
