"""What leads: pinned stories in their order while they are live and their time lasts, and what is read most."""

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from articles import by_the_clock, most_read, publishing
from articles.desk import leads
from articles.desk.leads import Wanted
from articles.models import Article, AuditEntry, MostRead, PageFigures, Pin
from core.lib import clock
from core.models import OutgoingRequest
from core.transitions import TransitionRefused
from tests.articles import factories

pytestmark = pytest.mark.django_db
PAGE = "/admin/articles/article/lead/"
NO_DEPTH = {f"quarter_{number}": 0 for number in (1, 2, 3, 4)}


@pytest.fixture
def stories():
    """Five, of which the last is the newest."""
    factories.category()
    return [factories.publication(title=f"Story {n}", category="research").article for n in range(5)]


def pin(*articles, category=None, **until):
    wanted = [Wanted(article, until.get("until")) for article in articles]
    leads.arrange(category, wanted, seen=leads.state_of(leads.pins_of(category)), by=None)


def front(client):
    context = client.get("/").context
    return [card["title"] for card in [context["lead"], *context["latest"]]]


def section(client, page=1):
    context = client.get("/blog/category/research/", {"page": page}).context
    lead = [context["lead"]["title"]] if context["lead"] else []
    return lead + [card["title"] for card in [*context["pinned"], *context["page"]]]


def order(*numbers):
    return [f"Story {number}" for number in numbers]


def test_what_is_pinned_leads_in_its_order_and_the_newest_follow(stories, client):
    assert front(client) == order(4, 3, 2, 1, 0)
    pin(stories[1], stories[0])
    assert front(client) == order(1, 0, 4, 3, 2)
    pin(stories[0])
    assert front(client) == order(0, 4, 3, 2, 1)


def test_a_section_has_a_lead_of_its_own_and_shows_every_story_once(stories, client):
    pin(stories[2], stories[0], category=stories[0].category)
    assert section(client) == order(2, 0, 4, 3, 1)
    assert front(client) == order(4, 3, 2, 1, 0)
    many = [factories.publication(title=f"New {n}", category="research") for n in range(14)]
    assert len(section(client)) == 14
    assert set(section(client) + section(client, 2)) == {*order(0, 1, 2, 3, 4), *(each.title for each in many)}


def test_the_section_on_the_front_page_begins_with_what_is_pinned_there(stories, client):
    for number in range(6):
        factories.publication(title=f"News {number}")
    pin(stories[0], category=stories[0].category)
    (shown,) = client.get("/").context["sections"]
    assert [card["title"] for card in shown["articles"]] == order(0, 4, 3)


@pytest.mark.parametrize("step", [publishing.unpublish, publishing.archive])
def test_a_story_that_is_taken_down_leaves_its_place_to_the_next_at_once(stories, client, step):
    pin(stories[1], stories[0])
    step(stories[1])
    assert front(client)[0] == "Story 0"
    assert "not shown" in _page(client)


def _page(client):
    client.force_login(factories.user("editor"))
    return client.get(PAGE).content.decode()


def test_a_story_whose_own_end_comes_leaves_its_place(stories, client):
    pin(stories[1])
    publishing.schedule_end(stories[1], at=timezone.now() + timedelta(hours=1))
    with time_machine.travel(timezone.now() + timedelta(hours=2)):
        by_the_clock.publish_due()
        assert front(client)[0] == "Story 4"


def test_a_pin_ends_by_itself_and_caches_are_told(stories, client, settings):
    settings.CACHE_PURGE_URL = "https://cdn.example/purge"
    pin(stories[1], until=timezone.now() + timedelta(hours=1))
    client.get("/")
    OutgoingRequest.objects.all().delete()
    with time_machine.travel(timezone.now() + timedelta(hours=2)):
        assert leads.end_due() == 1
        assert (front(client)[0], Pin.objects.count(), leads.end_due()) == ("Story 4", 0, 0)
    assert "articles" in str(OutgoingRequest.objects.get().body)
    entry = AuditEntry.objects.filter(article=stories[1]).first()
    assert (entry.action, entry.detail) == ("unpinned", "on the front page: its time was over")


def test_pinning_tells_caches_and_the_log(stories, editor, settings):
    settings.CACHE_PURGE_URL = "https://cdn.example/purge"
    leads.arrange(None, [Wanted(stories[0])], seen=leads.state_of([]), by=editor)
    assert OutgoingRequest.objects.filter(event="purge").exists()
    entry = AuditEntry.objects.first()
    assert (entry.action, entry.detail, entry.by) == ("pinned", "on the front page", editor)


def test_one_that_is_not_live_yet_leads_once_it_is(stories, client):
    draft = factories.article(title="Tomorrow")
    pin(draft)
    assert front(client)[0] == "Story 4"
    publishing.publish(draft)
    assert front(client)[0] == "Tomorrow"


# The page of the desk


def posted(pins, **more):
    said = {"pin": [pin.pk for pin in pins], "seen": leads.state_of(leads.pins_of(None))}
    return said | {f"{pin.pk}-place": number for number, pin in enumerate(pins, 1)} | more


def test_stories_are_added_moved_and_taken_out_with_a_plain_form(stories, editor, client):
    until = (timezone.now() + timedelta(days=1)).replace(second=0, microsecond=0)
    client.post(PAGE, posted([], add="story 1", add_until=f"{until:%Y-%m-%dT%H:%M}"))
    client.post(PAGE, posted(leads.pins_of(None), add=f"https://perigee.example{stories[0].get_absolute_url()}"))
    first, second = leads.pins_of(None)
    assert (first.article, first.until, second.article) == (stories[1], None, stories[0])
    client.post(
        PAGE, posted([first, second], **{f"{first.pk}-place": 9, f"{first.pk}-until": f"{until:%Y-%m-%dT%H:%M}"})
    )
    second, first = leads.pins_of(None)
    assert (second.article, first.article, first.until) == (stories[0], stories[1], until)
    client.post(PAGE, posted([second, first], remove=[second.pk]))
    assert [pin.article for pin in leads.pins_of(None)] == [stories[1]]


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"add": "No such story"}, "add"),
        ({"add": "Story 4"}, "add"),
        ({"add": "Twice"}, "add"),
        ({"add_until": "2999-01-01T10:00"}, "add"),
        ({"add": "Story 0", "add_until": "2020-01-01T10:00"}, "add_until"),
        ({"add": "Story 0", "add_until": "soon"}, "add_until"),
    ],
)
def test_what_cannot_be_pinned_is_said_at_its_field(stories, editor, client, said, field):
    pin(stories[4])
    factories.article(title="Twice"), factories.article(title="twice")
    page = client.post(PAGE, posted(leads.pins_of(None), **said))
    assert list(page.context["form"].errors) == [field]
    assert Pin.objects.count() == 1


def test_of_two_who_change_a_place_at_once_the_first_is_kept_and_the_second_told(stories, editor, client):
    late = posted([], add="Story 0")
    pin(stories[1])
    page = client.post(PAGE, late, follow=True)
    assert "Somebody has changed this place meanwhile" in page.content.decode()
    assert [pin.article for pin in leads.pins_of(None)] == [stories[1]]


def test_a_place_has_so_many_and_no_more(stories):
    articles = [factories.article() for _ in range(13)]
    with pytest.raises(TransitionRefused, match="At most 12"):
        pin(*articles)
    assert not Pin.objects.exists()


@pytest.mark.parametrize("role", ["writer", "newsletter manager", "sponsorship manager", "awards steward"])
def test_only_those_who_publish_say_what_leads(stories, client, role):
    client.force_login(factories.user(role))
    assert {client.get(PAGE).status_code, client.post(PAGE, posted([], add="Story 0")).status_code} == {403}


def test_the_list_says_what_is_pinned(stories, editor, client):
    pin(stories[0])
    assert [row.title for row in client.get("/admin/articles/article/?flag=pinned").context["cl"].result_list] == [
        "Story 0"
    ]
    assert "published, pinned" in client.get("/admin/articles/article/").content.decode()


# What is read most


def read(article, visitors, days=0):
    day = clock.utc_day() - timedelta(days=days)
    PageFigures.objects.create(
        day=day, path=article.get_absolute_url(), article=article, views=2 * visitors, visitors=visitors, **NO_DEPTH
    )


def most(client):
    return [card["title"] for card in client.get("/").context["most_read"]]


def test_what_is_read_most_is_of_a_week_and_live(stories, client):
    for number, (story, visitors) in enumerate(zip(stories, (5, 50, 20, 30, 40), strict=True)):
        read(story, visitors, days=number)
    read(stories[0], 1000, days=7)
    assert most(client) == []
    assert most_read.refresh()
    assert not most_read.refresh()
    assert most(client) == order(1, 4, 3, 2, 0)
    publishing.unpublish(stories[1])
    assert most(client) == order(4, 3, 2, 0)


def test_too_few_are_no_list(stories, client):
    read(stories[0], 5), read(stories[1], 5)
    most_read.refresh()
    assert (MostRead.objects.count(), most(client)) == (2, [])


def test_the_front_page_takes_as_many_queries_with_all_of_it(stories, client, django_assert_max_num_queries):
    pin(*stories[:2])
    pin(stories[3], category=stories[0].category)
    for story in stories:
        read(story, 3)
    most_read.refresh()
    client.get("/blog/search/?q=words")
    for path in ("/", "/blog/category/research/"):
        with django_assert_max_num_queries(6):
            client.get(path)


def test_an_article_that_is_deleted_is_pinned_no_more(stories):
    draft = factories.article()
    pin(draft)
    Article.objects.filter(pk=draft.pk).delete()
    assert not Pin.objects.exists()
