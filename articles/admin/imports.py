"""Bringing posts in at the desk: upload, what the file holds, names, dry run, progress and report, pictures, undoing."""

from typing import Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.views.decorators.http import require_POST

from articles.desk.names import names_of
from articles.importing import subscribers
from articles.importing.load.missing_pictures import lacking
from articles.importing.mapping import name_here
from articles.importing.posts import ImportRefused
from articles.importing.runs import ENGINE
from articles.importing.systems import SYSTEMS
from articles.importing.undoing import outlook
from articles.models import Author, Category, PostImport
from core import audit, upload_runs
from core.admin.upload_runs import KEPT, UploadField, UploadRunAdmin
from core.transitions import lock

State, Job = PostImport.State, PostImport.Job
ACCEPT = ".csv,.xml,.json,.zip,.md,.markdown,.mdx,.html,.htm,.txt,.atom"
KINDS: dict[str, Any] = {"authors": Author, "categories": Category}
COLUMNS = {
    "title": "Title",
    "body": "Text",
    "standfirst": "Summary",
    "slug": "Address (slug)",
    "dated": "Date",
    "authors": "Authors",
    "category": "Category",
    "tags": "Tags",
    "cover": "Picture at the head",
}
NEEDED = ("title", "body")
WITHOUT = {"dated": "none: the day it was published there"}  # what holds without a column
DECISIONS = {"Dry run": Job.DRY_RUN, "Import": Job.IMPORT}


class UploadForm(forms.Form):
    systems = f"{', '.join(list(SYSTEMS.values())[:-1])} or {list(SYSTEMS.values())[-1]}"
    file = UploadField(label="Export", command="import_posts", accept=ACCEPT, help_text=KEPT)


class NamesForm(forms.Form):
    """What the authors and categories of an export are called here, and what else has to be known of it."""

    site = forms.URLField(
        label="Address of the old site",
        required=False,
        assume_scheme="https",
        help_text="Links to it become links within this site, and pictures that are named without their host are found.",
    )
    fetch = forms.BooleanField(label="Fetch pictures that the file does not hold", required=False, initial=True)
    author = forms.CharField(label="Author of posts that have none", required=False, max_length=120)
    category = forms.CharField(label="Category of posts that have none", required=False, max_length=80)

    def __init__(self, data: Any = None, *, row: PostImport) -> None:
        super().__init__(data, initial={"site": row.found.get("site", ""), "fetch": True} | row.chosen)
        self.row, self.slugs = row, dict[str, tuple[str, str, str]]()
        for kind, field in (("authors", "author"), ("categories", "category")):
            self.fields[field].widget.attrs["list"] = f"names-{kind}"
            if not row.found.get("anonymous" if kind == "authors" else "unfiled"):
                del self.fields[field]
            for number, item in enumerate(row.found.get(kind, [])):
                self._add(kind, f"{kind}-{number}", item)
        for what, label in COLUMNS.items() if row.found.get("headers") else ():
            self.fields[f"column-{what}"] = self._column(what, label)

    def _column(self, what: str, label: str) -> forms.ChoiceField:
        none = [] if what in NEEDED else [("", WITHOUT.get(what, "none"))]
        return forms.ChoiceField(
            label=label,
            required=what in NEEDED,
            choices=[*none, *((name, name) for name in self.row.found["headers"])],
            initial=(self.row.found["columns"] | self.row.chosen.get("columns", {})).get(what, ""),
        )

    def _add(self, kind: str, key: str, item: dict[str, Any]) -> None:
        usual, is_here = name_here(KINDS[kind], item["slug"], item["name"])
        number = item["posts"]
        self.slugs[key] = kind, item["slug"], usual
        self.fields[key] = forms.CharField(
            label=item["name"],
            required=False,
            max_length=80 if kind == "categories" else 120,
            initial=self.row.chosen.get(kind, {}).get(item["slug"], usual),
            help_text=f"{number:,} post{'' if number == 1 else 's'}; {'is here already' if is_here else 'will be made'}",
            widget=forms.TextInput(attrs={"list": f"names-{kind}"}),
        )

    def settings(self) -> list[Any]:
        return [self[name] for name in ("site", "fetch", "author", "category") if name in self.fields]

    def groups(self) -> list[tuple[str, str, list[Any]]]:
        """The names to be given, by kind: label, key, fields."""
        found = [
            (label, kind, [self[key] for key, (of, _, _) in self.slugs.items() if of == kind])
            for label, kind in (("Authors", "authors"), ("Categories", "categories"))
        ]
        return [group for group in found if group[2]]

    def columns(self) -> list[Any]:
        """Which column of a table holds what."""
        return [self[name] for name in self.fields if name.startswith("column-")]

    def suggestions(self) -> list[tuple[str, list[str]]]:
        return [(f"names-{kind}", names_of(model)) for kind, model in KINDS.items()]

    def chosen(self) -> dict[str, Any]:
        """What is said otherwise than would happen by itself."""
        said: dict[str, Any] = {
            name: self.cleaned_data[name] for name in ("site", "fetch", "author", "category") if name in self.fields
        }
        for key, (kind, slug, usual) in self.slugs.items():
            if (name := self.cleaned_data[key].strip()) != usual:
                said.setdefault(kind, {})[slug] = name
        for field in self.columns():
            what, name = field.name.removeprefix("column-"), self.cleaned_data[field.name]
            if name != self.row.found["columns"].get(what, ""):
                said.setdefault("columns", {})[what] = name
        return said


@admin.register(PostImport)
class PostImportAdmin(UploadRunAdmin):
    engine = ENGINE
    upload_form = UploadForm
    upload_title = "Import posts"
    named_by = ("by",)
    nothing_yet = "Posts of another system are brought in by those who publish."
    list_display = ("file", "kind", "state_badge", "rows_done", "by_name", "created_at")
    change_list_template = "admin/articles/postimport/change_list.html"

    def pages(self) -> list[Any]:
        return [
            ("<int:pk>/decide/", "decide", require_POST(self.decide)),
            ("<int:pk>/pictures/", "pictures", require_POST(self.fetch_pictures)),
            ("<int:pk>/undo/", "undo", self.undo),
            ("<int:pk>/subscribers/", "subscribers", require_POST(self.hand_on)),
        ]

    def begin(self, request: HttpRequest, form: Any) -> PostImport:
        file = form.cleaned_data["file"]
        user: Any = request.user
        row: PostImport = self.engine.keep(file.chunks(), name=file.name, by=user, by_name=str(user))
        self.engine.start(row, job=Job.LOOK)
        return row

    def shown(self, request: HttpRequest, row: PostImport) -> dict[str, Any]:
        return {
            "form": NamesForm(row=row) if row.can_start else None,
            "lists": self._lists(row) if self._may_hand_on(request) else [],
            "lists_gone": self._lists_gone(row) if self._may_hand_on(request) else [],
            "lacking": lacking(row).count() if row.has_ended else 0,
            "can_undo": row.has_ended and row.posts.exists(),
        }

    def decide(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Keep what was chosen, and try or begin the import."""
        row = self.row(pk)
        if not row.can_start:
            messages.error(request, f"This import is {row.get_state_display().lower()}, so it cannot be started.")
            return self.redirect_to(row)
        form = NamesForm(request.POST, row=row)
        job = DECISIONS.get(request.POST.get("decision", ""))
        if not form.is_valid() or not job:
            shown = self.shown(request, row) | {"form": form}
            return self.page(request, "show", str(row), row=row, is_moving=False, **shown)
        start: dict[str, Any] = {
            "job": job,
            "chosen": form.chosen(),
            "by": request.user,
            "by_name": str(request.user),
            "report": {},
        }
        if self.attempt(request, lambda: self.engine.start(row, **start)) and job == Job.IMPORT:
            audit.record("started an import of posts", row, by=request.user, detail=f"from {row.file_name}")
        return self.redirect_to(row)

    def fetch_pictures(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Have the pictures fetched that are still missing."""
        row = self.row(pk)
        start: dict[str, Any] = {"job": Job.PICTURES, "sources": [State.DONE, State.CANCELLED], "by": request.user}
        self.attempt(request, lambda: self.engine.start(row, **start))
        return self.redirect_to(row)

    def undo(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Say what would go and what would stay, then have it undone."""
        row = self.row(pk)
        if not row.has_ended:
            messages.error(request, f"This import is {row.get_state_display().lower()}, so it cannot be undone.")
            return self.redirect_to(row)
        if request.method != "POST":
            return self.page(request, "undo", "Undo this import", row=row, outlook=outlook(row))
        start: dict[str, Any] = {"job": Job.UNDO, "sources": [State.DONE, State.CANCELLED], "by": request.user}
        if self.attempt(request, lambda: self.engine.start(row, **start)):
            audit.record("undid an import of posts", row, by=request.user, detail=f"from {row.file_name}")
        return self.redirect_to(row)

    def _may_hand_on(self, request: HttpRequest) -> bool:
        user: Any = request.user
        taker = subscribers.taker()
        return bool(taker and user.has_perm(taker.permission))

    def hand_on(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Hand a list of subscribers in the export to whoever imports those."""
        row, taker = self.row(pk), subscribers.taker()
        if not taker or not self._may_hand_on(request):
            raise PermissionDenied
        try:
            with transaction.atomic():
                address = self._hand_on_once(row, taker, request.POST.get("list", ""), by=str(request.user))
        except ImportRefused as refused:
            messages.error(request, str(refused))
            return self.redirect_to(row)
        except LookupError:
            messages.error(
                request,
                "That list is no longer here: it has been handed on, or the file has gone. Upload the export again.",
            )
            return self.redirect_to(row)
        row.list_path(request.POST["list"]).unlink(missing_ok=True)
        if row.state == State.DONE and not row.found["subscribers"]:
            upload_runs.delete_file(row)
        return HttpResponseRedirect(address)

    def _lists(self, row: PostImport) -> list[str]:
        return [name for name in row.found.get("subscribers", []) if row.list_path(name).is_file()]

    def _lists_gone(self, row: PostImport) -> list[str]:
        """Those that nobody handed on and that are not here: files go after a week, and older runs laid no lists aside."""
        here = self._lists(row)
        return [name for name in row.found.get("subscribers", []) if name not in here]

    def _hand_on_once(self, row: PostImport, taker: subscribers.Taker, name: str, *, by: str) -> str:
        """Take a list off those that are still here, then hand it on; where it goes on. Raises LookupError."""
        lock(row)  # whoever clicks twice waits here, and then finds it gone
        names = self._lists(row)
        row.found = row.found | {"subscribers": [each for each in names if each != name]}
        if name not in names:
            raise LookupError(name)
        row.save(update_fields=["found"])
        return taker.take(name, row.list_path(name), by)

    @admin.display(description="read as")
    def kind(self, row: PostImport) -> str:
        return str(row.found.get("name", ""))

    list_select_related: ClassVar[Any] = False
