"""At the desk, a name in any script makes a slug; what is typed is put right; what is taken gets a number."""

import pytest
from django.urls import reverse

from articles.models import Article, Author, Category, Tag
from surveys.models import AwardCategory, Nominee, Season
from tests.articles import factories
from tests.articles.desk import posted

pytestmark = pytest.mark.django_db


@pytest.fixture
def admin(client):
    client.force_login(factories.user("administrator"))
    return client


AUTHOR = {"role": "", "bio_html": "", "links": ""}
CATEGORY = {"description": "", "position": "0"}


@pytest.mark.parametrize(("model", "rest"), [(Tag, {}), (Category, CATEGORY), (Author, AUTHOR)])
def test_whatever_articles_refer_to_may_have_a_name_in_any_script(admin, model, rest):
    add = reverse(f"admin:articles_{model._meta.model_name}_add")
    for name, slug in (("Größenwahn", ""), ("Größenwahn", ""), ("東京", ""), ("🚀", ""), ("Über uns", "Über / UNS")):
        assert admin.post(add, {"name": name, "slug": slug, **rest}).status_code == 302
    wanted = {"groessenwahn", "groessenwahn-2", "dongjing", "rocket", "ueber-uns"}
    assert set(model.objects.values_list("slug", flat=True)) >= wanted


def _inline(prefix, *rows):
    forms = {f"{prefix}-{number}-{name}": value for number, row in enumerate(rows) for name, value in row.items()}
    return {f"{prefix}-TOTAL_FORMS": len(rows), f"{prefix}-INITIAL_FORMS": 0, **forms}


def test_a_season_its_categories_and_nominees_may_be_named_in_any_script(admin):
    rows = [
        {"title": title, "slug": "", "method": "plurality", "ordering": 0} for title in ("Кошелёк", "Vote", "Кошелёк")
    ]
    season = {
        "title": "Премия 2026",
        "slug": "",
        "standfirst": "",
        "rules_version": "1",
        "rules_html": "",
        "disclosure_html": "",
    }
    answer = admin.post(reverse("admin:surveys_season_add"), {**season, **_inline("categories", *rows)})
    assert answer.status_code == 302, answer.context["errors"]
    assert Season.objects.get().slug == "premiya-2026"
    assert list(AwardCategory.objects.values_list("slug", flat=True)) == ["koshelek", "vote-2", "koshelek-2"]
    category = AwardCategory.objects.first()
    change = reverse("admin:surveys_awardcategory_change", args=[category.pk])
    fields = {"season": category.season_id, "title": category.title, "slug": category.slug, "method": "plurality",
              "overvote": "exhaust", "unranked": "last", "duplicate": "skip", "write_ins": "count", "ties": "shared",
              "ordering": 0, "description": ""}  # fmt: skip
    rows = [{"name": name, "slug": "", "description": "", "url": ""} for name in ("東京", "东京", "write-in")]
    answer = admin.post(change, {**fields, **_inline("nominees", *rows)})
    assert answer.status_code == 302, answer.context["errors"]
    assert list(Nominee.objects.order_by("pk").values_list("slug", flat=True)) == [
        "dongjing",
        "dongjing-2",
        "write-in-2",
    ]


def test_a_name_that_changes_leaves_the_slug_alone(admin):
    tag = factories.tag("bitcoin")
    admin.post(reverse("admin:articles_tag_change", args=[tag.pk]), {"name": "Another", "slug": "bitcoin"})
    assert Tag.objects.get().slug == "bitcoin"


def test_a_draft_may_want_a_slug_that_is_taken_and_hears_which_it_got(admin):
    factories.article(slug="groessenwahn")
    document = factories.document(title="Größenwahn", slug="")
    page = admin.post(reverse("admin:articles_article_add"), posted(document), follow=True).content.decode()
    assert "The slug “groessenwahn” is taken, so this article has “groessenwahn-2”." in page
    assert Article.objects.filter(slug="groessenwahn-2").exists()


def test_the_slug_is_told_while_one_types(admin):
    mine = factories.article(slug="groessenwahn")
    ask = reverse("admin:articles_article_slug")
    assert admin.get(ask, {"words": "Größenwahn"}).json() == {"slug": "groessenwahn-2"}
    assert admin.get(ask, {"words": "Größenwahn", "article": mine.pk}).json() == {"slug": "groessenwahn"}
    assert admin.get(reverse("slug", args=["articles.tag"]), {"words": "東京"}).json() == {"slug": "dongjing"}
    assert admin.get(reverse("slug", args=["articles.tag"]), {"words": " \0"}).json() == {"slug": ""}
    assert admin.get(reverse("slug", args=["core.user"])).status_code == 404


def test_the_slug_is_told_only_to_those_who_may_write(client):
    client.force_login(factories.user("awards steward"))
    assert client.get(reverse("admin:articles_article_slug"), {"words": "a"}).status_code == 403
    assert client.get(reverse("slug", args=["articles.tag"]), {"words": "a"}).status_code == 403
    assert client.get(reverse("slug", args=["surveys.nominee"]), {"words": "a"}).status_code == 200
