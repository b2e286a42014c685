"""An article drafted from a result has its figures bound to it, and the desk says where a hand changed them."""

import re

import pytest

from articles import documents, slots
from articles.desk.checks import findings_of
from articles.models import Article
from articles.rendering import rendered
from core.lib.html import text_of
from surveys import article_draft, blocks, figure_check, seasons
from tests.surveys.factories import cast, close_and_release, draft_season, released_season
from tests.surveys.test_jury import jury_season, vote
from tests.surveys.test_result_files import ranked_season

pytestmark = pytest.mark.django_db


@pytest.fixture
def season():
    return released_season(counts={"ada": 292, "bit": 180, "coin": 41, "write-in": 8})


def drafted(season):
    return article_draft.draft_article(list(season.categories.all()))


def findings(article, change=lambda html: html):
    document = documents.document_of(article)
    for block in document["blocks"]:
        if "html" in block:
            block["html"] = change(block["html"])
    body = rendered(document)
    return [
        finding
        for finding in findings_of(document, body, article)
        if finding in [*figure_check.check(document, body, article)]
    ]


def plain(text):
    return text.replace("\u00a0", " ")


def words_of(article):
    return plain(text_of(" ".join(block.data.get("html", "") for block in article.blocks.all())))


def test_it_has_introduction_method_chart_and_a_section_for_each_nominee_in_order(season):
    article = drafted(season)
    assert [block.kind for block in article.blocks.all()] == [
        "richtext",
        "richtext",
        "award_results",
        "richtext",
        "richtext",
    ]
    html = article.blocks.all()[3].data["html"]
    assert re.findall(r"<h2[^>]*>(.*?)</h2>", html) == ["Ada", "Bit", "Coin"]
    words = words_of(article)
    assert "Ada came 1st, with 292 votes, 56.0 % of the votes." in words
    assert "How readers voted" in words
    assert "N = 521 ballots" in words
    shown = slots.render(slots.mark("award_results", "moon-2025", "wallet"), {})
    assert "56.0 %" in shown
    assert "<svg" in shown
    assert "Source:" in shown
    assert drafted(season).slug != article.slug
    assert Article.objects.count() == 2


def test_a_fresh_draft_has_no_finding_about_its_figures(season):
    assert findings(drafted(season)) == []


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        (r"56\.0", "65.0", "“65.0 %” for Ada is not what the result says: 56.0 %."),
        (r">292<", ">293<", "“293” for Ada is not what the result says: 292."),
        (r">2nd<", ">1st<", "“1st” for Bit is not what the result says: 2nd."),
        (r">2nd<", ">first<", "“first” for Bit is not what the result says: 2nd."),
        (r">41<", ">many<", "“many” for Coin is not what the result says: 41."),
        (r"/coin/#votes", "/dot/#votes", "no longer has this nominee"),
    ],
)
def test_a_figure_that_a_hand_changed_stops_the_article(season, old, new, says):
    found = findings(drafted(season), lambda html: re.sub(old, new, html))
    assert [says in plain(finding.text) for finding in found if finding.blocking] == [True] * len(found)
    assert found


@pytest.mark.parametrize(("old", "new"), [(r">2nd<", ">second<"), (r">292<", "><strong>292</strong> whole<")])
def test_other_words_for_the_same_figure_are_fine(season, old, new):
    assert findings(drafted(season), lambda html: re.sub(old, new, html)) == []


def test_a_share_without_its_link_is_asked_about(season):
    article = drafted(season)
    found = findings(article, lambda html: html + "<p>Bit, as we said, had 43 % of the votes. Coin grew by 12 %.</p>")
    assert {finding.text for finding in found} == {
        "A sentence gives Bit 43 %; the result has 34.5 %. Is it another figure?",
        "A sentence gives Coin 12 %; the result has 7.9 %. Is it another figure?",
    }
    assert not any(finding.blocking for finding in found)


def test_figures_of_what_is_not_released_are_flagged(season):
    article = drafted(season)
    draft_season("moon-2026")
    found = findings(article, lambda html: html.replace("/moon-2025/", "/moon-2026/"))
    assert found
    assert all("not released" in finding.text for finding in found if finding.blocking)


@pytest.mark.parametrize(
    ("method", "choice", "says"),
    [
        (
            "irv",
            [["ada"], ["bit"]],
            "Ada came 1st, with 5 votes when last in, 100.0 % of those that still counted",
        ),
        ("schulze", [["ada"], ["bit"]], "Ada came 1st, with 2 duels won."),
        ("score", {"ada": 3}, "Ada came 1st, with 15 points, 100.0 % of the points."),
    ],
)
def test_it_speaks_of_each_method_in_its_own_words(method, choice, says):
    season = ranked_season(method, (choice, 5))
    assert says in words_of(drafted(season))
    assert findings(drafted(season)) == []


def test_joint_winners_share_a_place_that_is_bound_too():
    article = drafted(released_season(counts={"ada": 5, "bit": 5}))
    assert "Ada shared 1st place" in words_of(article)
    assert findings(article) == []


def test_where_there_is_a_jury_it_stands_beside_the_public_and_who_took_no_part_is_named():
    season = jury_season(quorum=1)
    season.jurors.filter(name="Bob").update(affiliations="Bit")
    seasons.open_voting(season)
    cast(season.categories.get(), [["ada"]], 5)
    vote(season, "Ann", [["bit"]])
    close_and_release(season)
    article = drafted(season)
    assert "The public’s 5 ballots weigh 60 %, the jury’s 1 weigh 40 %." in words_of(article)
    assert "Bob took no part: “Bit” is among the affiliations." in words_of(article)
    shown = plain(text_of(blocks.award_results(None, season.slug, "wallet")))
    assert "What public and jury come to apart: Wallet" in shown
    assert "100.0 %" in shown
