"""Newsletters and subscribers in the admin."""

import re
from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html, format_html_join

from core.admin.shared_editing import SharedEditing
from core.lib import clock
from core.lib.admin_lists import WordSearch, values_in
from core.lib.admin_slugs import SlugsFromWords
from core.lib.text import whole_number
from newsletter.admin import acts, bulk_acts, list_figures, sign_ups, welcome
from newsletter.admin import traits as traits_admin
from newsletter.admin.segments import SegmentFilter
from newsletter.admin.traits import TagFilter
from newsletter.mail.personal_words import written
from newsletter.models import ConsentAct, Newsletter, Segment, Subscriber, SubscriberField, Subscription
from newsletter.models.audience import UNDO_CHOICES
from newsletter.subscribers import selection, traits, vocabulary
from newsletter.subscribers.addresses import parse_address
from newsletter.subscribers.welcome import NOUN, in_use, undecided
from sponsors import flags

MOST_SEEDS = 40
# What belongs to a newsletter: its list at the desk, and the parameter that narrows it to one
BELONGING = [
    ("Briefings", "briefing", "newsletter__id__exact"),
    ("Subscribers", "subscriber", "list"),
    ("Templates", "mailtemplate", "newsletter__id__exact"),
    ("Plans", "briefingplan", "newsletter__id__exact"),
    ("Automations", "automation", "newsletter__id__exact"),
]


class NewsletterForm(forms.ModelForm):
    time_zone = forms.ChoiceField(
        choices=clock.choices,
        required=False,
        help_text="In which its times are given: of a briefing that is scheduled, and of the digest.",
    )
    digest_time = forms.TimeField(
        label="Time of the digest",
        required=False,
        widget=forms.TimeInput(format="%H:%M", attrs={"type": "time"}),
        help_text="In the newsletter's time zone; empty: as it was.",
    )

    undo_seconds = forms.TypedChoiceField(
        label="Time to take a briefing back",
        choices=UNDO_CHOICES,
        coerce=int,
        required=False,
        help_text="Between the approval and the first letter.",
    )

    quiet_from = forms.TimeField(
        required=False,
        widget=forms.TimeInput(format="%H:%M", attrs={"type": "time"}),
        help_text="In the newsletter's time zone: no letter leaves, and what is under way waits.",
    )
    quiet_until = forms.TimeField(required=False, widget=forms.TimeInput(format="%H:%M", attrs={"type": "time"}))

    class Meta:
        model = Newsletter
        fields = "__all__"  # noqa: DJ007 - the admin's fieldsets say which
        help_texts: ClassVar[dict[str, str]] = {
            "welcome_text": "Plain text; an empty line starts a new paragraph. Sent once, after somebody has confirmed for the first time."
            " Personal words stand here and in the subject as in a briefing: " + written("first name", "reader"),
        }

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if cleaned.get("approved_by_another") and cleaned.get("digest_by_itself"):
            self.add_error("digest_by_itself", "Its briefings are approved by somebody, so no digest goes by itself.")
        if cleaned.get("approved_by_another") and self.instance.pk:
            plans = ", ".join(f"“{plan.name}”" for plan in self.instance.plans.filter(by_itself=True))
            if plans:
                said = f"What these plans make goes out by itself: {plans}. Let it wait for approval there first."
                self.add_error("approved_by_another", said)
        if self.instance.pk and not cleaned.get("counts_reading", True):
            running = ", ".join(f"“{one.name}”" for one in self.instance.automations.running().by_reading())
            if running:
                said = f"What happens in these automations follows from opens and clicks: {running}. Pause or end it first."
                self.add_error("counts_reading", said)
        return cleaned

    def clean_welcome_subject(self) -> str:
        return self._with_known_words("welcome_subject")

    def clean_welcome_text(self) -> str:
        return self._with_known_words("welcome_text")

    def _with_known_words(self, name: str) -> str:
        text = str(self.cleaned_data[name])
        if found := vocabulary.problems(text):
            raise ValidationError(found)
        return text

    def clean_undo_seconds(self) -> Any:
        given = self.cleaned_data["undo_seconds"]
        return self.instance.undo_seconds if given == "" else given

    def clean_seeds(self) -> str:
        """Each address on a line of its own, as it is written to."""
        typed = re.split(r"[\s,;]+", self.cleaned_data["seeds"])
        problems: list[str] = []
        found: dict[str, str] = {}
        for text in filter(None, typed):
            try:
                found.setdefault(parse_address(text).canonical, parse_address(text).email)
            except ValidationError as error:
                problems += [f"{text}: {message}" for message in error.messages]
        if len(found) > MOST_SEEDS:
            problems.append(f"A seed list has {MOST_SEEDS} addresses at most.")
        if problems:
            raise ValidationError(problems)
        return "\n".join(found.values())

    def clean_digest_time(self) -> Any:
        return self.cleaned_data["digest_time"] or self.instance.digest_time


@admin.register(Newsletter)
class NewsletterAdmin(SlugsFromWords, SharedEditing):
    change_form_template = "admin/newsletter/newsletter/change_form.html"
    form = NewsletterForm
    change_list_template = "admin/newsletter/newsletter/change_list.html"
    list_display = ("name", "slug", "is_default", "is_open", "counts_reading")
    fieldsets = (
        (
            None,
            {
                "fields": (
                    "name",
                    "slug",
                    "description",
                    "from_name",
                    "from_email",
                    "reply_to",
                    "is_default",
                    "is_open",
                    "asks_name",
                    "counts_reading",
                )
            },
        ),
        (None, {"fields": ("ordering", "time_zone")}),
        ("Sending", {"fields": ("undo_seconds", "approved_by_another", ("quiet_from", "quiet_until"))}),
        ("Tests", {"fields": ("seeds",)}),
        ("Welcome mail", {"fields": ("welcome_subject", "welcome_text")}),
        ("Weekly digest", {"fields": ("digest_weekday", "digest_time", "digest_by_itself", "next_digest")}),
    )

    def get_urls(self) -> list[URLPattern]:
        def at(route: str, view: Any, name: str) -> URLPattern:
            return path(f"<int:pk>/{route}", self.admin_site.admin_view(view), name=f"newsletter_newsletter_{name}")

        own = [
            at("welcome/", welcome.preview, "welcome"),
            at("welcome/mail.html", welcome.preview_html, "welcome_html"),
            at("form/", sign_ups.form_page, "form"),
        ]
        page, table = (self.admin_site.admin_view(view) for view in (list_figures.show, list_figures.table))
        own += [
            path("figures/", page, name="newsletter_newsletter_figures"),
            path("figures/<slug:name>.csv", table, name="newsletter_newsletter_figures_table"),
        ]
        return [*own, *super().get_urls()]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """The slug is in bookings and in what was sent: it stays."""
        return ("slug", "next_digest") if obj else ("next_digest",)

    def save_model(self, request: HttpRequest, obj: Newsletter, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        flags.look_at(NOUN, obj.pk)

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        newsletter = kwargs.get("obj")
        if newsletter:
            context["ways"] = [
                (name, reverse(f"admin:newsletter_{model}_changelist") + f"?{parameter}={newsletter.pk}")
                for name, model, parameter in BELONGING
                if request.user.has_perm(f"newsletter.view_{model}")
            ]
            if request.user.has_perm("newsletter.view_subscriber"):
                figures = reverse("admin:newsletter_newsletter_figures")
                context["ways"].append(("Figures", f"{figures}?newsletter={newsletter.pk}"))
        if newsletter and in_use().filter(pk=newsletter.pk).exists():
            context["undecided"] = undecided(newsletter)
        return super().render_change_form(request, context, *args, **kwargs)

    @admin.display(description="Next digest")
    def next_digest(self, newsletter: Newsletter) -> str:
        due = newsletter.digest_due_at
        return clock.in_words(due, zone=newsletter.zone) if due else "None: it has no day."


class SubscriptionInline(admin.TabularInline):
    """The evidence of consent is read here, not written."""

    model = Subscription
    extra = 0
    can_delete = False
    fields = readonly_fields = (
        "newsletter",
        "standing",
        "rhythm",
        "source",
        "requested_at",
        "requested_from",
        "confirmed_at",
        "confirmed_from",
        "unsubscribed_at",
        "unsubscribed_by",
    )

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class SubscriptionFilter(admin.SimpleListFilter):
    """Narrows subscribers to those with a subscription that has everything that was chosen, in the same row."""

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        chosen = [name for name in selection.SUBSCRIPTION if request.GET.get(name)]
        if not self.value() or self.parameter_name != chosen[0]:
            return queryset  # the first that was chosen narrows for all of them
        return selection.by_subscription(queryset, request.GET)


class ListFilter(SubscriptionFilter):
    title, parameter_name = "newsletter", "list"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(str(key), name) for key, name in Newsletter.objects.values_list("pk", "name")]


class StateFilter(SubscriptionFilter):
    title, parameter_name = "state", "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(value, str(label)) for value, label in Subscription.State.choices]


class SourceFilter(SubscriptionFilter):
    title, parameter_name = "source", "source"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(source, source) for source in values_in(Subscription._meta.db_table, "source") if source]


def _on_list(subscription: Subscription) -> str:
    is_on = subscription.state == Subscription.State.CONFIRMED
    return str(subscription.newsletter) if is_on else f"{subscription.newsletter}: {subscription.get_state_display()}"


@admin.register(Subscriber)
class SubscriberAdmin(WordSearch, SharedEditing):
    """Subscribers come by their own consent or by an import, so they cannot be added here."""

    change_list_template = "admin/newsletter/subscriber/change_list.html"
    list_display = ("email", "name", "lists", "tag_names", "since")
    list_filter = (ListFilter, StateFilter, SourceFilter, "suppressed", "disposable")
    search_fields = selection.WORDS
    search_help_text = "Parts of an address, a domain or a name, or how they begin."
    readonly_fields = ("email", "mail", "created_at", "labels", "besides", "consent", "deliveries")
    change_form_template = "admin/newsletter/subscriber/change_form.html"
    inlines = (SubscriptionInline,)
    sortable_by = ()

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """Where the list is narrowed to a segment, say when that was counted."""
        key = whole_number(request.GET.get("segment"))
        context = {"segment": Segment.objects.filter(pk=key).first() if key else None}
        return super().changelist_view(request, context | (extra_context or {}))

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        changelist = super().get_changelist_instance(request)
        changelist.result_list = changelist.result_list.prefetch_related("tags", "subscriptions__newsletter")
        return changelist

    @admin.display(description="newsletters")
    def lists(self, subscriber: Subscriber) -> str:
        """Each newsletter in the colour of what the subscriber has to do with it; before them, why no mail goes there at all."""
        badges = [(each.state, _on_list(each)) for each in subscriber.subscriptions.all()]
        if subscriber.suppressed:
            badges.insert(0, ("failed", f"gets no mail: {subscriber.get_suppressed_display()}"))
        return format_html_join(" ", '<span class="state state--{}">{}</span>', badges) or "–"

    @admin.display(description="tags")
    def tag_names(self, subscriber: Subscriber) -> str:
        return ", ".join(tag.name for tag in subscriber.tags.all()) or "–"

    @admin.display(description="since")
    def since(self, subscriber: Subscriber) -> str:
        return clock.in_words(subscriber.created_at, "j M Y")

    def get_list_filter(self, request: HttpRequest) -> list[Any]:
        return [*super().get_list_filter(request), SegmentFilter, TagFilter, *traits_admin.field_filters()]

    def get_actions(self, request: HttpRequest) -> Any:
        """Acts on what is ticked; those on all that is found are on a page of their own."""
        return bulk_acts.actions(request)

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        return super().get_form(request, obj, change, **kwargs | {"form": traits_admin.with_fields()})

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        typed = traits_admin.with_fields().base_fields if self.has_change_permission(request, obj) else ["labels"]
        besides = ["besides"] if obj and traits.undeclared(obj) else []
        return ["email", "name", "mail", "created_at", *typed, *besides, "consent", "deliveries"]

    def save_model(self, request: HttpRequest, obj: Subscriber, form: Any, change: bool) -> None:
        """Save what was changed here and nothing else: acts and links may have changed the row meanwhile."""
        if "name" in form.changed_data:
            obj.save(update_fields=["name"])
        form.save_traits()

    @admin.display(description="Tags and fields")
    def labels(self, subscriber: Subscriber) -> str:
        values = ((field, subscriber.attributes.get(field.key)) for field in SubscriberField.objects.all())
        known = [f"{field}: {traits.in_words(value)}" for field, value in values if value is not None]
        return "; ".join([*subscriber.tags.values_list("name", flat=True), *known]) or "None."

    @admin.display(description="From another system")
    def besides(self, subscriber: Subscriber) -> str:
        return format_html_join("", "<div>{}: {}</div>", traits.undeclared(subscriber).items())

    @admin.display(description="Mail")
    def mail(self, subscriber: Subscriber) -> str:
        if subscriber.suppressed:
            return f"Gets none: {subscriber.get_suppressed_display()}."
        if subscriber.disposable:
            return "May be written to, but its domain gives out addresses to be thrown away."
        return "May be written to; the lists below say what it gets."

    @admin.display(description="Consent ledger")
    def consent(self, subscriber: Subscriber) -> str:
        ledger = ConsentAct.objects.about(subscriber).select_related("newsletter", "wording")
        wordings = {act.wording_id: act.wording for act in ledger if act.wording}
        said = format_html_join("", "<li>{}</li>", ((act.in_words(),) for act in ledger))
        agreed = format_html_join("", "<p>{}</p>", ((str(wording),) for wording in wordings.values()))
        return format_html("<ol>{}</ol>{}", said, agreed)

    @admin.display(description="Newest briefings")
    def deliveries(self, subscriber: Subscriber) -> str:
        rows = acts.recent_deliveries(subscriber)
        said = format_html_join("", "<li>{}</li>", ((_delivered(row),) for row in rows))
        return format_html("<ol>{}</ol>", said) if said else "None yet."

    def get_urls(self) -> list[URLPattern]:
        page = self.admin_site.admin_view(acts.act_page)
        return [path("<int:pk>/act/<slug:name>/", page, name="newsletter_subscriber_act"), *super().get_urls()]

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        if subscriber := kwargs.get("obj"):
            context["acts"] = acts.offered(request, subscriber)
        return super().render_change_form(request, context, *args, **kwargs)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Subscriber | None = None) -> bool:
        """Erasing is an act with a reason, on a page of its own, and keeps imports from adding them again."""
        return False


def _delivered(delivery: Any) -> str:
    """A delivery in words, with what a person did with it where that is counted."""
    sent = f"sent on {clock.in_words(delivery.sent_at)}" if delivery.sent_at else delivery.get_state_display().lower()
    done = [word for word in ("opened", "clicked") if getattr(delivery, word)]
    came_back = [str(report.in_words()) for report in delivery.reports.all()]
    return ", ".join([str(delivery.briefing), sent, *done, *came_back])
