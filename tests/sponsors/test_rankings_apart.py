"""Code that counts votes knows nothing of sponsors: it cannot reach them by import and never reads their tables."""

import ast
from pathlib import Path

import grimp
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from articles import leads, most_read, related
from surveys.importing import ImportedCategory, choices_from_counts, import_season
from tests.articles import factories as articles
from tests.sponsors import factories

ROOT = Path(__file__).resolve().parents[2]
COUNTING = [
    f"surveys.{name}" for name in ("tallying", "release", "ledger", "merkle", "verification", "importing", "ballots")
]


def speaks_of_sponsors(source):
    """The imports and strings of some source that lead to sponsors: also get_model("sponsors", …) and raw SQL."""
    for node in ast.walk(ast.parse(source)):
        words = []
        if isinstance(node, ast.Import):
            words = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            words = [node.module or ""]
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            words = [node.value]
        yield from (word for word in words if word.split(".")[0] == "sponsors" or "sponsors_" in word)


@pytest.fixture(scope="module")
def graph():
    return grimp.build_graph("cms", "core", "sponsors", "articles", "newsletter", "surveys")


@pytest.mark.parametrize("module", COUNTING)
def test_counting_code_reaches_no_sponsor_by_import(graph, module):
    assert [name for name in graph.find_upstream_modules(module) if name.split(".")[0] == "sponsors"] == []


@pytest.mark.parametrize("module", COUNTING)
def test_counting_code_names_no_sponsors_table(module):
    path = ROOT / (module.replace(".", "/") + ".py")
    assert list(speaks_of_sponsors(path.read_text())) == []


@pytest.mark.parametrize(
    "source",
    ["import sponsors.models", "from sponsors import booking", "x = 'SELECT 1 FROM sponsors_claim'", "get('sponsors')"],
)
def test_the_check_finds_what_it_looks_for(source):
    assert list(speaks_of_sponsors(source))


def count_an_award(slug):
    nominees = [{"name": "Ark Labs"}, {"name": "Second Ltd"}]
    ballots = choices_from_counts({"Ark Labs": 3, "Second Ltd": 4})
    category = ImportedCategory(title="Best", nominees=nominees, ballots=ballots)
    season = import_season(title=slug, slug=slug, source="test", categories=[category])
    return list(
        season.categories.get()
        .tally.rows.filter(rank__isnull=False)
        .order_by("rank")
        .values_list("name", "rank", "count")
    )


@pytest.mark.django_db
def test_a_count_reads_no_sponsors_table_and_is_the_same_for_a_nominee_who_pays():
    before = count_an_award("before")
    factories.running(company="Ark Labs")
    with CaptureQueriesContext(
        connection,
    ) as captured:
        after = count_an_award("after")
    assert after == before == [("Second Ltd", 1, 4), ("Ark Labs", 2, 3)]
    assert len(captured) > 5
    assert [query["sql"] for query in captured if "sponsors_" in query["sql"]] == []


@pytest.mark.django_db
def test_what_leads_is_read_most_or_goes_together_reads_no_sponsors_table():
    factories.running(company="Ark Labs")
    about = {"type": "richtext", "html": "<p>Fees and custody.</p>"}
    found = [articles.publication(about, tags=[articles.tag().slug]) for _ in range(3)]
    with CaptureQueriesContext(connection) as captured:
        related.relate_all([each.pk for each in found])
        most_read.refresh()
        leads.front(3)
    assert len(captured) > 3
    assert [query["sql"] for query in captured if "sponsors_" in query["sql"]] == []
