"""A sponsor's pages on money: to whom a booking is billed, its invoices, what is due; and the invoices as files."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST, require_safe

from core.lib.signing import BadToken, ExpiredToken, read_token
from core.ratelimit import allow
from core.transitions import TransitionRefused
from sponsors import checkout, payments
from sponsors.billing_forms import BillingForm
from sponsors.forms import SLOW_DOWN
from sponsors.models import Booking, Invoice
from sponsors.models.catalogue import money
from sponsors.models.inventory import PORTAL
from sponsors.models.invoices import INVOICE
from sponsors.money import documents, invoices, ledger, tax
from sponsors.views import for_sponsor


@for_sponsor(PORTAL)
def billing(request: HttpRequest, booking: Booking) -> HttpResponse:
    """What is due and how it is paid, the invoices, and a form for the buyer's details until it is billed."""
    billed = invoices.standing(booking)
    form = None if billed else BillingForm(request.POST if request.method == "POST" else None, booking=booking)
    if form and form.is_bound and form.is_valid():
        if allow(f"billing|{booking.pk}", limit=20, seconds=3600):
            form.save()
            return redirect(request.path)
        form.add_error(None, SLOW_DOWN)
    balance = ledger.balance(booking)
    context = {
        "booking": booking,
        "form": form,
        "billed": billed,
        "invoices": booking.invoices.select_related("corrects").order_by("pk"),
        "payments": booking.payments.order_by("pk"),
        "due": money(balance, booking.currency) if balance > 0 else "",
        "checkout_path": booking.checkout_path if checkout.is_offered(booking.currency) else "",
        "credit": money(-balance, booking.currency) if balance < 0 else "",
        "will_cost": money(payments.to_pay(booking), booking.currency),
        "is_said_to_whom": invoices.details_of(booking) is not None,
        "price_note": tax.price_note(invoices.seller()),
    }
    return render(request, "sponsors/billing.html", context)


@for_sponsor(PORTAL)
def begin_checkout(request: HttpRequest, booking: Booking) -> HttpResponse:
    """POST shows the way to the provider's page: a link, since the content policy lets no form lead to another site."""
    refusal = url = ""
    if request.method != "POST" or not allow(f"checkout|{booking.pk}", limit=20, seconds=3600):
        return redirect(booking.billing_path)
    try:
        url = checkout.begin(booking)
    except TransitionRefused as error:
        refusal = str(error)
    context = {"booking": booking, "url": url, "refusal": refusal}
    return render(request, "sponsors/checkout.html", context, status=409 if refusal else 200)


@csrf_exempt
@never_cache
@require_POST
def stripe_event(request: HttpRequest) -> HttpResponse:
    """Take what Stripe reports; what we could not take is told again."""
    if not checkout.is_set():
        raise Http404("No payments are taken here.")
    try:
        checkout.take_event(request.body, request.headers.get("Stripe-Signature", ""))
    except checkout.Forged:
        return HttpResponse("This is not signed by Stripe.", status=400, content_type="text/plain")
    except checkout.Unreachable:
        return HttpResponse("Ask again later.", status=503, content_type="text/plain")
    return HttpResponse("", content_type="text/plain")


@require_safe
@never_cache
def invoice(request: HttpRequest, token: str) -> HttpResponse:
    """An invoice as PDF."""
    try:
        (pk,) = read_token(INVOICE, token)
    except ExpiredToken:
        return render(request, "sponsors/expired_invoice.html", status=410)
    except BadToken:
        raise Http404("This link is not complete. Open it from the e-mail again.") from None
    return pdf_response(get_object_or_404(Invoice, pk=pk))


def pdf_response(row: Invoice) -> HttpResponse:
    """The document, to be shown or saved under its number."""
    headers = {"Content-Disposition": f'inline; filename="{row.number}.pdf"', "X-Robots-Tag": "noindex"}
    return HttpResponse(documents.pdf_of(row), content_type="application/pdf", headers=headers)
