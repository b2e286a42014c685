"""The survey builder: what a survey asks on the left, one part of it to edit, and that part as readers see it.

Everything is one form. Each button saves what was typed first; then it moves, copies, removes or goes elsewhere. So the
page works without scripts, and what two people do to different parts never meets. Who edits a part that somebody else saved
meanwhile is shown both versions (core.admin.edit_conflicts), and what is typed is kept every few seconds.
"""

import json
from dataclasses import replace
from hashlib import sha256
from typing import Any, cast

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import path, reverse
from django.utils.http import urlencode

from core import kept_work
from core.admin.edit_conflicts import EditConflict
from core.admin.kept_work import KeepsWork
from core.kept_work import NotKept, Sitting, Work
from core.lib import clock
from core.lib.form_documents import FormDocument, document_of, posted
from core.lib.merging import canonical
from core.models import KeptWork
from core.transitions import TransitionRefused, lock
from surveys.admin.questionnaires import acts, outline, overview
from surveys.admin.questionnaires.panels import NEW, PanelForm, QuestionForm, panel_for
from surveys.models import Survey
from surveys.questionnaires import building, comparisons, versions
from surveys.questionnaires.building import Document, NotBuilt
from surveys.questionnaires.definition import DefinitionRefused, read
from surveys.questionnaires.definition import document_of as as_document
from surveys.questionnaires.kinds import KINDS
from surveys.questionnaires.page_forms import PageForm
from surveys.questionnaires.pictures import with_pictures
from surveys.questionnaires.questions import Definition

IN_BUILDER = "at"  # what kept work of the builder has, and that of the survey’s other page has not
State = Survey.State


class Stale(Exception):
    """A part was saved by somebody else since the page was opened."""


class Builder(KeepsWork):
    """The pages of the builder. It is no list of the admin: SurveyAdmin takes its addresses over."""

    def get_urls(self) -> list[Any]:
        pages = {
            "builder": (self.page, "builder"),
            "builder/keep": (self.keep_view, "builder_keep"),
            "builder/conflict": (self.conflict_view, "builder_conflict"),
            "builder/preview": (self.preview, "builder_preview"),
        }
        return [
            path(f"<int:pk>/{route}/", self.admin_site.admin_view(view), name=f"surveys_survey_{name}")
            for route, (view, name) in pages.items()
        ]

    def _pieces(self, request: HttpRequest, row: Any) -> Any:
        return super()._pieces(request, row).filter(content__has_key=IN_BUILDER)

    def address(self, survey: Survey, **about: str) -> str:
        query = urlencode({name: value for name, value in about.items() if value})
        return reverse("admin:surveys_survey_builder", args=[survey.pk]) + (f"?{query}" if query else "")

    # The page

    def page(self, request: HttpRequest, pk: int) -> HttpResponse:
        """One part to edit beside the outline; POST saves it and does what the pressed button says."""
        survey = self._survey(request, pk)
        if request.method == "POST":
            if not self._may_write(request, survey):
                raise PermissionDenied
            return self._saved(request, survey)
        try:
            definition = versions.working(survey)
        except DefinitionRefused as refused:
            messages.error(request, f"What “{survey}” asks cannot be read: {refused}")
            return HttpResponseRedirect(overview.address(survey))
        piece = self.taken_up(request, survey)
        at = piece.content[IN_BUILDER] if piece else request.GET.get("at", "")
        panel = self._panel(request, survey, definition, at or outline.first(definition), piece=piece)
        return self._shown(request, survey, definition, panel, at=at)

    def _survey(self, request: HttpRequest, pk: int) -> Survey:
        survey = get_object_or_404(Survey, pk=pk)
        if not self.has_view_permission(request, survey):
            raise PermissionDenied
        return survey

    def _may_write(self, request: HttpRequest, survey: Survey) -> bool:
        return self.has_change_permission(request, survey) and survey.state in (State.DRAFT, State.OPEN)

    def _panel(
        self,
        request: HttpRequest,
        survey: Survey,
        definition: Definition,
        at: str,
        *,
        data: Any = None,
        piece: KeptWork | None = None,
    ) -> PanelForm | None:
        """The form of a part, which holds `data`, a piece of kept work, or what is stored."""
        asked = request.POST if data is not None else request.GET
        if piece:
            data = posted(piece.content["typed"], [])
        asked = piece.content if piece else asked
        about = {name: asked.get(name, "") for name in ("kind", "page", "copy", "after", "id")}
        if at == NEW and not about["id"]:
            about["id"] = self._new_id(survey, definition)
        answered = versions.current(survey) if survey.state != State.DRAFT else None
        panel = panel_for(at, data, stored=definition, answered=answered, about=about)
        if piece and panel:
            panel.say_nothing()
        return panel

    def _new_id(self, survey: Survey, definition: Definition) -> str:
        """An id that no question has, or had in an earlier version."""
        earlier = survey.versions.values_list("definition", flat=True)
        return building.new_id("q", as_document(definition), *earlier)

    def _shown(
        self, request: HttpRequest, survey: Survey, definition: Definition, panel: PanelForm | None, *, at: str
    ) -> HttpResponse:
        may_write = self._may_write(request, survey)
        is_new = at == NEW
        context: dict[str, Any] = {"title": f"Questions of “{survey}”", "survey": survey, "panel": panel}
        context |= outline.context(definition, panel.at if panel else at)
        context |= {"may_write": may_write, "is_new": is_new, "kinds": list(KINDS.values())}
        context |= {
            "is_open": survey.state == State.OPEN,
            "picking": is_new and panel is None,
            "at": panel.at if panel else at,
        }
        context["about"] = {name: request.GET.get(name, "") for name in ("page", "after")}
        context["kept"] = self.kept_context(request, survey) if may_write else None
        context["removed"] = acts.taken_of(request, survey) if may_write else None
        if panel:
            context["base"] = request.POST.get("base") or json.dumps(self._base_of(request, survey, definition, panel))
            context["menu"] = dict(comparisons.menu(definition))
            context["pipes"] = outline.before_page(definition, panel)
            context["is_question"] = isinstance(panel, QuestionForm)
        status = 400 if panel and panel.errors else 200
        frame = overview.frame(self, request, context)
        return render(request, "admin/surveys/survey/builder.html", frame, status=status)

    def _base_of(self, request: HttpRequest, survey: Survey, definition: Definition, panel: PanelForm) -> FormDocument:
        """What the form began with; of kept work, what that began with."""
        if piece := self.taken_up(request, survey):
            return cast(FormDocument, piece.content["base"])
        plain = self._panel(request, survey, definition, panel.at)
        return document_of(plain or panel, [])

    # Saving

    def _saved(self, request: HttpRequest, survey: Survey) -> HttpResponse:
        """Save what was typed, then do what the button says; shows the page again where either is refused."""
        at, act = request.POST.get("at", ""), acts.Act.posted(request.POST)
        panel: PanelForm | None = None
        definition = versions.working(survey)
        try:
            with transaction.atomic():
                lock(survey)
                definition = versions.working(survey)
                panel = self._panel(request, survey, definition, at, data=request.POST)
                if act.only_shows:
                    return self._shown_again(request, survey, definition, panel, at)
                key = self._save_panel(request, survey, definition, panel, at, act)
                target = acts.done(act, request, survey, key)
        except Stale:
            return self._lost(request, survey, at)
        except DefinitionRefused as refused:
            if panel and panel.is_valid():
                panel.tell(refused.problems)
        except (NotBuilt, TransitionRefused) as refused:
            messages.error(request, str(refused))
        except acts.Invalid:
            pass
        else:
            return HttpResponseRedirect(self.address(survey, **target))
        panel = panel or self._panel(request, survey, definition, at or outline.first(definition))
        return self._shown(request, survey, definition, panel, at=at)

    def _shown_again(
        self, request: HttpRequest, survey: Survey, definition: Definition, panel: PanelForm | None, at: str
    ) -> HttpResponse:
        """The form with what was typed, for another kind or with more rows; nothing is saved yet."""
        if panel:
            panel.say_nothing()
        return self._shown(request, survey, definition, panel, at=at)

    def _save_panel(
        self,
        request: HttpRequest,
        survey: Survey,
        definition: Definition,
        panel: PanelForm | None,
        at: str,
        act: acts.Act,
    ) -> str:
        """Save what was typed into a part, if anything was; the part's id. Raises Stale, acts.Invalid, DefinitionRefused."""
        base = self._base(request)
        if panel is None:
            if base and at not in ("", NEW):
                raise Stale
            return ""
        typed = document_of(panel, [])
        if canonical(typed) == canonical(base) and not (at == NEW and act.name == "save"):
            return "" if at == NEW else at
        if at == NEW and panel.question.id in definition.questions:  # type: ignore[attr-defined]
            return self._sent_twice(survey, definition, panel)
        if at != NEW and base:
            stored = document_of(self._stored(request, survey, definition, at), [])
            if canonical(stored) not in (canonical(base), canonical(typed)):
                raise Stale
        if not panel.is_valid():
            raise acts.Invalid
        document, key = panel.change(as_document(definition))
        self._keep_definition(request, survey, document, f"Changed {panel.title}")
        self.work_was_saved(request, survey.pk)
        messages.success(request, "Saved.")
        return key

    def _stored(self, request: HttpRequest, survey: Survey, definition: Definition, at: str) -> PanelForm:
        answered = versions.current(survey) if survey.state != State.DRAFT else None
        panel = panel_for(at, None, stored=definition, answered=answered, about={})
        if panel is None:
            raise Stale
        return panel

    def _sent_twice(self, survey: Survey, definition: Definition, panel: Any) -> str:
        """A new question that is there already was sent twice; another that took its id meanwhile gets a new one."""
        there = definition.questions[panel.question.id]
        if panel.is_valid() and there.text == panel.cleaned_data["text"] and there.kind == panel.question.kind:
            return str(there.id)
        panel.question = replace(panel.question, id=self._new_id(survey, definition))
        if not panel.is_valid():
            raise acts.Invalid
        document, key = panel.change(as_document(definition))
        versions.save(survey, document)
        return str(key)

    def _keep_definition(self, request: HttpRequest, survey: Survey, document: Document, said: str) -> None:
        acts.keep(request, survey, document, said)
        self.log_change(request, survey, said[:200])

    def _base(self, request: HttpRequest) -> FormDocument | None:
        """What the form began with; None where the page does not say."""
        try:
            found = json.loads(request.POST.get("base", ""))
            is_whole = isinstance(found["fields"], dict)
        except (ValueError, TypeError, KeyError):
            return None
        return cast(FormDocument, found | {"rows": {}}) if is_whole else None

    # Unsaved work, and two versions of a part

    def _work(self, request: HttpRequest, survey: Survey) -> Work:
        definition, at = versions.working(survey), request.POST.get("at", "")
        panel = self._panel(request, survey, definition, at, data=request.POST)
        base = self._base(request)
        typed = document_of(panel, []) if panel else FormDocument(fields=_raw(request, base), rows={})
        words = sum(len(text.split()) for parts in typed["fields"].values() for some in parts.values() for text in some)
        title = panel.title if panel else "A part that was removed"
        about = {name: request.POST.get(name, "") for name in ("id", "after")}
        content = {IN_BUILDER: at, "base": base or typed, "typed": typed, **about}
        return Work(content, f"{survey}: {title}", f"{words} words", words)

    def keep_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Keep unsaved work, which the page sends every few seconds."""
        survey = self._survey(request, pk)
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        if not self._may_write(request, survey):
            raise PermissionDenied
        try:
            work = self._work(request, survey)
            piece = kept_work.keep(Survey, pk, work, by=request.user, sitting=Sitting.posted(request.POST))
        except NotKept as error:
            return HttpResponse(str(error), content_type="text/plain", status=409)
        return HttpResponse(clock.in_words(piece.saved_at, "H:i"), content_type="text/plain")

    def _lost(self, request: HttpRequest, survey: Survey, at: str) -> HttpResponse:
        """Keep what was typed, and show both versions; or, of a question that is gone, offer it as a new one."""
        survey.refresh_from_db()
        work = self._work(request, survey)
        if at not in (NEW, "-quotas") and not building.page_of(survey.definition, at):
            work.content[IN_BUILDER] = NEW if "kind" in request.POST else ""
            messages.error(
                request,
                "Somebody removed this meanwhile, so nothing was saved. What you typed is below: saving it adds it anew.",
            )
        sitting = Sitting.posted(request.POST)
        piece = kept_work.keep(Survey, survey.pk, work, by=request.user, sitting=sitting, refused=True)
        if work.content[IN_BUILDER] != at:
            return HttpResponseRedirect(self.address(survey, kept=str(piece.pk)))
        conflict = reverse("admin:surveys_survey_builder_conflict", args=[survey.pk])
        return HttpResponseRedirect(f"{conflict}?kept={piece.pk}")

    def conflict_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """After somebody else's save: GET shows both versions part by part, POST puts together what was chosen."""
        survey = self._survey(request, pk)
        if not (piece := self.taken_up(request, survey)):
            return HttpResponseRedirect(self.address(survey))
        at = piece.content[IN_BUILDER]
        definition, may_write = versions.working(survey), self._may_write(request, survey)
        form = self._panel(request, survey, definition, at)
        if form is None:
            return HttpResponseRedirect(self.address(survey, kept=str(piece.pk)))
        theirs = document_of(form, [])
        found = EditConflict(piece.content["base"], theirs, piece.content["typed"], form, [])
        seen = sha256(f"{canonical(theirs)} {piece.saved_at.isoformat()}".encode()).hexdigest()
        if request.method == "POST" and may_write:
            together = found.together(request.POST)
            if request.POST.get("seen") != seen:
                messages.warning(request, "There is something newer now. What you chose is still chosen: look again.")
            elif together is None:
                messages.error(request, "Choose a side for each part that both sides changed.")
            else:
                content = piece.content | {"base": theirs, "typed": together}
                new = kept_work.supersede(piece, Work(content, piece.title, piece.extent, piece.words))
                messages.success(request, "Put together as you chose. Look it over, then save it.")
                return HttpResponseRedirect(self.address(survey, kept=str(new.pk)))
        context = {
            "piece": piece,
            "rows": found.rows(request.POST),
            "seen": seen,
            "row": survey,
            "may_write": may_write,
        }
        context |= {"last": outline.last_save(survey), "edit": self.address(survey, at=at)}
        context |= {
            "drop": "admin:surveys_survey_drop_kept",
            "title": f"“{form.title}” was changed while you were writing",
        }
        return render(request, "admin/conflict.html", overview.frame(self, request, context))

    # As readers see it

    def preview(self, request: HttpRequest, pk: int) -> HttpResponse:
        """A page of the survey as readers see it; on POST with what is typed and not saved."""
        survey = self._survey(request, pk)
        definition, at = versions.working(survey), request.GET.get("at", "")
        problems = list[str]()
        if request.method == "POST":
            at = request.POST.get("at", "")
            definition, at, problems = self._typed_definition(request, survey, definition, at)
        shown = definition.page(building.page_of(as_document(definition), at)) or next(iter(definition.pages), None)
        if shown is None:
            raise Http404("There is no page yet.")
        open_page = replace(
            shown, condition=None, questions=tuple(replace(each, condition=None) for each in shown.questions)
        )
        form = PageForm(definition, open_page)
        context = {"survey": survey, "form": form, "groups": with_pictures(form.groups), "problems": problems}
        answer = render(request, "admin/surveys/survey/preview.html", context)
        answer["Cache-Control"] = "private, no-store"
        return answer

    def _typed_definition(
        self, request: HttpRequest, survey: Survey, stored: Definition, at: str
    ) -> tuple[Definition, str, list[str]]:
        """The definition with what is typed, as far as that can be asked; and what keeps it from being so."""
        panel = self._panel(request, survey, stored, at, data=request.POST)
        if panel is None:
            return stored, at, []
        if not panel.is_valid():
            return stored, at, [str(words) for some in panel.errors.values() for words in some]
        document, key = panel.change(as_document(stored))
        try:
            return read(document), key, []
        except DefinitionRefused as refused:
            return stored, at, [each.words for each in refused.problems]


def _raw(request: HttpRequest, base: FormDocument | None) -> Any:
    """What was posted into fields of a part that is gone."""
    fields = base["fields"] if base else {}
    return {
        name: {part: request.POST.getlist(part) if part in request.POST else some for part, some in parts.items()}
        for name, parts in fields.items()
    }
