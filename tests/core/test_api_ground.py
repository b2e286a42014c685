"""What holds for the whole API: errors, pages, versions, repeated writes, limits, other sites."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date

import pytest
from django.db import connection
from django.test import RequestFactory
from rest_framework.response import Response
from rest_framework.views import APIView

from articles.models import Article
from core.api.ending import ends
from core.api.idempotency import LONGEST_WITHOUT_KEY
from core.models import KeptAnswer
from tests.articles import factories
from tests.core.programs import program

pytestmark = pytest.mark.django_db
LIST = "/api/v1/desk/articles/"


@pytest.mark.parametrize(
    ("method", "path", "options", "status"),
    [
        ("get", "/api/v1/nothing/", {}, 404),
        ("get", "/api/nothing", {}, 404),
        ("get", "/api/v1/articles/nothing/", {}, 404),
        ("get", "/api/v1/articles/?cursor=cD0lMDA=", {}, 404),
        ("get", "/api/v1/articles/?cursor=cD1hYmM=", {}, 404),
        ("get", "/api/v1/articles/?fields=secret", {}, 400),
        ("put", "/api/v1/articles/", {}, 405),
        ("get", "/api/v1/articles/", {"headers": {"Accept": "text/csv"}}, 406),
        ("post", "/api/v1/subscriptions/", {"data": "x", "content_type": "text/csv"}, 415),
        ("post", "/api/v1/subscriptions/", {"data": "{", "content_type": "application/json"}, 400),
        ("post", "/api/v1/subscriptions/", {"data": "{}", "content_type": "application/json"}, 400),
        ("get", LIST, {}, 401),
        ("get", LIST, {"headers": {"Authorization": "Ghost abc"}}, 401),
        ("get", "/api/v1/articles/?order=secret&limit=x&published_after=soon", {}, 400),
    ],
)
def test_every_error_is_a_problem_in_words(client, method, path, options, status):
    answer = getattr(client, method)(path, **options)
    said = answer.json()
    assert (answer.status_code, answer["Content-Type"], said["status"]) == (status, "application/problem+json", status)
    assert said["title"]
    assert said["detail"]
    assert said["type"] == "about:blank"


@pytest.mark.django_db(transaction=True)
def test_a_fault_of_ours_is_a_problem_too(client, monkeypatch):
    client.raise_request_exception = False
    connection.close()
    with monkeypatch.context() as patch:
        patch.setitem(connection.settings_dict, "PORT", "1")
        answer = client.get("/api/v1/articles/")
    assert (answer.status_code, answer["Retry-After"], answer.json()["status"]) == (503, "10", 503)


def test_a_fault_that_nobody_foresaw_is_a_problem_without_its_text(client):
    client.raise_request_exception = False
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE articles_category RENAME TO elsewhere")
    answer = client.get("/api/v1/categories/")
    assert (answer.status_code, answer["Content-Type"]) == (500, "application/problem+json")
    assert "articles_category" not in answer.content.decode()


def test_a_write_without_the_last_slash_stays_a_write():
    answer = program().post("articles", {"title": "A"})
    assert (answer.status_code, answer["Location"]) == (308, LIST)


def test_what_is_no_json_is_refused_in_words():
    answer = program().client.post(LIST, {"title": "A"})
    assert (answer.status_code, answer.json()["status"]) == (415, 415)


def test_a_key_that_comes_by_another_scheme_is_told_how_to_come():
    answer = program().client.get(LIST, headers={"Authorization": "Ghost mp_a.b"})
    assert "Authorization: Bearer" in answer.json()["detail"]


def test_public_articles_come_with_their_texts_and_in_order_of_change(client):
    for slug in ("a", "b"):
        factories.publication(
            {"type": "richtext", "html": f"<p>Of {slug}.</p>"}, slug=slug, tags=[factories.tag().slug]
        )
    plain = client.get("/api/v1/articles/").json()["results"]
    assert [("html" in row, row["slug"]) for row in plain] == [(False, "b"), (False, "a")]
    for more in ("", "&cursor="):
        rows = client.get(f"/api/v1/articles/?include=html,tags&order=updated_at{more}").json()["results"]
        assert [(row["slug"], row["tags"]) for row in rows] == [("a", ["bitcoin"]), ("b", ["bitcoin"])]
        assert "Of a." in rows[0]["html"]
    assert client.get("/api/v1/articles/?fields=html").json()["results"][0].keys() == {"html"}
    changed = client.get("/api/v1/articles/a/").json()["updated_at"]
    after = client.get("/api/v1/articles/", {"updated_after": changed, "fields": "slug"}).json()["results"]
    assert after == [{"slug": "b"}]


@pytest.mark.parametrize("path", ["categories/research", "tags/bitcoin", "authors/ana"])
def test_what_articles_are_filed_under_is_read_by_its_slug(client, path):
    factories.publication(
        category=factories.category().slug, tags=[factories.tag().slug], authors=[factories.author().slug]
    )
    part, slug = path.split("/")
    assert client.get(f"/api/v1/{path}/").json()["slug"] == slug
    assert client.get(f"/api/v1/{part}/nobody/").status_code == 404


def test_what_is_wrong_is_told_by_field():
    answer = program().post("articles/", {"title": "", "category": "none such", "colour": "red"})
    assert (answer.status_code, set(answer.json()["errors"])) == (400, {"title", "category"})
    answer = program().post("articles/", {"title": "A", "category": "none", "blocks": [{"type": "nope"}]})
    assert set(answer.json()["errors"]) == {"blocks"}


def test_a_list_is_read_by_cursor_while_it_grows(client):
    for number in range(5):
        factories.publication(slug=f"a-{number}")
    first = client.get("/api/v1/articles/?cursor=&limit=2&fields=slug").json()
    factories.publication(slug="new")
    seen = [row["slug"] for row in first["results"]]
    while first["next"]:
        first = client.get(first["next"].partition("localhost:8000")[2] or first["next"]).json()
        seen += [row["slug"] for row in first["results"]]
    assert seen == ["a-4", "a-3", "a-2", "a-1", "a-0"]


def test_a_row_comes_with_the_fields_that_are_asked_for():
    article = factories.article(title="Six bridges")
    reader = program()
    assert reader.get(f"articles/{article.pk}/?fields=title,slug").json() == {
        "title": "Six bridges",
        "slug": "six-bridges",
    }
    whole = reader.get(f"articles/{article.pk}/?include=html,checks").json()
    assert "Some words" in whole["html"]
    assert isinstance(whole["checks"], list)
    assert "html" not in reader.get(f"articles/{article.pk}/").json()


def test_what_is_known_already_is_not_sent_again(client):
    article = factories.publication(slug="known").article
    reader = program()
    for ask in (reader.client.get, client.get):
        path = f"{LIST}{article.pk}/" if ask == reader.client.get else "/api/v1/articles/known/"
        etag = ask(path)["ETag"]
        again = ask(path, headers={"If-None-Match": etag})
        assert (again.status_code, again.content, again["ETag"]) == (304, b"", etag)


def test_a_write_says_which_version_it_is_about():
    article = factories.article()
    one = program()
    read = one.get(f"articles/{article.pk}/")["ETag"]
    blind = one.patch(f"articles/{article.pk}/", {"title": "Mine"})
    first = one.patch(f"articles/{article.pk}/", {"title": "Theirs"}, If_Match=read)
    second = one.patch(f"articles/{article.pk}/", {"title": "Mine"}, If_Match=read)
    third = one.patch(f"articles/{article.pk}/", {"title": "Mine"}, If_Match=first["ETag"])
    assert [each.status_code for each in (blind, first, second, third)] == [428, 200, 412, 200]
    assert one.get(f"articles/{article.pk}/?fields=title")["ETag"] == third["ETag"]


def test_a_write_that_is_sent_again_is_done_once():
    one, other = program(), program()
    sent = {"title": "Once"}
    answers = [who.post("articles/", sent, Idempotency_Key="k1") for who in (one, one, other)]
    assert [each.status_code for each in answers] == [201, 201, 201]
    assert answers[0].json() == answers[1].json()
    assert answers[0].json()["id"] != answers[2].json()["id"]
    assert answers[1]["Idempotent-Replayed"] == "true"
    assert answers[1]["ETag"] == answers[0]["ETag"]
    changed = one.post("articles/", {"title": "Other"}, Idempotency_Key="k1")
    assert (changed.status_code, Article.objects.count()) == (422, 2)
    wrong = [one.post("articles/", {}, Idempotency_Key="k2").status_code for _ in range(2)]
    assert (wrong, KeptAnswer.objects.count()) == ([400, 400], 3)


def test_a_refusal_for_now_is_not_kept_and_the_same_is_done_once_it_may_be(client):
    article = factories.article()
    one, path = program(), f"articles/{article.pk}/"
    refused = one.patch(path, {"title": "Mine"}, Idempotency_Key="k", If_Match='"old"')
    done = one.patch(path, {"title": "Mine"}, Idempotency_Key="k", If_Match=one.get(path)["ETag"])
    other = one.patch(path, {"title": "Mine"}, Idempotency_Key="k", If_Match='"old"')
    assert [each.status_code for each in (refused, done, other)] == [412, 200, 422]
    for place in ("nothing/", "articles/", "desk/articles/"):
        client.post(f"/api/v1/{place}", {}, headers={"Idempotency-Key": "k"})
    assert KeptAnswer.objects.count() == 1


def test_repeats_are_counted_once_each_and_refused_before_anything_is_kept(client, settings):
    settings.API_REQUESTS_PER_NETWORK = 1
    asked = {"headers": {"Idempotency-Key": "k"}, "REMOTE_ADDR": "93.184.216.34"}
    first, second = (client.post("/api/v1/subscriptions/", {}, "application/json", **asked) for _ in range(2))
    assert (first.status_code, second.status_code, KeptAnswer.objects.count()) == (400, 429, 1)
    long = client.post("/api/v1/subscriptions/", "x" * (LONGEST_WITHOUT_KEY + 1), "application/json", **asked)
    assert long.status_code == 413


@pytest.mark.django_db(transaction=True)
def test_a_write_that_is_sent_twice_at_one_moment_is_done_once():
    one = program()

    def send(_):
        try:
            return one.post("articles/", {"title": "Once"}, Idempotency_Key="k").json()["id"]
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as threads:
        found = set(threads.map(send, range(4)))
    assert (len(found), Article.objects.count()) == (1, 1)


def test_a_key_may_ask_so_often_and_is_told_how_often(settings):
    settings.API_REQUESTS_PER_KEY = 2
    reader = program()
    first, second, third = (reader.get("key/") for _ in range(3))
    assert first["Cache-Control"] == "private, no-store"
    assert first["RateLimit-Policy"] == '"key";q=2;w=60'
    assert first["RateLimit"].startswith('"key";r=1;t=')
    assert second["RateLimit"].startswith('"key";r=0;t=')
    assert (third.status_code, third.json()["status"]) == (429, 429)
    assert 0 < int(third["Retry-After"]) <= 60


def test_a_network_without_a_key_may_too(client, settings):
    settings.API_REQUESTS_PER_NETWORK = 1
    answers = [client.get("/api/v1/articles/", REMOTE_ADDR="93.184.216.34") for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 429]
    assert "RateLimit" not in answers[0].headers, "any cache may hand it to others"


def test_pages_of_other_sites_may_ask_only_if_the_site_says_so(client, settings):
    origin = {"Origin": "https://app.example"}
    assert "Access-Control-Allow-Origin" not in client.get("/api/v1/articles/", headers=origin).headers
    settings.CORS_ALLOWED_ORIGINS, settings.CORS_URLS_REGEX = ["https://app.example"], r"^/api/v1/.*$"
    answer = client.get("/api/v1/articles/", headers=origin)
    assert answer["Access-Control-Allow-Origin"] == "https://app.example"
    assert "Access-Control-Allow-Credentials" not in answer.headers


def test_what_is_about_to_go_says_so():
    @ends(deprecated=date(2027, 1, 1), sunset=date(2027, 7, 1), instead="/api/v2/")
    class Old(APIView):
        permission_classes = throttle_classes = []

        def get(self, request):
            return Response({})

    answer = Old.as_view()(RequestFactory().get("/"))
    assert (answer["Deprecation"], answer["Sunset"]) == ("@1798761600", "Thu, 01 Jul 2027 00:00:00 GMT")


def test_head_is_refused_like_get_and_no_other_method_gets_past_the_roles():
    writer = program("writer")
    path = "/api/v1/desk/subscribers/"
    assert {getattr(writer.client, method)(path).status_code for method in ("get", "head")} == {403}
    assert program().client.head(path).status_code == 200
    assert {getattr(program().client, method)(path).status_code for method in ("put", "trace")} == {405}
