"""First names: given at sign-up where a newsletter asks, kept once the address confirms, and changed at preferences."""

import pytest

from newsletter.models import Newsletter, SignUp, Subscriber, Subscription
from newsletter.subscribers import sign_ups, subscriptions
from tests.newsletter import factories

pytestmark = pytest.mark.django_db

FORM = {"email": "new@example.com", "newsletter": "weekly"}
PATHS = ["/newsletter/subscribe/", "/newsletter/embed/weekly/", "/api/v1/subscriptions/"]


@pytest.fixture
def asking():
    factories.profile()
    return factories.newsletter(asks_name=True)


def ask(client, path="/newsletter/subscribe/", **typed):
    answer = client.post(path, FORM | typed, **({"content_type": "application/json"} if "/api/" in path else {}))
    sign_ups.settle_due()
    return answer


def confirm():
    row = Subscription.objects.select_related("newsletter").get(subscriber__email="new@example.com")
    subscriptions.confirm(row, issued_at=row.requested_at)
    return Subscriber.objects.get(email="new@example.com")


@pytest.mark.parametrize("path", PATHS)
def test_a_name_in_the_form_is_kept_once_the_address_confirms(client, asking, path):
    assert ask(client, path, name=" Ann \u2028 Lee ").status_code in (200, 202)
    assert Subscriber.objects.get().name == ""
    assert subscriptions.export(Subscriber.objects.get())["subscriptions"][0]["name_in_the_form"] == "Ann Lee"
    assert confirm().name == "Ann Lee"
    assert Subscription.objects.get().asked_name == ""


def test_it_may_stay_empty_and_whom_we_know_keeps_the_name(client, asking):
    ask(client)
    assert confirm().name == ""
    Subscriber.objects.update(name="Ann")
    subscriptions.unsubscribe(subscriber_id=Subscriber.objects.get().pk, newsletter_id=asking.pk, by="page")
    ask(client, name="Somebody's joke")
    assert confirm().name == "Ann"


def test_a_newsletter_that_does_not_ask_keeps_none(client, asking):
    assert 'name="name"' in client.get("/newsletter/").content.decode()
    assert 'name="name"' in client.get("/newsletter/embed/weekly/").content.decode()
    Newsletter.objects.get().delete()
    factories.newsletter()
    for path in ("/newsletter/", "/newsletter/embed/weekly/"):
        assert 'name="name"' not in client.get(path).content.decode()
    for path in PATHS:
        client.post(path, FORM | {"name": "Ann"}, **({"content_type": "application/json"} if "/api/" in path else {}))
    assert set(SignUp.objects.values_list("name", flat=True)) == {""}


def test_a_name_that_is_too_long_is_refused_in_words(client, asking):
    answer = ask(client, name="x" * 121)
    assert answer.status_code == 400
    assert not SignUp.objects.exists()


@pytest.mark.parametrize("name", [7, True, ["Ann"], {"first": "Ann"}])
def test_a_program_gives_a_name_as_text(client, asking, name):
    answer = client.post(PATHS[2], FORM | {"name": name}, content_type="application/json")
    assert (answer.status_code, answer.json()["detail"]) == (400, "A name is a text.")
    assert client.post(PATHS[2], FORM | {"name": None}, content_type="application/json").status_code in (200, 202)
    assert [row.name for row in SignUp.objects.all()] == [""]


def test_at_preferences_a_name_is_given_changed_and_taken_back(client, weekly):
    ann = factories.subscription(weekly).subscriber
    url = f"/newsletter/preferences/{subscriptions.preferences_token(ann.pk)}/"
    for typed, kept in (("x" * 121, ""), ("  Ann \u2028", "Ann"), (None, "Ann"), ("Anna", "Anna"), ("", "")):
        given = {} if typed is None else {"name": typed}
        answer = client.post(url, {"newsletters": [weekly.pk], **given})
        ann.refresh_from_db()
        assert ann.name == kept
    assert "Saved." in answer.content.decode()
    assert Subscription.objects.get().state == "confirmed"
