"""Polls: answered in an article, by one click in a briefing, in a frame on another site."""

import re

import pytest
from django.utils import timezone
from django.utils.html import escape

from articles import publishing
from core import pagecache
from core.lib.signing import read_token
from newsletter.sending import briefing_counts, composition, plugged
from newsletter.subscribers.subscriptions import unsubscribe_token
from surveys.models import Participation, Response, Sitting, Survey
from surveys.questionnaires import access, phases, settling
from tests.articles import factories as articles
from tests.newsletter import factories as newsletters
from tests.surveys.questionnaires.factories import answered, choice, opened, page, question

pytestmark = pytest.mark.django_db


@pytest.fixture
def poll():
    return opened(page("p1", choice("chain")), slug="best-chain", title="The best chain")


@pytest.fixture
def asked_of_subscribers():
    fields = {"access": Survey.Access.SUBSCRIBERS, "changeable": True}
    return opened(page("p1", choice("chain")), slug="best-chain", title="The best chain", **fields)


@pytest.fixture
def weekly():
    return newsletters.newsletter()


@pytest.fixture
def ann(weekly):
    return newsletters.subscription(weekly)


def answers_to(survey):
    settling.settle(survey)
    return [response.answers for response in Response.objects.filter(survey=survey)]


def followed(client, letter):
    """The address to which a link in a letter leads."""
    answer = client.get(letter)
    assert answer.status_code == 302
    return answer.url.removeprefix("http://localhost:8000")


# In an article


def test_a_poll_in_an_article_is_answered_there(client, poll):
    article = articles.article(blocks=[{"type": "survey", "survey": poll.slug}])
    publishing.publish(article)
    html = client.get(article.get_absolute_url()).content.decode()
    assert re.search(r'<form class="answering"[^>]* action="/surveys/best-chain/"', html)
    assert 'id="best-chain-q-chain"' in html, "two polls of one article have ids of their own"
    answer = client.post("/surveys/best-chain/", {"q-chain": "b", "via": "article"})
    assert "Thank you" in answer.content.decode()
    assert answers_to(poll) == [{"chain": "b"}]
    assert Response.objects.get().source == "article"


def test_an_article_shows_the_way_to_a_longer_survey_and_nothing_of_a_draft(client, poll):
    opened(page("p1", choice("a")), page("p2", question("b")), slug="longer", title="A longer one")
    Survey.objects.create(slug="draft", title="Not yet for readers")
    blocks = [{"type": "survey", "survey": slug} for slug in ("longer", "draft", "gone")]
    article = articles.article(blocks=blocks)
    publishing.publish(article)
    html = client.get(article.get_absolute_url()).content.decode()
    assert 'href="/surveys/longer/"' in html
    assert "Not yet for readers" not in html
    assert html.count('class="poll"') == 1


def test_a_poll_that_has_closed_takes_nothing_and_the_article_says_so(client, poll):
    article = articles.article(blocks=[{"type": "survey", "survey": poll.slug}])
    publishing.publish(article)
    phases.close(poll, by=None)
    assert "This survey is closed" in client.get(article.get_absolute_url()).content.decode()
    assert client.post("/surveys/best-chain/", {"q-chain": "b", "via": "article"}).status_code == 409


# In a briefing


def test_a_briefing_has_a_link_for_each_answer_and_opening_one_answers_nothing(client, asked_of_subscribers, ann):
    news = plugged.news("survey:best-chain")
    assert f'href="/surveys/best-chain/letter/a/{escape(plugged.OF_READER)}"' in news.html
    token = unsubscribe_token(ann.subscriber_id, ann.newsletter_id)
    address = followed(client, f"/surveys/best-chain/letter/b/?letter={token}")
    html = client.get(address).content.decode()
    assert re.search(r'value="b"\s+checked', html)
    assert not re.search(r'value="a"\s+checked', html)
    assert not Sitting.objects.exists()
    client.post(address, {"q-chain": "b"})
    assert answers_to(asked_of_subscribers) == []  # it waits for others, so that its time tells nothing
    phases.close(asked_of_subscribers, by=None)
    assert answers_to(asked_of_subscribers) == [{"chain": "b"}]


def test_a_subscriber_answers_once_and_may_change_it_until_the_close(client, asked_of_subscribers, ann):
    token = unsubscribe_token(ann.subscriber_id, ann.newsletter_id)
    for chosen in ("a", "a", "b"):
        address = followed(client, f"/surveys/best-chain/letter/{chosen}/?letter={token}")
        assert client.post(address, {"q-chain": chosen}).status_code == 200
    assert Participation.objects.count() == 1
    phases.close(asked_of_subscribers, by=None)
    assert answers_to(asked_of_subscribers) == [{"chain": "b"}]


def test_whoever_a_briefing_is_forwarded_to_sees_nothing_of_what_its_reader_answered(client, ann):
    pages = [page("p1", question("q1")), page("p2", question("q2"))]
    opened(*pages, slug="best-chain", access=Survey.Access.SUBSCRIBERS, changeable=True)
    letter = f"/surveys/best-chain/letter/?letter={unsubscribe_token(ann.subscriber_id, ann.newsletter_id)}"
    second = client.post(followed(client, letter), {"q-q1": "my own words"}).url
    left = client.get(followed(client, letter))
    assert (left.status_code, "my own words" in left.text, "replaces your earlier" in left.text) == (200, False, False)
    client.post(client.post(second, {"q-q2": "more", "go": "next"}).url)
    answered_before = client.get(followed(client, letter)).text
    assert ("my own words" in answered_before, "replaces your earlier" in answered_before) == (False, True)


def test_where_anybody_may_answer_the_link_of_a_briefing_names_nobody(client, poll, ann):
    token = unsubscribe_token(ann.subscriber_id, ann.newsletter_id)
    address = followed(client, f"/surveys/best-chain/letter/b/?letter={token}")
    assert read_token(access.PURPOSE, address.split("/")[4])[-1] == 0
    client.post(address, {"q-chain": "b"})
    assert answers_to(poll) == [{"chain": "b"}]
    assert Response.objects.get().source == "briefing"


def test_what_a_reader_comes_to_is_good_for_this_poll_alone(client, asked_of_subscribers, ann):
    token = unsubscribe_token(ann.subscriber_id, ann.newsletter_id)
    assert token not in followed(client, f"/surveys/best-chain/letter/b/?letter={token}")


@pytest.mark.parametrize("end", ["letter/b/", "letter/b/?letter=made-up", "letter/nonsense/", "letter/"])
def test_without_a_letter_the_link_leads_to_the_poll_s_page(client, asked_of_subscribers, end):
    assert followed(client, f"/surveys/best-chain/{end}") == "/surveys/best-chain/"


def test_an_answer_that_is_not_offered_chooses_nothing(client, asked_of_subscribers, ann):
    token = unsubscribe_token(ann.subscriber_id, ann.newsletter_id)
    assert "?" not in followed(client, f"/surveys/best-chain/letter/zzz/?letter={token}")


def test_a_briefing_carries_the_poll_as_mail_and_text(weekly, asked_of_subscribers):
    briefing = newsletters.briefing(weekly, items=[{"kind": "plugged", "source": "survey:best-chain"}])
    mail = composition.render(briefing, composition.plain_links("leave", "choose"))
    for body in (mail.html, mail.text):
        assert "http://localhost:8000/surveys/best-chain/letter/a/?letter=leave" in body
    assert not mail.targets, "no briefing counts who chose what"


def test_who_puts_a_briefing_together_reads_the_answers_apart(client, weekly, poll):
    client.force_login(newsletters.user(role="newsletter manager"))
    shown = client.get(f"/admin/newsletter/briefing/{newsletters.briefing(weekly).pk}/articles/").content.decode()
    assert "Which of chain? Alpha Beta" in shown


def test_a_search_engine_is_told_the_words_of_an_introduction(client, poll):
    Survey.objects.update(introduction="<p>Fees &amp; chains.</p><p>One click.</p>")
    pagecache.bump()
    shown = client.get("/surveys/best-chain/").content.decode()
    assert '<meta name="description" content="Fees &amp; chains. One click.">' in shown


def test_what_takes_more_than_a_click_is_a_button(poll):
    opened(page("p1", question("words")), slug="words", title="In a word")
    opened(page("p1", choice("a", other=True)), slug="other", title="Or another")
    for slug in ("words", "other"):
        news = plugged.news(f"survey:{slug}")
        assert (news.label, news.url) == ("Answer", f"/surveys/{slug}/letter/{plugged.OF_READER}")


def test_drafts_invitations_and_what_is_over_are_not_offered(poll):
    Survey.objects.create(slug="draft", title="Draft")
    opened(page("p1", choice("a")), slug="invited", access=Survey.Access.INVITATION)
    assert set(plugged.new()) == {"survey:best-chain"}
    phases.close(poll, by=None)
    assert not plugged.new()
    assert plugged.news("survey:best-chain") is None


# What came of it


@pytest.fixture
def released(poll):
    answered(poll, {"chain": "a"}, times=30)
    answered(poll, {"chain": "b"}, times=10)
    Survey.objects.update(published=["chain"], published_at=timezone.now())
    pagecache.bump()
    return poll


def test_the_next_briefing_tells_what_came_of_a_poll(released):
    assert "letter" in plugged.news("survey:best-chain").html, "while it is open, it asks"
    phases.close(released, by=None)
    news = plugged.news("survey:best-chain")
    assert "<th>Alpha</th><td>30 · 75.0" in news.html
    assert (news.label, news.url) == ("See the results", "/surveys/best-chain/")
    assert "survey:best-chain" in plugged.new()


def reported(client, poll, role):
    """The report of a briefing that asked the poll, as a role sees it."""
    sent = newsletters.sent(newsletters.newsletter(), items=[{"kind": "plugged", "source": f"survey:{poll.slug}"}])
    briefing_counts.count(sent.pk)
    client.force_login(newsletters.user(role=role))
    return client.get(f"/admin/newsletter/briefing/{sent.pk}/report/").content.decode()


def test_the_report_of_a_briefing_says_what_its_readers_answered(client, released):
    html = reported(client, released, "newsletter manager")
    assert "What readers answered" in html
    assert re.search(r'<th scope="row">Alpha</th>\s*<td class="num">30</td>\s*<td class="num">75.0', html)
    assert f'href="/admin/surveys/survey/{released.pk}/results/"' in html


def test_a_report_tells_nobody_what_of_a_poll_is_not_to_be_seen_yet(client, released):
    Survey.objects.update(results_shown=Survey.ResultsShown.CLOSED)
    html = reported(client, released, "newsletter manager")
    assert "after its close" in html
    assert "75.0" not in html


def test_who_makes_no_surveys_sees_in_a_report_what_readers_see(released):
    somebody = newsletters.user("somebody@example.com")
    found = plugged.came("survey:best-chain", somebody)
    assert (len(found.rows), found.url) == (2, "/surveys/best-chain/results/")
    Survey.objects.update(published=[], published_at=None)
    hidden = plugged.came("survey:best-chain", somebody)
    assert (hidden.rows, "published" in hidden.note) == ((), True)


def test_the_page_of_a_poll_says_its_title_once(client, asked_of_subscribers, ann):
    token = unsubscribe_token(ann.subscriber_id, ann.newsletter_id)
    address = followed(client, f"/surveys/best-chain/letter/b/?letter={token}")
    assert client.get(address).content.decode().count("The best chain</") == 1


def test_who_answers_sees_what_came_of_it_so_far_in_its_place(client, released):
    assert "75.0" in client.post("/surveys/best-chain/", {"q-chain": "a"}).content.decode()
    assert "75.0" in client.get("/surveys/best-chain/frame/").content.decode()


# In a frame


def test_another_site_may_show_a_poll_in_a_frame(client, poll):
    answer = client.get("/surveys/best-chain/frame/")
    assert "frame-ancestors *" in answer["Content-Security-Policy"]
    assert "X-Frame-Options" not in answer
    html = answer.content.decode()
    assert 'target="_blank"' in html, "without scripts the answer opens a page of ours, which no frame may hold"
    assert not answer.cookies
    client.post("/surveys/best-chain/", {"q-chain": "a", "via": "frame"})
    assert answers_to(poll) == [{"chain": "a"}]
    assert Response.objects.get().source == "frame"
    assert client.get("/surveys/gone/frame/").status_code == 404
