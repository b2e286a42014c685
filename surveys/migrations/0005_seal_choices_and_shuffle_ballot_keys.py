"""Encrypt the choices that wait to be confirmed, and give ballots keys that do not tell in which order they were cast."""

import hmac
import json
import secrets
from pathlib import Path

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from django.db import migrations
from django.utils import timezone

RANDOM_KEY = "(('x' || substr(md5(gen_random_uuid()::text), 1, 16))::bit(64)::bigint & 4611686018427387903)"
SHUFFLE = [
    f"CREATE TEMPORARY TABLE fresh_key ON COMMIT DROP AS SELECT id AS old, {RANDOM_KEY} AS new FROM surveys_ballot",
    "UPDATE surveys_ballot SET id = new FROM fresh_key WHERE id = old",
    "UPDATE surveys_unsealedballot SET ballot_id = new FROM fresh_key WHERE ballot_id = old",
]


def _sealing(season):
    """As surveys.keys has it; None where the pepper is gone."""
    path = Path(settings.BALLOT_PEPPER_FOLDER) / season.pepper_id.hex
    if path.exists():
        return AESGCM(hmac.digest(path.read_bytes(), b"choices", "sha256"))
    if season.state == "voting" and season.closes_at > timezone.now():
        raise RuntimeError(f"The pepper of the season “{season.slug}” is missing: {path}. Bring it back, then migrate.")
    return None


def _each_season(apps):
    for season in apps.get_model("surveys", "Season").objects.filter(pending_ballots__isnull=False).distinct():
        if (sealing := _sealing(season)) is None:
            season.pending_ballots.all().delete()  # nobody can confirm them any more
            continue
        for pending in season.pending_ballots.iterator():
            yield sealing, pending


def seal(apps, _editor):
    for sealing, pending in _each_season(apps):
        tidied = {slug: [list(dict.fromkeys(rank)) for rank in choice] for slug, choice in pending.choices.items()}
        nonce = secrets.token_bytes(12)
        pending.sealed_choices = nonce + sealing.encrypt(nonce, json.dumps(tidied).encode(), None)
        pending.save(update_fields=["sealed_choices"])


def unseal(apps, _editor):
    for sealing, pending in _each_season(apps):
        sealed = bytes(pending.sealed_choices)
        pending.choices = json.loads(sealing.decrypt(sealed[:12], sealed[12:], None))
        pending.save(update_fields=["choices"])


class Migration(migrations.Migration):
    dependencies = [("surveys", "0004_sealed_choices_and_ballot_keys")]

    operations = [
        migrations.RunPython(seal, unseal),
        migrations.RunSQL(SHUFFLE, migrations.RunSQL.noop),
    ]
