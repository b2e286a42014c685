"""The preview of a mail template: a sample briefing in its look."""

from collections.abc import Callable

from csp.decorators import csp_replace
from django.contrib import admin
from django.contrib.auth.decorators import permission_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from newsletter.admin.desk import MAIL_POLICY, NOBODY, in_scheme
from newsletter.models import MailTemplate
from newsletter.sending import composition
from newsletter.sending.composition import Rendered
from newsletter.sending.samples import sample_of

may_see: Callable[[Callable[..., HttpResponse]], Callable[..., HttpResponse]] = permission_required(
    "newsletter.view_mailtemplate", raise_exception=True
)


def _rendered(template: MailTemplate) -> Rendered:
    briefing, items = sample_of(template)
    return composition.render(briefing, composition.plain_links(NOBODY, NOBODY), items=items)


def _template(pk: int) -> MailTemplate:
    return get_object_or_404(MailTemplate.objects.select_related("newsletter"), pk=pk)


@require_safe
@may_see
def preview(request: HttpRequest, pk: int) -> HttpResponse:
    """The sample on a phone and on a desk, light and dark, and as plain text."""
    template = _template(pk)
    context = {"template": template, "title": "Preview", "subtitle": str(template), "opts": MailTemplate._meta}
    context |= {"text": _rendered(template).text, "may_change": request.user.has_perm("newsletter.change_mailtemplate")}
    return render(request, "admin/newsletter/mailtemplate/preview.html", admin.site.each_context(request) | context)


@require_safe
@csp_replace(MAIL_POLICY)
@may_see
def preview_html(request: HttpRequest, pk: int) -> HttpResponse:
    """The sample's HTML by itself, for the frames of the preview."""
    response = HttpResponse(in_scheme(_rendered(_template(pk)).html, request.GET.get("scheme", "")))
    response["Cache-Control"] = "no-store"
    return response
