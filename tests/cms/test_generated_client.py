"""A client that is generated from the schema writes a post, reads it back, and is told what is wrong."""

import sys
from importlib import import_module

import pytest
from openapi_python_client import generate
from openapi_python_client.config import Config, ConfigFile, MetaType

from tests.articles import factories
from tests.core.programs import program


@pytest.fixture
def moonpress(live_site, client, tmp_path, monkeypatch):
    """The modules of the package that openapi-python-client makes of the schema, by name."""
    schema = tmp_path / "schema.json"
    schema.write_bytes(client.get("/api/v1/schema/?format=json").content)
    config = Config.from_sources(
        ConfigFile(post_hooks=[]),
        MetaType.NONE,
        schema,
        "utf-8",
        overwrite=True,
        output_path=tmp_path / "moonpress_client",
    )
    assert generate(config=config) == [], "each of its warnings is an operation or a field that clients would lack"
    monkeypatch.syspath_prepend(tmp_path)
    yield lambda name: import_module(f"moonpress_client{name}")
    for name in [each for each in sys.modules if each.startswith("moonpress_client")]:
        del sys.modules[name]


def test_a_post_is_written_published_and_read_back_page_by_page(moonpress, live_site):
    for slug in ("one", "two"):
        factories.publication(slug=slug)
    models, desk, public = moonpress(".models"), ".api.articles_with_a_key", ".api.articles"
    given = {"base_url": live_site.url, "raise_on_unexpected_status": True}
    with moonpress("").AuthenticatedClient(token=program("editor").key, **given) as staff:
        create = moonpress(f"{desk}.desk_articles_create").sync_detailed
        sent = models.ArticleNew(title="Six bridges", markdown="## Fees\n\nThey *fell*.")
        made, again = (create(client=staff, body=sent, idempotency_key="post-1") for _ in range(2))
        assert (made.status_code, made.parsed.state.value, again.parsed) == (201, "draft", made.parsed)
        publish = moonpress(f"{desk}.desk_articles_publish_create").sync
        live = publish(made.parsed.id, client=staff, body=models.Dated(), if_match=made.headers["etag"])
        assert live.state.value == "published"
        refused = create(client=staff, body=models.ArticleNew(title="", category="none"))
        assert (refused.status_code, refused.parsed.status) == (400, 400)
        assert set(refused.parsed.errors.to_dict()) == {"title"}
    with moonpress("").Client(**given) as reader:
        read = moonpress(f"{public}.articles_retrieve").sync("six-bridges", client=reader)
        assert "<em>fell</em>" in read.html
        list_ = moonpress(f"{public}.articles_list").sync
        pages = [list_(client=reader, limit=2, page=number) for number in (1, 2)]
        assert [[row.slug for row in page.results] for page in pages] == [["six-bridges", "two"], ["one"]]
        assert pages[1].next_ is None
