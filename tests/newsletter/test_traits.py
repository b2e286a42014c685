"""Tags and fields of subscribers: typed, filtered, imported, exported, merged, and gone with their subscriber."""

import csv
import json

import pytest
from django.core.exceptions import ValidationError
from django.core.management import call_command

from core.transitions import TransitionRefused
from newsletter.models import Subscriber, SubscriberField, SubscriberTag, Tagging
from newsletter.subscribers import subscriptions, traits
from tests.newsletter import factories

pytestmark = pytest.mark.django_db
LIST = "/admin/newsletter/subscriber/"


@pytest.fixture
def manager(client):
    client.force_login(factories.user("manager@example.com", role="newsletter manager"))
    return client


def tags_of(email="ann@example.com"):
    return list(SubscriberTag.objects.filter(subscribers__canonical=email).values_list("name", flat=True))


def save(client, person, **said):
    page = client.get(f"{LIST}{person.pk}/change/")
    form = page.context["adminform"].form
    data = {name: form[name].value() or "" for name in form.fields}
    formset = {f"subscriptions-{name}": "0" for name in ("TOTAL_FORMS", "INITIAL_FORMS")}
    return client.post(f"{LIST}{person.pk}/change/", data | formset | said)


def found(client, **asked):
    return [row.email for row in client.get(LIST, asked).context["cl"].result_list]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("VIP, Berlin reader", ["VIP", "Berlin reader"]),
        ('"VIP","Customer, big"', ["VIP", "Customer big"]),
        ("a; b;;", ["a", "b"]),
        ('["x", "y"]', ["x", "y"]),
        ("[x, y]", ["x", "y"]),
        ("vip, VIP,  Vip ", ["vip"]),
        (" \u200b, ,", []),
        ("a\nb", ["a b"]),
    ],
)
def test_names_of_tags_are_read_as_systems_write_them(text, names):
    assert traits.tag_names(text) == names


def test_a_tag_is_the_same_in_whatever_letters(ann):
    factories.tagged(ann, "Ärger", "VIP")
    factories.tagged(ann, *traits.tag_names("a\u0308rger, vip, new"))
    assert tags_of() == ["new", "VIP", "Ärger"]


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        ("text", " Port\nVesper ", "Port Vesper"),
        ("number", "12.50", 12.5),
        ("number", "-3", -3),
        ("date", "2024-02-29", "2024-02-29"),
        ("yes-no", "Yes", True),
        ("choice", "GOLD", "Gold"),
        ("number", "", None),
    ],
)
def test_a_value_is_kept_as_its_kind(kind, text, value):
    assert traits.value_of(SubscriberField(name="X", kind=kind, choices="Gold\nSilver"), text) == value


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("number", "many"),
        ("number", "1e9"),
        ("number", "NaN"),
        ("date", "2024-02-30"),
        ("yes-no", "maybe"),
        ("choice", "x"),
    ],
)
def test_what_a_field_cannot_hold_is_refused_in_words(kind, text):
    with pytest.raises(ValidationError, match=f"“{text}”"):
        traits.value_of(SubscriberField(name="X", kind=kind, choices="Gold\nSilver"), text)


def test_the_subscribers_page_sets_tags_and_values_and_leaves_all_else(manager, ann):
    town, age = factories.field(), factories.field("Age", "number")
    Subscriber.objects.filter(pk=ann.pk).update(attributes={"old": 1, "town": "Elsewhere"})
    assert save(manager, ann, tag_names="VIP, reader", **{f"field-{age.pk}": "41"}).status_code == 302
    assert tags_of() == ["reader", "VIP"]
    assert Subscriber.objects.get().attributes == {"old": 1, "town": "Elsewhere", "age": 41}
    save(manager, ann, tag_names="VIP", **{f"field-{town.pk}": ""})
    assert (tags_of(), Subscriber.objects.get().attributes) == (["VIP"], {"old": 1, "age": 41})


def test_a_value_that_does_not_fit_is_refused_on_the_page(manager, ann):
    age = factories.field("Age", "number")
    page = save(manager, ann, tag_names="VIP", **{f"field-{age.pk}": "old"})
    assert "is no number" in page.content.decode()
    assert (tags_of(), Subscriber.objects.get().attributes) == ([], {})


def test_saving_a_name_overwrites_no_act_of_meanwhile(manager, ann):
    page = manager.get(f"{LIST}{ann.pk}/change/")
    assert page.status_code == 200
    factories.suppression("complaint")
    save(manager, ann, name="Ann")
    assert (Subscriber.objects.get().name, Subscriber.objects.get().suppressed) == ("Ann", "complaint")


def test_the_list_is_narrowed_by_tag_and_by_what_a_field_can_be(manager, weekly, ann):
    level, paid = factories.field("Level", "choice", choices="Gold\nSilver"), factories.field("Paid", "yes-no")
    bob = factories.subscription(weekly, "bob@example.com").subscriber
    factories.tagged(ann, "VIP")
    traits.set_values(bob, {"level": "Gold", "paid": False})
    assert found(manager, tag=SubscriberTag.objects.get().pk) == ["ann@example.com"]
    assert found(manager, **{f"field-{level.pk}": "Gold"}) == found(manager, **{f"field-{paid.pk}": "no"})
    assert found(manager, **{f"field-{paid.pk}": "no"}) == ["bob@example.com"]
    assert found(manager, **{f"field-{paid.pk}": "yes"}) == found(manager, **{f"field-{level.pk}": "x"}) == []
    assert manager.get(LIST, {"tag": "x"}).status_code == 302


def test_a_field_gets_a_key_and_keeps_it_with_its_kind(manager):
    new = "/admin/newsletter/subscriberfield/add/"
    assert b"Say what it can be" in manager.post(new, {"name": "Größe", "kind": "choice", "ordering": "0"}).content
    manager.post(new, {"name": "Größe", "kind": "choice", "choices": "S\nM", "ordering": "0"})
    made = SubscriberField.objects.get()
    assert (made.key, made.options) == ("groesse", ["S", "M"])
    assert (
        "such a field already" in manager.post(new, {"name": "GRößE", "kind": "text", "ordering": 0}).content.decode()
    )
    changed = {"name": "Size", "kind": "text", "key": "size", "choices": "S\nM\nL", "ordering": "0"}
    manager.post(f"/admin/newsletter/subscriberfield/{made.pk}/change/", changed)
    made.refresh_from_db()
    assert (made.name, made.kind, made.key, made.options) == ("Size", "choice", "groesse", ["S", "M", "L"])


def test_merging_asks_which_tag_is_kept_and_gives_it_to_all(manager, weekly, ann):
    bob = factories.subscription(weekly, "bob@example.com").subscriber
    factories.tagged(ann, "VIP", "V.I.P.")
    factories.tagged(bob, "V.I.P.")
    keep = SubscriberTag.objects.get(name="VIP")
    ticked = {"action": "merge", "_selected_action": list(SubscriberTag.objects.values_list("pk", flat=True))}
    assert "Which of these is kept?" in manager.post("/admin/newsletter/subscribertag/", ticked).content.decode()
    manager.post("/admin/newsletter/subscribertag/", ticked | {"keep": keep.pk})
    assert (tags_of(), tags_of("bob@example.com"), SubscriberTag.objects.count()) == (["VIP"], ["VIP"], 1)
    keep.delete()
    with pytest.raises(TransitionRefused):
        traits.merge(keep, [])


def test_tags_and_values_are_ones_own_data_and_go_with_it(ann):
    traits.set_values(factories.tagged(ann, "VIP"), {"town": "Port Vesper"})
    data = subscriptions.export(ann)
    assert (data["tags"], data["attributes"]) == (["VIP"], {"town": "Port Vesper"})
    subscriptions.erase(ann)
    assert not Tagging.objects.exists()


CSV = "Email Address,MEMBER_RATING,TAGS,Town,Age,Born,Paid,Group\n"
ROWS = '''ann@example.com,2,"""VIP"",""Berlin reader""",Port Vesper,41,29.02.2024,ja,North
bob@example.com,2,,,old,04/05/2024,,
ANN@example.com,2,"second",,,,,
'''


def test_a_files_columns_become_tags_and_values_as_they_are_named_and_mapped(run, weekly):
    factories.field()
    for name, kind in {"Age": "number", "Born": "date", "Paid": "yes-no"}.items():
        factories.field(name, kind)
    factories.tagged(factories.subscription(weekly, "known@example.com").subscriber, "old")
    known = "known@example.com,2,New,Here,,,,\n"
    said = run(CSV + ROWS + known, "--tag", "imported", "--column", "Group=tags")
    assert set(tags_of()) == {"VIP", "Berlin reader", "North", "imported", "second"}
    assert set(tags_of("known@example.com")) == {"old", "New", "imported"}
    ann, bob, known = (Subscriber.objects.get(canonical=f"{name}@example.com") for name in ("ann", "bob", "known"))
    assert ann.attributes == {"town": "Port Vesper", "age": 41, "born": "2024-02-29", "paid": True}
    assert (bob.attributes, known.attributes) == ({}, {"town": "Here"})
    assert "line 3: Age: “old” is no number" in said
    assert "Born: “04/05/2024” is no day" in said


def test_an_import_fills_what_is_empty_and_changes_no_value(run, ann):
    factories.field()
    factories.field("Age", "number")
    traits.set_values(ann, {"town": "Here"})
    run("email,town,age\nann@example.com,There,7\n")
    assert Subscriber.objects.get().attributes == {"town": "Here", "age": 7}


def test_a_dry_run_makes_no_tag(run):
    run("email,tags\nann@example.com,VIP\n", "--dry-run", "--tag", "imported")
    assert not SubscriberTag.objects.exists()


@pytest.mark.parametrize("form", ["plain", "listmonk", "mailchimp"])
def test_what_was_exported_comes_in_again_with_tags_and_values(weekly, ann, form, tmp_path):
    factories.field()
    traits.set_values(factories.tagged(ann, "VIP", "Berlin reader"), {"town": "Port Vesper", "x": 1})
    call_command("export_subscribers", str(tmp_path / "list.csv"), "--format", form)
    path = next(path for path in sorted(tmp_path.iterdir(), reverse=True) if "ann@" in path.read_text())
    with path.open() as file:
        (row,) = csv.DictReader(file)
    Subscriber.objects.all().delete()
    SubscriberTag.objects.all().delete()
    call_command("import_subscribers", str(path))
    assert tags_of() == ["Berlin reader", "VIP"]
    assert Subscriber.objects.get().attributes == {"town": "Port Vesper"} | ({"x": 1} if form != "mailchimp" else {})
    if form == "listmonk":
        assert json.loads(row["attributes"])["tags"] == ["Berlin reader", "VIP"]
