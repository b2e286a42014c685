"""Acts on many subscribers at the desk: which there are, who may do them, and what each needs and says before it."""

from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.http import HttpRequest

from core.admin.bulk_acts import BulkActAdmin
from core.lib.text import one_line
from newsletter.admin.acts import EraseForm
from newsletter.models import BulkAct, Newsletter, SubscriberTag
from newsletter.subscribers import bulk_acts, selection, traits

Kind = BulkAct.Kind
SEEN = "newsletter.view_subscriber"


class ActForm(forms.Form):
    """What an act needs besides those it is about."""

    tag = forms.CharField(max_length=traits.LONGEST_TAG, help_text="A new one is made.")
    newsletter = forms.ModelChoiceField(Newsletter.objects.all(), empty_label=None)
    reason = forms.CharField(
        max_length=200, help_text="For the ledger, which the subscriber reads too. Addresses are left out of it."
    )

    def __init__(self, kind: BulkAct.Kind, *args: Any) -> None:
        super().__init__(*args)
        has_tag = kind in (Kind.TAG, Kind.UNTAG)
        if kind == Kind.UNTAG:
            self.fields["tag"] = forms.ModelChoiceField(SubscriberTag.objects.all(), empty_label=None)
        if kind == Kind.ERASE:
            self.fields["reason"] = EraseForm.base_fields["reason"]
        wanted = {"tag": has_tag, "newsletter": kind == Kind.UNSUBSCRIBE, "reason": not has_tag}
        for name in [name for name, is_wanted in wanted.items() if not is_wanted]:
            del self.fields[name]

    def clean_tag(self) -> SubscriberTag:
        tag = self.cleaned_data["tag"]
        if isinstance(tag, SubscriberTag):
            return tag
        if len(names := traits.tag_names(tag)) != 1:
            raise ValidationError("Name one tag.")
        return SubscriberTag.objects.get(pk=traits.tags_named(names)[names[0]])

    def clean_reason(self) -> str:
        if reason := one_line(self.cleaned_data["reason"]):
            return reason
        raise ValidationError("Say why.")


@admin.register(BulkAct)
class SubscriberActAdmin(BulkActAdmin):
    engine = bulk_acts.ENGINE
    noun = "subscriber"
    rows_url = "admin:newsletter_subscriber_changelist"
    named_by = ("tag", "newsletter")
    permissions: ClassVar[Any] = {
        Kind.TAG: [SEEN, "newsletter.change_subscriber"],
        Kind.UNTAG: [SEEN, "newsletter.change_subscriber"],
        Kind.UNSUBSCRIBE: [SEEN, "newsletter.change_subscriber"],
        Kind.SUPPRESS: [SEEN, "newsletter.add_suppression"],
        Kind.ERASE: [SEEN, "newsletter.delete_subscriber"],
    }
    before: ClassVar[Any] = {
        Kind.TAG: "It can be undone for 30 days: then the tag is taken from those who got it by this.",
        Kind.UNTAG: "It can be undone for 30 days: then those who lost the tag by this have it again.",
        Kind.UNSUBSCRIBE: "No more briefings of this newsletter. This cannot be undone: whoever is unsubscribed comes back"
        " only by signing up again.",
        Kind.SUPPRESS: "These addresses get no more briefings at all, and no sign-up or import changes that until staff lift"
        " it on each subscriber’s page. Those who are suppressed by staff or complained already stay as they are.",
        Kind.ERASE: "Everything about these subscribers is deleted. What stays is a digest of each address, so that no import"
        " adds it again, and your reason. This cannot be undone.",
    }

    def form_of(self, kind: BulkAct.Kind, request: HttpRequest) -> forms.Form:
        return ActForm(kind, request.POST or None)

    def in_words(self, said: dict[str, str]) -> str:
        return selection.in_words(said)

    def begin(
        self, request: HttpRequest, kind: str, said: dict[str, str] | None, keys: list[int], form: Any
    ) -> BulkAct:
        return bulk_acts.begin(kind, by_name=str(request.user), said=said, keys=keys, **form.cleaned_data)


def actions(request: HttpRequest) -> Any:
    """The acts on ticked subscribers."""
    desk: Any = admin.site.get_model_admin(BulkAct)
    return desk.actions_of(request)
