"""Subscribers are brought in at the desk: what a file says is shown, mapped and tried before anybody comes in by it."""

import html
import re
import zipfile
from datetime import timedelta
from io import BytesIO

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.utils import timezone

from core import upload_runs
from core.models import AuditEntry
from newsletter.admin.imports import UploadForm
from newsletter.models import Newsletter, Subscriber, SubscriberImport, SubscriberTag, Subscription
from newsletter.subscribers import exports, import_runs
from tests.newsletter import factories

pytestmark = pytest.mark.django_db
HERE = "/admin/newsletter/subscriberimport/"
LIST = "Email Address,Status,Joined\nann@example.com,active,2020-01-02\nbob@example.com,unsubscribed,\nno,active,\n"


@pytest.fixture(autouse=True)
def _folder(settings, tmp_path):
    settings.IMPORT_FOLDER = tmp_path / "imports"


@pytest.fixture
def manager(client, weekly):
    client.force_login(factories.user("manager@example.com", role="newsletter manager"))
    return client


def first_list():
    return Newsletter.objects.order_by("pk").first()


def upload(client, content=LIST, name="list.csv"):
    file = SimpleUploadedFile(name, content if isinstance(content, bytes) else content.encode())
    answer = client.post(f"{HERE}upload/", {"file": file, "newsletter": first_list().pk})
    assert answer.status_code == 302, answer.context["form"].errors
    return SubscriberImport.objects.first()


def text(client, row):
    return re.sub(r"<[^>]+>|\s+", " ", client.get(f"{HERE}{row.pk}/").content.decode()).replace("  ", " ")


def decide(client, row, decision, **said):
    page = client.get(f"{HERE}{row.pk}/")
    form = page.context["form"]
    data = {field.html_name: field.value() or "" for field in form} | said
    return client.post(f"{HERE}{row.pk}/decide/", data | {"decision": decision}, follow=True)


def run(client, row, decision, **said):
    decide(client, row, decision, **said)
    assert import_runs.ENGINE.run_next()
    row.refresh_from_db()
    return row


def states():
    return dict(Subscription.objects.values_list("subscriber__canonical", "state"))


def test_a_file_is_shown_as_it_is_understood_before_anybody_comes_in(manager):
    row = upload(manager)
    said = text(manager, row)
    assert "Read as plain CSV (UTF-8, commas between cells)" in said
    for cell in ("ann@example.com", "may be mailed", "2 Jan 2020", "bob@example.com", "unsubscribed", "Not taken"):
        assert cell in said
    assert (row.state, row.path.read_text(), Subscriber.objects.exists()) == ("uploaded", LIST, False)


def test_a_page_that_watches_a_dry_run_sees_that_it_is_over(manager):
    """By another state of its fragment, for which the script loads the page anew, with what can be decided now."""

    def state():
        fragment = manager.get(f"{HERE}{row.pk}/", headers={"X-Fragment": "1"}).content.decode()
        return re.findall(r'data-moving="(\w+)" data-state="([^"]+)"', fragment)[0]

    row = upload(manager)
    decide(manager, row, "Dry run")
    moving, before = state()
    assert import_runs.ENGINE.run_next()
    over, after = state()
    assert (moving, over) == ("yes", "no")
    assert before != after


def test_a_dry_run_reports_and_changes_nothing_and_the_import_does_what_it_said(manager):
    row = run(manager, upload(manager), "Dry run")
    assert (row.state, row.report["added"], row.report["refused"], states()) == ("uploaded", 2, 1, {})
    assert "Dry run: what would happen" in text(manager, row)
    row = run(manager, row, "Import")
    assert (row.state, row.report["added"]) == ("done", 2)
    assert states() == {"ann@example.com": "confirmed", "bob@example.com": "unsubscribed"}
    assert not row.path.parent.exists()
    assert AuditEntry.objects.get().action == "started an import of subscribers"


def test_columns_are_mapped_by_hand(manager):
    row = upload(manager, "Kontakt,Weg\nann@example.com,\nbob@example.com,ja\n")
    assert "no column is named email" in text(manager, row)
    assert "Say which column holds the addresses" in decide(manager, row, "Import").content.decode()
    decide(manager, row, "Show the preview anew", **{"column-0": "email", "column-1": "yes_means_off"})
    assert "may be mailed" in text(manager, row)
    run(manager, row, "Import")
    assert states() == {"ann@example.com": "confirmed", "bob@example.com": "unsubscribed"}


def test_what_words_of_another_language_mean_is_said_by_hand(manager):
    """Else a list whose status is “actif” comes in unconfirmed as a whole, and goes after a month."""
    rows = [f"reader{number}@example.com,Actif" for number in range(12)]
    row = upload(manager, "\n".join(["email,status", *rows, "gone@example.com,désabonné", "who@example.com,pending"]))
    found = manager.get(f"{HERE}{row.pk}/").context["form"]
    assert [field.label for field in found.word_fields()] == ["“Actif”"]
    row = run(manager, row, "Dry run", **{"word-actif": "active"})
    assert [field.label for field in manager.get(f"{HERE}{row.pk}/").context["form"].word_fields()] == [
        "“Actif”",
        "“désabonné”",
    ]
    assert "may be mailed" in text(manager, row)
    run(manager, row, "Import", **{"word-désabonné": "unsubscribed"})
    expected = {f"reader{number}@example.com": "confirmed" for number in range(12)}
    assert states() == expected | {"gone@example.com": "unsubscribed", "who@example.com": "pending"}


def test_a_word_that_says_no_is_not_said_to_mean_yes(weekly, tmp_path):
    path = tmp_path / "list.csv"
    path.write_text("email,status\nann@example.com,unsubscribed\nbob@example.com,pending\ncleo@example.com,aktiv\n")
    words = {"unsubscribed": "active", "pending": "active", "aktiv": "active"}
    call_command("import_subscribers", str(path), *(f"--word={word}={kind}" for word, kind in words.items()))
    assert states() == {
        "ann@example.com": "unsubscribed",
        "bob@example.com": "pending",
        "cleo@example.com": "confirmed",
    }
    with pytest.raises(CommandError, match="No status is called “on”"):
        call_command("import_subscribers", str(path), "--word=aktiv=on")


def test_columns_show_what_stands_in_them_also_where_none_is_known_to_have_the_addresses(manager):
    row = upload(manager, "Kontakt;Weg\nann@example.com;\nbob@example.com;ja\n")
    said = text(manager, row)
    assert "Say below which one has the addresses." in said
    assert "ann@example.com · bob@example.com" in said


def test_a_role_that_a_name_says_can_be_taken_from_a_column(manager):
    row = upload(manager, "email,status\nann@example.com,whatever\n")
    run(manager, row, "Import", **{"column-1": ""})
    assert states() == {"ann@example.com": "confirmed"}


def test_the_newsletter_and_the_order_of_dates_are_chosen(manager):
    other = factories.newsletter(name="Other", slug="other", is_default=False)
    row = upload(manager, "email,joined\na@example.com,04/11/2023\n")
    run(manager, row, "Import", newsletter=other.pk, date_order="month-first")
    found = Subscription.objects.get()
    assert (found.newsletter, f"{found.confirmed_at:%Y-%m-%d}") == (other, "2023-04-11")


def test_the_lines_to_look_at_are_a_file_without_addresses(manager):
    row = run(manager, upload(manager, "email,joined\nann@nowhere,\nbob@example.com,2099-01-01\n"), "Import")
    found = manager.get(f"{HERE}{row.pk}/lines.csv").content.decode().splitlines()
    assert [line.split(",")[:2] for line in found[1:]] == [["2", "not taken"], ["3", '"taken']]
    assert "nowhere" not in str(row.report)
    assert "It should look like name@example.com" in str(row.report)


HOSTILE = {
    "empty": b"",
    "a picture": b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 40,
    "NUL": b"email\nann@example.com\0\n\0\0\n",
    "half of UTF-16": b"\xff\xfee\0m\0a\0i\0l\0\n",
    "many columns": b"email," + b"x," * 5000 + b"\nann@example.com\n",
    "long": b"email\n" + b"a" * 3_000_000,
    "quotes": b'email\n"' + b"\n" * 2000,
    "markup": b"email,<script>alert(1)</script>\n\"<script>alert(2)</script>\"@example.com,<b>\n",
    "names of columns": b"email,,\0,email,EMAIL,__proto__,{{ 1 }}\nann@example.com,,,,,,\n",
}  # fmt: skip


@pytest.mark.parametrize("content", HOSTILE.values(), ids=HOSTILE)
def test_no_file_is_an_error_page(manager, content):
    file = SimpleUploadedFile("list.csv", content)
    answer = manager.post(f"{HERE}upload/", {"file": file, "newsletter": first_list().pk}, follow=True)
    row = SubscriberImport.objects.first()
    if row is None:  # Django takes no empty file
        return
    shown = manager.get(f"{HERE}{row.pk}/")
    assert (answer.status_code, shown.status_code) == (200, 200)
    assert b"<script>alert" not in shown.content
    assert decide(manager, row, "Import").status_code == 200
    import_runs.ENGINE.run_next()
    row.refresh_from_db()
    assert row.state in ("uploaded", "failed", "done")


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("../../etc/passwd", "passwd"),
        ("..\\..\\x.csv", "x.csv"),
        (".htaccess", "htaccess"),
        ("ann@example.com.csv", "list.csv"),
        ("unsubscribed_members_export_1.csv", "unsubscribed_members_export_1.csv"),
        ("a" * 300 + ".csv", "a" * 80 + ".csv"),
        ("Liste\n für\0 Frühling.csv", "Liste_f_r_Fr_hling.csv"),
        ("…", "list.csv"),
    ],
)
def test_a_name_names_a_file_in_its_folder_alone(name, kept):
    assert upload_runs.safe_name(name, "list.csv") == kept


def test_a_file_that_is_too_large_is_refused_in_words(manager):
    file = SimpleUploadedFile("list.csv", b"x")
    file.size = upload_runs.MOST_BYTES + 1
    form = UploadForm({"newsletter": first_list().pk}, {"file": file})
    assert "at most 90 are taken" in form.errors["file"][0]


def test_what_was_not_started_is_cancelled_after_a_question(manager):
    row = upload(manager)
    assert "Cancel the import of" in manager.get(f"{HERE}{row.pk}/cancel/").content.decode()
    assert row.path.exists()
    manager.post(f"{HERE}{row.pk}/cancel/")
    row.refresh_from_db()
    assert (row.state, row.path.parent.exists()) == ("cancelled", False)
    assert "This import is cancelled" in manager.post(f"{HERE}{row.pk}/decide/", follow=True).content.decode()


def test_one_that_runs_stops_when_it_is_asked_to(manager):
    row = upload(manager)
    decide(manager, row, "Import")
    SubscriberImport.objects.claim(limit=1)
    manager.post(f"{HERE}{row.pk}/cancel/")
    row.refresh_from_db()
    assert (row.state, row.is_cancel_asked) == ("running", True)
    SubscriberImport.objects.update(lease_expires_at=timezone.now() - timedelta(seconds=1))
    import_runs.ENGINE.run_next()
    row.refresh_from_db()
    assert (row.state, states()) == ("cancelled", {})


def test_one_that_is_broken_off_again_and_again_fails_and_can_be_started_anew(manager):
    row = upload(manager)
    decide(manager, row, "Import")
    SubscriberImport.objects.update(attempts=upload_runs.MOST_ATTEMPTS)
    import_runs.ENGINE.run_next()
    row.refresh_from_db()
    assert (row.state, states()) == ("failed", {})
    assert run(manager, row, "Import").state == "done"


def test_files_go_after_a_week_and_reports_after_a_year(manager):
    waiting, done = upload(manager), run(manager, upload(manager), "Import")
    with time_machine.travel(timezone.now() + timedelta(days=8)):
        import_runs.ENGINE.delete_old()
    waiting.refresh_from_db()
    assert (waiting.state, waiting.path.parent.exists()) == ("cancelled", False)
    with time_machine.travel(timezone.now() + timedelta(days=374)):
        assert import_runs.ENGINE.delete_old() == 2
    assert not SubscriberImport.objects.filter(pk=done.pk).exists()


@pytest.mark.parametrize("role", ["writer", "editor", "awards steward", "sponsorship manager"])
def test_no_other_role_imports_or_exports(client, weekly, role):
    client.force_login(factories.user("somebody@example.com", role=role))
    pages = ["upload/", "export/", "1/", "1/decide/", "1/cancel/", "1/lines.csv"]
    assert {client.get(f"{HERE}{page}").status_code for page in pages} <= {403, 405}
    assert {client.post(f"{HERE}{page}").status_code for page in pages} <= {403, 405}
    assert not AuditEntry.objects.exists()


def test_the_list_of_subscribers_leads_there(manager):
    assert f"{HERE}upload/" in manager.get("/admin/newsletter/subscriber/").content.decode()
    assert manager.get(HERE).status_code == 200


@pytest.mark.parametrize("form", ["plain", "listmonk", "mailchimp"])
def test_an_export_is_what_the_command_writes_and_is_logged(manager, weekly, form, tmp_path):
    for name, state in {"on": "confirmed", "off": "unsubscribed", "asked": "pending"}.items():
        factories.subscription(weekly, f"{name}@example.com", state=state)
    answer = manager.post(f"{HERE}export/", {"newsletter": weekly.pk, "form": form})
    content = b"".join(answer.streaming_content)
    written = {path.name: path.read_bytes() for path in exports.write(weekly, tmp_path / "weekly.csv", form=form)}
    if form == "mailchimp":
        with zipfile.ZipFile(BytesIO(content)) as archive:
            assert archive.testzip() is None
            assert {name: archive.read(name) for name in archive.namelist()} == written
    else:
        assert content == written["weekly.csv"]
    entry = AuditEntry.objects.get()
    assert (entry.action, entry.by_name) == ("exported the subscribers", "manager@example.com")
    assert "no-store" in answer["Cache-Control"]


def test_an_export_from_a_narrowed_list_has_what_the_list_shows(manager, weekly):
    """Else whoever exports forty from a list of forty has everybody, and is not told."""
    for name, tags in {"ann": ["vip"], "bea": [], "cleo": ["vip"]}.items():
        factories.tagged(factories.subscription(weekly, f"{name}@example.com").subscriber, *tags)
    factories.subscription(weekly, "dan@example.com", state="unsubscribed")
    tag = SubscriberTag.objects.get(name="vip")
    page = manager.get(f"/admin/newsletter/subscriber/?tag={tag.pk}&state=confirmed&p=1").content.decode()
    (link,) = re.findall(r'href="([^"]*/export/[^"]*)"', page)
    export = html.unescape(link)
    assert "tag: vip; state: Confirmed" in manager.get(export).content.decode()
    chosen = {"newsletter": weekly.pk, "form": "plain"}
    found = b"".join(manager.post(export, chosen).streaming_content).decode()
    assert re.findall(r"\w+@example.com", found) == ["ann@example.com", "cleo@example.com"]
    assert AuditEntry.objects.values_list("detail", flat=True)[0] == "Plain CSV, of tag: vip; state: Confirmed"
    everybody = b"".join(manager.post(export.partition("?")[0], chosen).streaming_content).decode()
    assert everybody.count("@example.com") == 4
    tag.delete()
    assert b"is not there any more" in manager.post(export, chosen).content


def test_everybody_in_a_file_gets_the_tags_that_were_chosen_and_columns_become_fields(manager):
    factories.field()
    row = upload(manager, "email,Ort,Group\nann@example.com,Port Vesper,North\nbob@example.com,,\n")
    decide(
        manager,
        row,
        "Show the preview anew",
        **{"column-1": "field:town", "column-2": "tags", "tags": "Fair 2026, new"},
    )
    said = text(manager, row)
    assert "North" in said
    assert "Town: Port Vesper" in said
    assert "Fair 2026, new" in manager.get(f"{HERE}{row.pk}/").content.decode()
    run(manager, row, "Import")
    found = {one.email: {tag.name for tag in one.tags.all()} for one in Subscriber.objects.all()}
    assert found == {"ann@example.com": {"North", "Fair 2026", "new"}, "bob@example.com": {"Fair 2026", "new"}}
    assert Subscriber.objects.get(email="ann@example.com").attributes == {"town": "Port Vesper"}
