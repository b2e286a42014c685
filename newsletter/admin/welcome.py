"""The preview of a newsletter's welcome mail, and its test."""

from collections.abc import Callable

from csp.decorators import csp_replace
from django.contrib import admin, messages
from django.contrib.auth.decorators import permission_required
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_http_methods, require_safe

from newsletter.admin.desk import MAIL_POLICY, NOBODY, TestForm
from newsletter.mail.personal_words import WITHOUT_A_SUBSCRIBER
from newsletter.models import Newsletter
from newsletter.subscribers import vocabulary, welcome
from newsletter.subscribers.subscriptions import preferences_token, unsubscribe_token
from sponsors import flags

may_change: Callable[[Callable[..., HttpResponse]], Callable[..., HttpResponse]] = permission_required(
    "newsletter.change_newsletter", raise_exception=True
)


def _with_welcome(pk: int) -> Newsletter:
    newsletter = get_object_or_404(Newsletter, pk=pk)
    if not newsletter.welcome_text:
        raise Http404("This newsletter has no welcome mail.")
    return newsletter


def _previewed(newsletter: Newsletter) -> welcome.Letter:
    """As somebody gets it of whom nothing is known."""
    return welcome.addressed_to(WITHOUT_A_SUBSCRIBER, newsletter)


def _bodies(newsletter: Newsletter) -> dict[str, str]:
    return welcome.bodies(newsletter, _previewed(newsletter), unsubscribe=NOBODY, preferences=NOBODY)


@require_http_methods(["GET", "HEAD", "POST"])
@may_change
def preview(request: HttpRequest, pk: int) -> HttpResponse:
    """What new subscribers will see; POST sends one copy to an address."""
    newsletter = _with_welcome(pk)
    form = TestForm(request.POST or None, initial={"to": request.user.email})  # type: ignore[union-attr]
    try:
        if form.is_valid():
            links = {
                "unsubscribe": unsubscribe_token(welcome.NOBODY, pk),
                "preferences": preferences_token(welcome.NOBODY),
            }
            welcome.send_test(newsletter, to=form.cleaned_data["to"], **links)
            messages.success(request, f"A test is on its way to {form.cleaned_data['to']}.")
            return HttpResponseRedirect(request.path)
    except ValidationError as error:
        form.add_error("to", error)
    for problem in vocabulary.problems(newsletter.welcome_subject, newsletter.welcome_text):
        messages.warning(request, problem)
    context = {"newsletter": newsletter, "form": form, "title": "Welcome mail", "opts": Newsletter._meta}
    context |= {"subject": _previewed(newsletter).subject, "text": _bodies(newsletter)["text"]}
    context["sender"] = welcome.sender_of(newsletter)
    context["flags"] = sorted(flags.look_at(welcome.NOUN, pk), key=lambda flag: not flag.is_open)
    context["may_decide"] = flags.may_decide(request.user, welcome.NOUN)
    return render(request, "admin/newsletter/newsletter/welcome.html", admin.site.each_context(request) | context)


@require_safe
@csp_replace(MAIL_POLICY)
@may_change
def preview_html(_request: HttpRequest, pk: int) -> HttpResponse:
    """The mail's HTML by itself, for the frames of the preview."""
    response = HttpResponse(_bodies(_with_welcome(pk))["html"])
    response["Cache-Control"] = "no-store"
    return response
