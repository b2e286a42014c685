"""The media kit, booking, a sponsor's own pages, the disclosure log, and the redirect behind an ad."""

from collections.abc import Callable, Iterator
from functools import wraps
from itertools import chain
from pathlib import Path
from typing import Any, cast

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.feedgenerator import Atom1Feed
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from core.lib import spreadsheets
from core.lib.forms import client_address, refuse_cross_site
from core.lib.networks import network_of
from core.lib.signing import BadToken, ExpiredToken, make_token, read_token
from core.lib.text import storable, whole_number
from core.models import SiteProfile, User
from core.pagecache import public
from core.ratelimit import allow
from core.replica import for_reports
from core.transitions import TransitionRefused
from sponsors import (
    availability,
    clicks,
    disclosures,
    emails,
    final_reports,
    media_kit,
    members,
    moves,
    outlook,
    recompute,
    reports,
    viewability,
)
from sponsors import booking as bookings
from sponsors.booking import Unavailable
from sponsors.creative_forms import VersionForm
from sponsors.forms import SLOW_DOWN, BookingForm, DaysForm, InquiryForm, RenewalForm, WaitingForm, day_text
from sponsors.models import Booking, Creative, DisclosureEntry, Package, Sponsor, SponsorReport
from sponsors.models.inventory import KEEP, PORTAL, RENEW, REPORT

REQUESTED = "sponsors.requested"
PROGRAM = Path(__file__).with_name("check_log.py")  # for strangers: it needs nothing of ours
FED = 50
SponsorView = Callable[[HttpRequest, Booking], HttpResponse]


@require_safe
@public
def advertise(request: HttpRequest) -> HttpResponse:
    """The media kit: packages, prices, reach."""
    return render(request, "sponsors/media_kit.html", media_kit.contents() | {"inquiry": InquiryForm()})


@require_http_methods(["GET", "HEAD", "POST"])
@refuse_cross_site
@public
def book(request: HttpRequest, tier: str) -> HttpResponse:
    """Ask for a package: its units are held, and both sides get a mail."""
    package = get_object_or_404(Package.objects.on_sale(), tier=tier)
    data = request.POST if request.method == "POST" else None
    asked = (data or request.GET).get("category", "")
    network = network_of(client_address(request))
    form = BookingForm(data, package=package, network=network, initial={"category": asked})
    table = availability.table([package], start_of=package, category=asked if asked in Sponsor.Category else "")
    context = {"package": package, "form": form, "table": table, "includes": media_kit.includes(package)}
    context |= {"waiting": WaitingForm(package=package), "price_note": media_kit.price_note()}
    if request.method == "POST" and form.is_valid():
        try:
            booking = form.save()
        except Unavailable as conflict:
            form.add_error("start", with_alternatives(conflict))
            return render(request, "sponsors/book.html", context, status=409)
        except TransitionRefused as enough:
            form.add_error(None, str(enough))
            return render(request, "sponsors/book.html", context, status=429)
        return redirect("sponsors:requested", make_token(REQUESTED, booking.pk))
    refused = form.has_error("__all__", "too-many")
    return render(request, "sponsors/book.html", context, status=429 if refused else 200)


@require_http_methods(["POST"])
@refuse_cross_site
def ask(request: HttpRequest) -> HttpResponse:
    """Keep an inquiry, which staff answer with an offer."""
    form = InquiryForm(request.POST, network=network_of(client_address(request)))
    if form.is_valid():
        form.save()
        return render(request, "sponsors/asked.html")
    status = 429 if form.has_error("__all__", "too-many") else 200
    return render(request, "sponsors/ask.html", {"form": form}, status=status)


@require_http_methods(["POST"])
@refuse_cross_site
def wait(request: HttpRequest, tier: str) -> HttpResponse:
    """Put a buyer on the waiting list of a package."""
    package = get_object_or_404(Package.objects.on_sale(), tier=tier)
    form = WaitingForm(request.POST, package=package, network=network_of(client_address(request)))
    if form.is_valid():
        form.save()
        return render(request, "sponsors/waiting.html", {"package": package})
    status = 429 if form.has_error("__all__", "too-many") else 200
    return render(request, "sponsors/wait.html", {"package": package, "form": form}, status=status)


def with_alternatives(conflict: Unavailable) -> str:
    days = ", ".join(day_text(day) for day in conflict.alternatives)
    return f"{conflict} The package could start on: {days}." if days else f"{conflict} No later start is open yet."


def for_sponsor(purpose: str) -> Callable[[SponsorView], Callable[[HttpRequest, str], HttpResponse]]:
    """Decorate a page that opens with a signed link to a booking: never kept, never indexed, no cookie.

    An expired link says so, and offers to mail a fresh one to the address of the booking, where there is one still.
    """

    def decorate(view: SponsorView) -> Callable[[HttpRequest, str], HttpResponse]:
        @require_http_methods(["GET", "HEAD", "POST"])
        @refuse_cross_site
        @never_cache
        @wraps(view)
        def opened(request: HttpRequest, token: str) -> HttpResponse:
            try:
                (pk,) = read_token(purpose, token)
                response = view(request, _booking(pk))
            except ExpiredToken as expired:
                response = _expired(request, _booking(expired.values[0]), purpose)
            except BadToken:
                raise Http404("This link is not complete. Open it from the e-mail again.") from None
            response["X-Robots-Tag"], response["Referrer-Policy"] = "noindex", "same-origin"
            return response

        return opened

    return decorate


def _booking(pk: int) -> Booking:
    return get_object_or_404(Booking.objects.select_related("sponsor", "package"), pk=pk)


def _expired(request: HttpRequest, booking: Booking, purpose: str) -> HttpResponse:
    if not booking.contact_email or (purpose == KEEP and not booking.is_live()):
        return render(request, "sponsors/lapsed.html", {"booking": booking}, status=410)
    sent = request.method == "POST" and allow(f"portal|{booking.pk}", limit=3, seconds=3600)
    if sent:
        emails.portal_link(booking)
    return render(request, "sponsors/expired.html", {"sent": sent}, status=200 if sent else 410)


@for_sponsor(REQUESTED)
def requested(request: HttpRequest, booking: Booking) -> HttpResponse:
    """What is held; a mail with the link to the portal is on its way."""
    return render(request, "sponsors/requested.html", {"booking": booking, "claims": _claims(booking)})


@for_sponsor(KEEP)
def keep(request: HttpRequest, booking: Booking) -> HttpResponse:
    """GET shows what the link keeps, with a button; POST keeps it."""
    refusal = ""
    viewability.note_buyer(booking, request)
    if request.method == "POST":
        try:
            bookings.keep(booking)
        except Unavailable as conflict:
            refusal = with_alternatives(conflict)
        except TransitionRefused as conflict:
            refusal = str(conflict)
        else:
            return redirect(booking.portal_path)
    context = {"booking": booking, "claims": _claims(booking), "refusal": refusal}
    return render(request, "sponsors/keep.html", context, status=409 if refusal else 200)


@for_sponsor(PORTAL)
def portal(request: HttpRequest, booking: Booking) -> HttpResponse:
    """The sponsor's own page: the booking's state, the versions submitted, a form for each ad."""
    viewability.note_buyer(booking, request)
    creatives = list(booking.creatives.select_related("kind", "booking__sponsor"))
    staff = request.user if request.user.is_staff else None
    forms = [VersionForm(creative=creative, by=staff, **_posted_for(request, creative)) for creative in creatives]
    submitted = next((form for form in forms if form.is_bound), None)
    if submitted and not booking.is_live():
        submitted.add_error(None, "This booking is over, so nothing can be submitted for it.")
    if submitted and submitted.is_valid():
        if allow(f"creative|{booking.pk}", limit=20, seconds=3600):
            submitted.save()
            return redirect(f"{request.path}#creative-{submitted.creative.pk}")
        submitted.add_error(None, SLOW_DOWN)
    context = {"booking": booking, "outlooks": outlook.of_booking(booking), "forms": forms, "staff": staff}
    context |= {"moves": moves.movable(booking), "may_have_account": members.may_ask(booking)}
    return render(request, "sponsors/portal.html", context)


@login_required
@never_cache
@require_safe
def account(request: HttpRequest) -> HttpResponse:
    """All bookings of the sponsors that somebody is a member of."""
    rows = members.bookings_of(cast(User, request.user))
    return render(request, "sponsors/account.html", {"bookings": rows})


@for_sponsor(PORTAL)
def ask_for_account(request: HttpRequest, booking: Booking) -> HttpResponse:
    """POST mails the sponsor a link with which they choose a password."""
    said = "An account shows all your bookings at one address. You do not need one: the links in our mails open each booking."
    if request.method == "POST":
        try:
            members.ask(booking)
        except TransitionRefused as refusal:
            said = str(refusal)
        else:
            said = f"We have mailed {booking.contact_email} a link with which you choose a password."
    context = {"booking": booking, "said": said, "is_asked": request.method == "POST"}
    return render(request, "sponsors/ask_for_account.html", context)


@for_sponsor(RENEW)
def renew(request: HttpRequest, booking: Booking) -> HttpResponse:
    """The package of a booking, to be booked again from another day on: whom it is for is known."""
    package = Package.objects.on_sale().filter(tier=booking.package.tier).first()
    if package is None or not booking.contact_email:
        return redirect("sponsors:media-kit")
    data, network = request.POST if request.method == "POST" else None, network_of(client_address(request))
    form, status = RenewalForm(data, package=package, before=booking, network=network), 200
    if form.is_valid():
        try:
            return redirect(form.save().portal_path)
        except Unavailable as conflict:
            form.add_error("start", with_alternatives(conflict))
            status = 409
        except TransitionRefused as enough:
            form.add_error(None, str(enough))
    status = 429 if form.has_error("__all__", "too-many") else status
    table = availability.table([package], start_of=package, category=booking.category)
    context = {"package": package, "before": booking, "form": form, "table": table}
    context |= {"price_note": media_kit.price_note()}
    return render(request, "sponsors/renew.html", context | {"includes": media_kit.includes(package)}, status=status)


@for_sponsor(PORTAL)
def days(request: HttpRequest, booking: Booking) -> HttpResponse:
    """The days of a booking that its sponsor can move; POST moves them, all or none."""
    form = DaysForm(request.POST if request.method == "POST" else None, row=booking)
    if form.is_valid() and _moved(form, booking):
        return redirect(booking.portal_path)
    context = {"booking": booking, "form": form, "outlooks": outlook.of_booking(booking)}
    return render(request, "sponsors/days.html", context, status=409 if form.errors else 200)


def _moved(form: DaysForm, booking: Booking) -> bool:
    """Whether the places are on the days that were chosen; else the form says why not."""
    try:
        if not allow(f"move|{booking.pk}", limit=20, seconds=86_400):
            raise TransitionRefused(SLOW_DOWN)
        moves.move(booking, form.wanted(), by=None)
    except TransitionRefused as refusal:
        form.add_error(None, str(refusal))
        return False
    return True


def _posted_for(request: HttpRequest, creative: Creative) -> dict[str, Any]:
    mine = request.method == "POST" and request.POST.get("creative") == str(creative.pk)
    return {"data": request.POST, "files": request.FILES} if mine else {}


def _claims(booking: Booking) -> list[Any]:
    return list(booking.claims.select_related("unit__kind").order_by("unit__date", "unit__kind__name", "id"))


@for_reports
@for_sponsor(REPORT)
def report(request: HttpRequest, booking: Booking) -> HttpResponse:
    """The final report of a booking in the version asked for, else in its last; its figures as of now before that, or with ?live.

    As files, too.
    """
    version = None if "live" in request.GET else booking.reports.first()
    if number := request.GET.get("final"):
        version = get_object_or_404(booking.reports, version=whole_number(number, most=32_000))
    if request.GET.get("as") == "json" and version:
        return HttpResponse(version.document, content_type="application/json")
    if request.GET.get("as") == "py":
        return HttpResponse(Path(recompute.__file__).read_bytes(), content_type="text/x-python; charset=utf-8")
    report = final_reports.report_of(version) if version else reports.report_on(booking)
    if request.GET.get("as") == "pdf":
        from sponsors import report_pdf  # which takes a second and 40 MB to load

        return HttpResponse(report_pdf.render(report), content_type="application/pdf")
    if request.GET.get("as") == "csv":
        return _table(final_reports.rows_of(version) if version else reports.rows(report), version)
    which = f"final={version.version}" if version else "live=1"
    context = {"report": report, "booking": booking, "versions": list(booking.reports.all()), "which": which}
    return render(request, "sponsors/report.html", context)


def _table(rows: Iterator[list[Any]], version: SponsorReport | None) -> HttpResponse:
    name = f"report-version-{version.version}.csv" if version else "report-so-far.csv"
    lines = spreadsheets.lines(spreadsheets.disarmed(row) for row in chain([reports.COLUMNS], rows))
    table = HttpResponse(b"".join(lines), content_type="text/csv; charset=utf-8")
    table["Content-Disposition"] = f'attachment; filename="{name}"'
    return table


@require_safe
@public
def disclosure_log(request: HttpRequest) -> HttpResponse:
    """The public log of who paid for what."""
    page = Paginator(DisclosureEntry.objects.all(), 50).get_page(request.GET.get("page"))
    return render(request, "sponsors/disclosure_log.html", {"page": page})


@require_safe
@public
def disclosure_check(request: HttpRequest) -> HttpResponse:
    """Whether the log holds, every seal computed anew; once for each change that readers can see."""
    return render(
        request, "sponsors/disclosure_check.html", {"found": disclosures.verify(), "program": PROGRAM.read_text()}
    )


@require_safe
@public
def disclosure_feed(request: HttpRequest) -> HttpResponse:
    """The newest entries of the log as Atom."""
    page = settings.SITE_URL + reverse("sponsors:disclosure-log")
    name = SiteProfile.current().name
    feed = Atom1Feed(
        title=storable(f"{name}: who paid us"),
        link=page,
        description="Each booking, decision, correction and make-good, as it is entered.",
        feed_url=settings.SITE_URL + request.path,
        language=settings.LANGUAGE_CODE,
    )
    for entry in DisclosureEntry.objects.all()[:FED]:
        link = f"{page}#entry-{entry.number}"
        feed.add_item(
            title=storable(f"{entry.number}. {entry.sponsor_name}: {entry.get_kind_display().lower()}"),
            link=link,
            unique_id=link,
            description=storable("\n".join([*entry.placements, f"Seal {entry.sha256}"])),
            pubdate=entry.at,
            updateddate=entry.at,
        )
    return HttpResponse(feed.writeString("utf-8"), content_type="application/atom+xml; charset=utf-8")


@require_safe
@public
def disclosure_json(request: HttpRequest) -> HttpResponse:
    """The log, oldest first, in pages that stay as they are once they are full; disclosures.seal says how to check its seals."""
    number = max(1, whole_number(request.GET.get("page", "")) or 1)
    entries, is_more = disclosures.page(number)
    following = f"?page={number + 1}" if is_more else None
    return JsonResponse({"entries": [disclosures.public_form(entry) for entry in entries], "next": following})


@require_safe
@public
def disclosure_program(_request: HttpRequest) -> HttpResponse:
    """The program with which strangers check the log."""
    return HttpResponse(PROGRAM.read_bytes(), content_type="text/x-python; charset=utf-8")


@require_safe
@never_cache
def click(request: HttpRequest, token: str) -> HttpResponse:
    """Redirect from an ad on a page to its destination, and record the click."""
    destination = clicks.follow(token, clicks.Visit.of(request))
    return HttpResponseRedirect(destination, headers={"X-Robots-Tag": "noindex"})
