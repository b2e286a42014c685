"""One's own keys of the API: whoever owns one ends it, whatever their role."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from core.api import keys
from core.models import ApiKey


@never_cache
@login_required
@require_http_methods(["GET", "POST"])
def own_keys(request: HttpRequest) -> HttpResponse:
    """The keys by which programs act as this person, each with a button that ends it at once."""
    own = ApiKey.objects.filter(account=request.user.pk)
    if request.method != "POST":
        labels = dict(keys.scopes())
        rows = [(row, [labels.get(scope, scope) for scope in row.scopes]) for row in own]
        return render(request, "account/api_keys.html", {"rows": rows})
    number = request.POST.get("key", "")
    row = get_object_or_404(own, pk=int(number) if number.isascii() and number.isdigit() and len(number) < 19 else 0)
    if keys.revoke(row, by=request.user):
        messages.success(request, f"The key “{row}” no longer works.")
    else:
        messages.info(request, f"The key “{row}” was revoked before.")
    return HttpResponseRedirect(reverse("account_api_keys"))
