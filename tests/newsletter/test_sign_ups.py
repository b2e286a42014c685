"""Sign-ups wait as one row whatever is known of the address, and are settled once each, by workers that may die."""

import re
import threading
from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from core.models import OutgoingMail
from newsletter.models import ConsentAct, SignUp, SignUpRules, Subscriber, Subscription
from newsletter.subscribers import sign_ups, subscriptions
from tests.newsletter import factories
from tests.smtp import wait_until

pytestmark = pytest.mark.django_db


KEPT = ("core_contentgeneration", "core_siteprofile")  # read again after a second, whoever asks


def ask(email="ann@example.com", **fields):
    return sign_ups.request_subscription(email=email, source="form", ip="192.0.2.7", **fields)


def known(weekly):
    """Addresses of every kind: what is known of them, and whose they are."""
    factories.subscription(weekly, "pending@example.com", state="pending")
    factories.subscription(weekly, "confirmed@example.com")
    factories.subscription(weekly, "left@example.com", state="unsubscribed")
    factories.subscription(weekly, "bounced@example.com")
    for reason in ("bounce", "complaint", "staff"):
        factories.suppression(reason, {"bounce": "bounced"}.get(reason, reason) + "@example.com")
    subscriptions.erase(factories.subscription(weekly, "erased@example.com").subscriber)
    return ["new", "pending", "confirmed", "left", "bounced", "complaint", "staff", "erased"]


def statements(client, email):
    """The statements that a sign-up takes, without their values."""
    with CaptureQueriesContext(
        connection,
    ) as queries:
        answer = client.post("/newsletter/subscribe/", {"email": email})
    asked = (query["sql"] for query in queries if not any(table in query["sql"] for table in KEPT))
    texts = [re.sub(r"'[^']*'|\b\d+\b", "?", text) for text in asked]
    return texts, answer.status_code, answer.content


def test_the_same_is_asked_of_the_database_whatever_is_known_of_an_address(client, weekly):
    kinds = known(weekly)
    statements(client, "warm@example.com")
    found = {kind: statements(client, f"{kind}@example.com") for kind in kinds}
    for kind in kinds:
        assert found[kind] == found["new"], kind
    assert 3 <= len(found["new"][0]) <= 7
    assert SignUp.objects.count() == 1 + len(kinds)


def test_only_the_worker_tells_the_addresses_apart(weekly):
    kinds = known(weekly)
    OutgoingMail.objects.all().delete()
    for kind in kinds:
        ask(f"{kind}@example.com")
    assert not OutgoingMail.objects.exists()
    assert sign_ups.settle_due() == len(kinds)
    mailed = {mail.recipient.partition("@")[0]: mail.kind for mail in OutgoingMail.objects.all()}
    confirm = ("new", "pending", "left", "bounced", "erased")
    assert mailed == dict.fromkeys(confirm, "newsletter.confirm") | {"confirmed": "newsletter.already-subscribed"}
    assert not SignUp.objects.exists()


def test_the_ledger_has_the_time_of_asking_not_of_settling(weekly):
    ask()
    asked = timezone.now() - timedelta(hours=3)
    SignUp.objects.update(asked_at=asked)
    sign_ups.settle_due()
    assert ConsentAct.objects.get().given_at == asked
    assert Subscription.objects.get().requested_at == asked


def test_one_that_cannot_be_settled_stops_no_other_and_is_tried_again(weekly):
    ask("bad@example.com")
    ask("good@example.com")
    SignUp.objects.filter(email="bad@example.com").update(email="bad@example.com\nBcc: x@example.com")
    sign_ups.settle_due()
    assert [mail.recipient for mail in OutgoingMail.objects.all()] == ["good@example.com"]
    assert SignUp.objects.get().attempts == 1
    assert not Subscriber.objects.filter(canonical="bad@example.com").exists()
    SignUp.objects.update(email="bad@example.com")
    assert sign_ups.settle_due() == 0, "it waits a minute first"
    assert sign_ups.settle_due(now=timezone.now() + timedelta(minutes=2)) == 1


def test_one_that_is_never_settled_is_deleted_at_last(weekly):
    ask()
    SignUp.objects.update(asked_at=timezone.now() - timedelta(days=8))
    assert sign_ups.delete_unsettled() == 1


def test_an_erasure_takes_along_what_waits(weekly, ann):
    ask()
    subscriptions.erase(ann)
    assert not SignUp.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_two_workers_settle_none_twice(weekly):
    for number in range(12):
        ask(f"a{number}@example.com")

    def work():
        sign_ups.settle_due()
        connection.close()

    workers = [threading.Thread(target=work) for _ in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    wait_until(lambda: not SignUp.objects.exists(), what="the last sign-up")  # another test's worker may be at it
    assert OutgoingMail.objects.count() == 12


@pytest.mark.django_db(transaction=True)
def test_a_worker_that_dies_leaves_the_sign_up_to_the_next(weekly):
    class Killed(BaseException):
        pass

    @transaction.atomic
    def settle_and_die():
        sign_ups.settle_due()
        raise Killed

    ask()
    with pytest.raises(Killed):
        settle_and_die()
    assert not OutgoingMail.objects.exists()
    assert sign_ups.settle_due() == 1
    assert OutgoingMail.objects.count() == 1


def rules(**fields):
    row = SignUpRules.current()
    for name, value in fields.items():
        setattr(row, name, value)
    row.save()
    return row


@pytest.mark.parametrize("domain", ["mailinator.com", "mail.mailinator.com", "burner.example"])
def test_a_disposable_address_is_marked_and_refused_only_where_staff_say_so(weekly, domain):
    row = rules(disposable_domains="burner.example")
    ask(f"ann@{domain}")
    sign_ups.settle_due()
    assert Subscriber.objects.get().disposable
    row.refuses_disposable = True
    row.save()
    with pytest.raises(ValidationError, match="thrown away"):
        ask(f"bob@{domain}")
    rules(trusted_domains="mailinator.com\nburner.example")
    ask(f"bob@{domain}")


def test_the_marks_follow_the_lists(weekly):
    people = [factories.subscriber(f"ann@{domain}") for domain in ("mailinator.com", "burner.example", "example.org")]
    assert sign_ups.mark_disposable() == 1
    rules(disposable_domains="Burner.example", trusted_domains="mailinator.com")
    assert sign_ups.mark_disposable() == 2
    marked = Subscriber.objects.filter(disposable=True)
    assert [*marked] == [people[1]]


def test_the_list_is_narrowed_to_disposable_addresses(client, weekly):
    client.force_login(factories.user(role="newsletter manager"))
    factories.subscriber("ann@mailinator.com", disposable=True)
    factories.subscriber("bob@example.org")
    page = client.get("/admin/newsletter/subscriber/", {"disposable__exact": "1"}).content.decode()
    assert "ann@mailinator.com" in page
    assert "bob@example.org" not in page
    ann = Subscriber.objects.get(disposable=True)
    assert b"to be thrown away" in client.get(f"/admin/newsletter/subscriber/{ann.pk}/change/").content


@pytest.mark.parametrize("typed", ["https://a.example/", "a b", "*", "a.*.example"])
def test_sites_are_written_as_hosts(client, typed):
    client.force_login(factories.user(role="newsletter manager"))
    posted = {"proof_when": "busy", "proof_threshold": 60, "embedding_sites": typed}
    page = client.post("/admin/newsletter/signuprules/add/", posted).content.decode()
    assert "is not a domain" in page
    client.post("/admin/newsletter/signuprules/add/", posted | {"embedding_sites": "a.example\r\n"})
    assert SignUpRules.objects.get().may_embed == ("a.example",)
