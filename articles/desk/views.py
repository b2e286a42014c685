"""The desk's other pages: revisions, comparison, preview, comments, checks. Each checks its own permission."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from articles import payers
from articles.desk import checks, comments, drafts
from articles.desk.conflicts import conflict_of
from articles.desk.diff import changes
from articles.desk.passages import passage_in
from articles.document_schema import DocumentError, article_slug
from articles.documents import StaleVersion, apply_document, document_of, free_article_slug
from articles.models import Article, PreviewLink, Revision
from articles.preview import preview_page
from articles.publishing import record
from articles.rendering import rendered
from core.kept_work import pieces, supersede
from core.lib import clock
from core.lib.admin_slugs import LONGEST
from core.lib.text import storable, whole_number
from core.models import KeptWork

View = Callable[..., HttpResponse]


def of_article(permission: str) -> Callable[[View], View]:
    """Hand a view the article that its address names; refuse anybody without the permission."""

    def decorate(view: View) -> View:
        @never_cache
        @wraps(view)
        def guarded(request: HttpRequest, pk: int, **kwargs: Any) -> HttpResponse:
            if not request.user.has_perm(permission):
                raise PermissionDenied
            article = get_object_or_404(Article.objects.select_related("category", "series", "cta"), pk=pk)
            return view(request, article, **kwargs)

        return guarded

    return decorate


VIEW, CHANGE, COMMENT = "articles.view_article", "articles.change_article", "articles.add_comment"


def edit_url(article: Article) -> str:
    return reverse("admin:articles_article_change", args=[article.pk])


def _page(request: HttpRequest, template: str, article: Article, title: str, **context: Any) -> HttpResponse:
    context |= admin.site.each_context(request) | {
        "article": article,
        "title": title,
        "here": template,
        "opts": Article._meta,
        "is_nav_sidebar_enabled": False,
    }
    return render(request, f"admin/articles/article/{template}.html", context)


@require_safe
@never_cache
def slug(request: HttpRequest) -> JsonResponse:
    """The slug that some words would get, for a new article or for the one that is named."""
    if not (request.user.has_perm(CHANGE) or request.user.has_perm("articles.add_article")):
        raise PermissionDenied
    words = storable(request.GET.get("words", "")[:LONGEST])
    article = Article.objects.filter(pk=whole_number(request.GET.get("article")) or 0).first()
    return JsonResponse({"slug": free_article_slug(article_slug(words), article) if words.strip() else ""})


@require_safe
@of_article(VIEW)
def revisions(request: HttpRequest, article: Article) -> HttpResponse:
    """All versions, with who saved each, when and why; and the audit log."""
    rows = article.revisions.select_related("by").defer("document")[:500]
    live = getattr(article, "publication", None)
    context = {"revisions": rows, "live": live, "entries": article.audit_entries.all()[:200]}
    return _page(request, "revisions", article, f"Revisions of “{article}”", **context)


@require_safe
@of_article(VIEW)
def compare(request: HttpRequest, article: Article) -> HttpResponse:
    """Two versions side by side."""
    before = _revision(article, request.GET.get("a", ""))
    after = _revision(article, request.GET.get("b", ""))
    if before.version > after.version:
        before, after = after, before
    found = changes(before.document, after.document)
    return _page(request, "compare", article, f"Versions {before.version} and {after.version} of “{article}”",
                 before=before, after=after, changes=found)  # fmt: skip


def _revision(article: Article, number: str) -> Revision:
    version = whole_number(number)
    if version is None:
        raise Http404("There is no such version.")
    return get_object_or_404(article.revisions.select_related("by"), version=version)


@require_POST
@of_article(CHANGE)
def restore(request: HttpRequest, article: Article, version: int) -> HttpResponse:
    """Make an old version the newest one."""
    revision = get_object_or_404(article.revisions, version=version)
    try:
        apply_document(
            article,
            revision.document,
            by=request.user,
            reason=f"Restored version {version}",
            expected_version=whole_number(request.POST.get("version")),
        )
    except StaleVersion as error:
        messages.error(request, f"{error} Nothing was restored. Look at the newest version first.")
        return HttpResponseRedirect(reverse("admin:articles_article_revisions", args=[article.pk]))
    except DocumentError as error:
        messages.error(request, f"Version {version} cannot be restored: {error}")
        return HttpResponseRedirect(reverse("admin:articles_article_revisions", args=[article.pk]))
    payers.look_at(article)
    record(article, "restored", by=request.user, detail=f"version {version}")
    messages.success(request, f"Version {version} is now the newest version. Readers see it once it is published.")
    return HttpResponseRedirect(edit_url(article))


@require_http_methods(["GET", "HEAD", "POST"])
@of_article(CHANGE)
def conflict(request: HttpRequest, article: Article) -> HttpResponse:
    """After another save came first: GET shows both versions part by part, POST puts together what was chosen."""
    key = whole_number(request.GET.get("kept"))
    piece = pieces(Article, article.pk, by=request.user).filter(pk=key).first() if key else None
    if not piece:
        return HttpResponseRedirect(edit_url(article))
    found = conflict_of(article, piece)
    if request.method == "POST":
        together = found.together(request.POST)
        if request.POST.get("seen") != _seen(article, piece):
            messages.warning(request, "There is something newer now. What you chose is still chosen: look again.")
        elif together is None:
            messages.error(request, "Choose a side for each part that both sides changed.")
        else:
            new = supersede(piece, drafts.work_of(together, base_version=article.version))
            messages.success(request, "Put together as you chose. Look it over, then save it.")
            return HttpResponseRedirect(f"{edit_url(article)}?kept={new.pk}")
    context = {"piece": piece, "rows": found.rows(request.POST), "seen": _seen(article, piece)}
    context["between"] = article.revisions.filter(version__gt=piece.base_version).select_related("by").defer("document")
    return _page(request, "conflict", article, f"“{article}” was saved while you were writing", **context)


def _seen(article: Article, piece: KeptWork) -> str:
    """What the choices on a page are about."""
    return f"{article.version} {piece.saved_at.isoformat()}"


@require_safe
@of_article(VIEW)
def preview(request: HttpRequest, article: Article) -> HttpResponse:
    """The article in its real template, in phone and desktop width, and its preview links."""
    may_share = request.user.has_perm(CHANGE)
    links = article.preview_links.open().select_related("made_by") if may_share else PreviewLink.objects.none()
    context = {"links": links, "may_share": may_share, "draft": request.GET.get("draft") == "1"}
    return _page(request, "preview", article, f"Preview of “{article}”", **context)


def _to_links(article: Article) -> HttpResponseRedirect:
    return HttpResponseRedirect(f"{reverse('admin:articles_article_preview', args=[article.pk])}#links")


@require_POST
@of_article(CHANGE)
def share(request: HttpRequest, article: Article) -> HttpResponse:
    """Make a preview link."""
    link = article.preview_links.create(made_by_id=request.user.pk)
    record(
        article,
        "shared",
        by=request.user,
        detail=f"a preview link until {clock.in_words(link.expires_at, 'j F Y', clock.newsroom())}",
    )
    messages.success(request, "Copy the link below. Anyone who has it can see the newest version.")
    return _to_links(article)


@require_POST
@of_article(CHANGE)
def revoke(request: HttpRequest, article: Article, link: int) -> HttpResponse:
    """Revoke a preview link."""
    found = get_object_or_404(article.preview_links.select_related("made_by"), pk=link)
    if found.revoke():
        record(article, "revoked", by=request.user, detail=f"a preview link by {found.made_by or 'someone'}")
        messages.success(request, "The link no longer works.")
    return _to_links(article)


@require_safe
@of_article(VIEW)
def frame(request: HttpRequest, article: Article) -> HttpResponse:
    """The page inside the preview: the newest version, or with ?draft=1 one's unsaved work."""
    typed = drafts.newest(article, by=request.user) if request.GET.get("draft") == "1" else None
    saved = document_of(article)
    response = HttpResponse(preview_page(drafts.as_far_as_it_goes(typed, saved) if typed else saved, article))
    response["Cache-Control"] = "private, no-store"
    return response


@require_POST
@of_article(CHANGE)
def presence(request: HttpRequest, article: Article) -> HttpResponse:
    """Note that one has the article open; answer with who else does, and with the newest version."""
    if request.POST.get("leaving"):
        drafts.leave(article, by=request.user)
        return JsonResponse({"others": []})
    others = drafts.be_present(article, by=request.user)
    shown = [{"name": str(other.by), "since": clock.in_words(other.since, "H:i")} for other in others]
    return JsonResponse({"others": shown, "version": article.version})


@require_POST
@of_article(COMMENT)
def comment(request: HttpRequest, article: Article) -> HttpResponse:
    """Comment on an article or a passage of it, or answer a comment, and ask a colleague by mail."""
    posted = request.POST
    key = whole_number(posted.get("answers"))
    answers = get_object_or_404(article.comments.select_related("answers"), pk=key) if key else None
    try:
        passage = passage_in(posted)
        comments.comment(
            article,
            by=request.user,
            text=posted.get("text", ""),
            asks=posted.get("asks", ""),
            passage=passage,
            answers=answers,
        )
    except ValueError as error:
        if _wants_part(request):
            return HttpResponse(str(error), content_type="text/plain", status=400)
        messages.error(request, str(error))
    return _to_comments(request, article)


def _wants_part(request: HttpRequest) -> bool:
    """Whether the page itself asks, which has unsaved work and goes on."""
    return "part" in request.GET


def _to_comments(request: HttpRequest, article: Article) -> HttpResponse:
    if not _wants_part(request):
        return HttpResponseRedirect(f"{edit_url(article)}#comments")
    context = {"article": article, "threads": comments.threads_of(article, document_of(article)), "may_comment": True}
    return render(request, "admin/articles/article/comments.html", context)


@require_POST
@of_article(COMMENT)
def resolve(request: HttpRequest, article: Article, comment: int) -> HttpResponse:
    """Mark a comment as resolved."""
    comments.resolve(get_object_or_404(article.comments, pk=comment))
    return _to_comments(request, article)


@require_POST
@of_article(COMMENT)
def reopen(request: HttpRequest, article: Article, comment: int) -> HttpResponse:
    """Take back that a comment is resolved."""
    comments.reopen(get_object_or_404(article.comments, pk=comment))
    return _to_comments(request, article)


@require_safe
@of_article(VIEW)
def check(request: HttpRequest, article: Article) -> HttpResponse:
    """The findings of the checks before publishing."""
    document = document_of(article)
    body = rendered(document)
    findings = checks.findings_of(document, body, article)
    context = {"findings": findings, "blocking": sum(finding.blocking for finding in findings)}
    context |= {"words": body.words, "minutes": body.reading_minutes}
    context |= {"flags": payers.flags_of(article), "may_decide": payers.may_decide(request.user)}
    return _page(request, "check", article, f"Before “{article}” is published", **context)
