"""Acts on many articles at the desk: which there are, who may do them, and what each needs and says before it."""

from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.utils import timezone

from articles.desk import bulk_acts, selection
from articles.desk.names import NamedField
from articles.models import ArticleAct, Author, Category, Tag
from core.admin.bulk_acts import BulkActAdmin
from core.lib import clock
from core.lib.moments import MomentField
from core.lib.slugs import free_slug, slug_of

Kind = ArticleAct.Kind
CHANGE = ["articles.view_article", "articles.change_article"]
PUBLISH = [*CHANGE, "articles.publish_article"]
UNDONE = (
    "It can be undone for 30 days: then each article has what it had before, unless somebody has changed that since."
)
FIELDS = {
    Kind.TAG: ["tag", "shown"],
    Kind.UNTAG: ["tag", "shown"],
    Kind.CATEGORY: ["category", "shown"],
    Kind.AUTHOR: ["author", "instead", "shown"],
    Kind.SCHEDULE: ["at", "until"],
    Kind.ARCHIVE: [],
}


class ActForm(forms.Form):
    """What an act needs besides the articles it is about."""

    tag: Any = NamedField(Tag, help_text="By its name.")
    category: Any = NamedField(Category, help_text="By its name.")
    author: Any = NamedField(Author, help_text="By their name.")
    instead = forms.ChoiceField(
        label="How",
        choices=[("", "Behind those who are in the byline"), ("1", "Instead of everybody in the byline")],
        required=False,
    )
    at = MomentField(label="Publish at")
    until = MomentField(label="Take offline at (optional)", required=False)
    shown = forms.BooleanField(
        label="Readers see it at once",
        required=False,
        initial=True,
        help_text="Where they see the newest version, or it is scheduled. Articles with other changes keep those to themselves.",
    )

    def __init__(self, kind: ArticleAct.Kind, user: Any, *args: Any) -> None:
        super().__init__(*args)
        self.kind = kind
        wanted = [name for name in FIELDS[kind] if name != "shown" or user.has_perm("articles.publish_article")]
        for name in [name for name in self.fields if name not in wanted]:
            del self.fields[name]
        if kind == Kind.TAG and user.has_perm("articles.add_tag"):
            self.fields["tag"] = NamedField(Tag, makes_new=True, help_text="By its name. A new one is made.")

    def clean(self) -> dict[str, Any]:
        at, until = self.cleaned_data.get("at"), self.cleaned_data.get("until")
        if at and at <= timezone.now():
            self.add_error("at", "That time has passed. Choose one in the future.")
        elif at and until and until <= at:
            self.add_error("until", "The end is before the start.")
        return self.cleaned_data

    def given(self) -> tuple[dict[str, Any], str]:
        """What is set, as it is kept, and in words."""
        said = self.cleaned_data
        given: dict[str, Any] = {
            name: said[name].isoformat() if said[name] else None for name in ("at", "until") if name in said
        }
        named = {name: _row(name, said[name]) for name in ("tag", "category", "author") if name in said}
        given |= {name: row.slug for name, row in named.items()}
        given |= {name: bool(said[name]) for name in ("instead", "shown") if name in said}
        words = [str(row) for row in named.values()]
        if given.get("instead"):
            words.append("instead of the byline")
        if said.get("at"):
            words.append(clock.in_words(said["at"], zone=clock.newsroom()))
        return given, ", ".join(words)


def _row(name: str, value: Any) -> Any:
    """The row; a tag that there was not yet is made."""
    if not isinstance(value, str):
        return value
    slug = free_slug(slug_of(value, 80, otherwise=name), lambda each: Tag.objects.filter(slug=each).exists(), limit=80)
    return Tag.objects.create(name=value, slug=slug)


@admin.register(ArticleAct)
class ArticleActAdmin(BulkActAdmin):
    engine = bulk_acts.ENGINE
    noun = "article"
    rows_url = "admin:articles_article_changelist"
    permissions: ClassVar[Any] = {
        Kind.TAG: CHANGE,
        Kind.UNTAG: CHANGE,
        Kind.CATEGORY: CHANGE,
        Kind.AUTHOR: CHANGE,
        Kind.SCHEDULE: PUBLISH,
        Kind.ARCHIVE: PUBLISH,
    }
    before: ClassVar[Any] = {
        Kind.TAG: f"Each article gets a new version. {UNDONE}",
        Kind.UNTAG: f"Each article gets a new version. {UNDONE}",
        Kind.CATEGORY: f"Each article gets a new version. {UNDONE}",
        Kind.AUTHOR: f"Each article gets a new version. {UNDONE}",
        Kind.SCHEDULE: "The version that each article has now goes live then; what has blocking findings is left out, and"
        f" named. {UNDONE}",
        Kind.ARCHIVE: "Readers no longer see them, and their addresses lead to their categories."
        " It can be undone for 30 days: then each is what it was before, unless somebody has changed that since.",
    }

    def form_of(self, kind: ArticleAct.Kind, request: HttpRequest) -> forms.Form:
        return ActForm(kind, request.user, request.POST if request.method == "POST" else None)

    def in_words(self, said: dict[str, str]) -> str:
        return selection.in_words(said)

    def begin(
        self, request: HttpRequest, kind: str, said: dict[str, str] | None, keys: list[int], form: Any
    ) -> ArticleAct:
        given, what = form.given()
        return bulk_acts.begin(kind, by=request.user, given=given, what=what, said=said, keys=keys)

    def by(self, request: HttpRequest) -> dict[str, Any]:
        return {"by": request.user}


def actions(request: HttpRequest) -> Any:
    """The acts on ticked articles."""
    desk: Any = admin.site.get_model_admin(ArticleAct)
    return desk.actions_of(request)
