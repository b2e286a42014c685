"""Every address of the desk asks for permission itself: the table names them all, and who gets what there."""

import pytest
from django.contrib import admin
from django.contrib.auth.models import Permission
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from articles.admin.article import ArticleAdmin
from articles.documents import document_of
from articles.models import Article, AuditEntry, ImageAsset, Redirect
from core.models import KeptWork, User
from tests.articles import factories
from tests.articles.desk import posted, url

pytestmark = pytest.mark.django_db

# name: (method, what a writer gets at a colleague's article, what someone who may only look gets)
VIEWS = {
    "changelist": ("get", 200, 200),
    "add": ("get", 200, 403),
    "change": ("get", 200, 200),
    "delete": ("get", 403, 403),
    "history": ("get", 302, 302),
    "revisions": ("get", 200, 200),
    "compare": ("get", 200, 200),
    "preview": ("get", 200, 200),
    "frame": ("get", 200, 200),
    "check": ("get", 200, 200),
    "conflict": ("get", 302, 403),
    "choices": ("get", 200, 200),
    "links": ("get", 200, 200),
    "address": ("get", 200, 200),
    "thumbnail": ("get", 302, 302),
    "slug": ("get", 200, 403),
    "presence": ("post", 200, 403),
    "autosave": ("post", 200, 403),
    "autosave_new": ("post", 200, 403),
    "drop_kept": ("post", 302, 403),
    "restore": ("post", 302, 403),
    "comment": ("post", 302, 403),
    "resolve": ("post", 302, 403),
    "reopen": ("post", 302, 403),
    "template": ("get", 403, 403),
    "share": ("post", 302, 403),
    "revoke": ("post", 302, 403),
    "upload": ("post", 400, 403),
    "lists": ("get", 200, 200),
    "list_remove": ("post", 404, 404),
    "lead": ("get", 403, 403),
    "lead_of": ("get", 403, 403),
}


@pytest.fixture
def article():
    article = factories.article(title="Secret plans")
    article.comments.create(by=factories.user("editor"), text="Not for everyone")
    article.preview_links.create()
    return article


@pytest.fixture
def viewer():
    """Someone who may look at articles, and no more."""
    user = User.objects.create_user("viewer@example.com")
    user.user_permissions.set(
        Permission.objects.filter(codename__startswith="view_", content_type__app_label="articles")
    )
    return user


def visit(client, name, article):
    """The answer of one of the desk's addresses to the request it is made for."""
    args = {
        "restore": [article.pk, 1],
        "resolve": [article.pk, article.comments.get().pk],
        "reopen": [article.pk, article.comments.get().pk],
        "revoke": [article.pk, article.preview_links.get().pk],
        "choices": ["article"],
        "drop_kept": [1],
        "list_remove": [1],
        "lead_of": ["research"],
    }
    without = ("changelist", "add", "autosave_new", "slug", "links", "address", "thumbnail", "upload")
    without += ("lists", "lead")
    path = url(name, *args.get(name, [] if name in without else [article.pk]))
    data = {} if name == "changelist" else {"a": 1, "b": 1, "version": 1, "text": "x"}
    if name == "thumbnail":
        data["src"] = factories.image().file
    return getattr(client, VIEWS[name][0])(path, data)


def test_the_table_names_every_address_of_the_desk():
    names = {pattern.name for pattern in ArticleAdmin(Article, admin.site).get_urls() if pattern.name}
    assert {name.removeprefix("articles_article_") for name in names} == set(VIEWS)


@pytest.mark.parametrize("name", VIEWS)
def test_nobody_gets_in_without_signing_in(client, article, name):
    answer = visit(client, name, article)
    assert answer.status_code == 302
    assert "/login/" in answer["Location"]


# Pictures of briefings are chosen and uploaded by the same views: one is shown, and an upload of nothing is refused.
BRIEFINGS_NEED = {"thumbnail": 302, "upload": 400}


@pytest.mark.parametrize("name", VIEWS)
@pytest.mark.parametrize("role", ["newsletter manager", "awards steward", "sponsorship manager", ""])
def test_staff_who_have_nothing_to_do_with_articles_are_refused(client, article, name, role):
    client.force_login(factories.user(role) if role else User.objects.create_user("outsider@example.com"))
    answer = visit(client, name, article)
    assert answer.status_code == (BRIEFINGS_NEED.get(name, 403) if role == "newsletter manager" else 403)
    assert "Secret plans" not in answer.content.decode()
    assert (article.comments.count(), KeptWork.objects.count(), article.revisions.count()) == (1, 0, 1)
    assert article.preview_links.open().count() == 1


@pytest.mark.parametrize("name", VIEWS)
def test_a_writer_works_on_the_articles_of_colleagues_too(client, writer, article, name):
    client.force_login(writer)
    assert visit(client, name, article).status_code == VIEWS[name][1]


@pytest.mark.parametrize("name", VIEWS)
def test_who_may_only_look_changes_nothing(client, article, viewer, name):
    client.force_login(viewer)
    assert visit(client, name, article).status_code == VIEWS[name][2]
    assert (article.comments.filter(resolved_at=None).count(), KeptWork.objects.count()) == (1, 0)
    assert article.preview_links.open().count() == 1


def test_who_may_only_look_cannot_save(client, article, viewer):
    client.force_login(viewer)
    answer = client.post(url("change", article.pk), posted(factories.document(title="After"), version=1))
    assert answer.status_code == 403
    assert Article.objects.get().title == "Secret plans"


@pytest.mark.parametrize("path", ["change", "conflict", "preview", "frame"])
def test_unsaved_work_is_shown_to_nobody_else(editor, client, writer, path):
    article = factories.article()
    client.post(url("autosave", article.pk), posted({**document_of(article), "title": "Half a thought"}, version=1))
    piece = KeptWork.objects.get()
    client.force_login(writer)
    page = client.get(url(path, article.pk) + f"?draft=1&kept={piece.pk}", follow=True)
    assert "Half a thought" not in page.content.decode()
    client.post(url("drop_kept", piece.pk))
    assert KeptWork.objects.get().by == editor


@pytest.mark.parametrize("what", ["author", "tag", "article", "cta", "image"])
def test_each_choice_is_found_by_name(editor, client, what):
    factories.author("ana"), factories.tag("ana"), factories.card("ana")
    factories.article(title="ana"), factories.image(name="ana")
    path = reverse("admin:articles_article_choices", args=[what])
    term = "read" if what == "cta" else "ana"
    assert len(client.get(path, {"term": term}).json()["results"]) == 1
    assert client.get(path, {"term": "\x00", "page": "-1"}).status_code == 200


def test_only_what_can_be_chosen_is_listed(editor, client):
    assert client.get(reverse("admin:articles_article_choices", args=["user"])).status_code == 404


@pytest.mark.parametrize(("who", "status"), [("outsider", 403), ("writer", 403), ("editor", 302)])
def test_redirects_are_taken_from_editors_only(client, who, status):
    path = reverse("admin:articles_redirect_csv")
    assert client.post(path, {"csv": "/a/,/b/"}).status_code == 302  # to sign in
    assert not Redirect.objects.exists()
    client.force_login(User.objects.create_user("o@example.com") if who == "outsider" else factories.user(who))
    assert client.get(path).status_code == (200 if who == "editor" else 403)
    assert client.post(path, {"csv": "/a/,/b/"}).status_code == status
    assert Redirect.objects.exists() == (who == "editor")


@pytest.mark.parametrize("who", ["writer", "editor"])
def test_tags_are_merged_by_editors_only(client, who):
    keep, other = factories.tag("a"), factories.tag("b")
    client.force_login(factories.user(who))
    data = {"action": "merge", "_selected_action": [keep.pk, other.pk], "keep": keep.pk}
    client.post(reverse("admin:articles_tag_changelist"), data)
    assert Redirect.objects.exists() == (who == "editor")


def test_an_upload_is_kept_for_whom_it_is_by(client, writer):
    client.force_login(writer)
    answer = client.post(url("upload"), {"image": SimpleUploadedFile("a.png", factories.picture())})
    image = ImageAsset.objects.get()
    assert answer.json() == {"src": image.file, "name": "a.png", "alt": ""}
    assert image.uploaded_by == writer


@pytest.mark.parametrize("verb", ["change", "delete", "add"])
def test_the_audit_log_can_only_be_read(client, verb):
    client.force_login(User.objects.create_superuser("root@example.com"))
    factories.publication()
    args = [] if verb == "add" else [AuditEntry.objects.get().pk]
    assert client.post(reverse(f"admin:articles_auditentry_{verb}", args=args), {"post": "yes"}).status_code == 403
    assert client.get(reverse("admin:articles_auditentry_changelist")).status_code == 200
