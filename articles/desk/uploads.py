"""Pictures at the desk: what a form uploads stays chosen in it; the view for uploads while somebody writes; thumbnails."""

from typing import Any

from django import forms
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_POST, require_safe

from articles.desk.choice_fields import is_open_to
from articles.models import ImageAsset
from articles.unclaimed import store_unclaimed
from core.lib.text import storable, whole_number


def take_upload(form: forms.BaseForm, upload: Any, *, into: str, alt: str, by: Any) -> str:
    """Store what a form uploads and choose it in its field `into`, also where the form is shown again; its path.

    Raises ValidationError.
    """
    image = store_unclaimed(upload, alt=alt, by=by)
    _type_in(form, {into: image.file})
    return image.file


def take_uploads(form: forms.BaseForm, uploads: list[Any], *, into: str, by: Any) -> list[dict[str, Any]]:
    """The same for the field of a gallery; the new entries. Raises ValidationError with what was refused."""
    taken, refused = list[dict[str, Any]](), list[ValidationError]()
    for upload in uploads:
        try:
            taken.append({"src": store_unclaimed(upload, by=by).file})
        except ValidationError as error:
            refused.append(error)
    count = f"{into}-count"
    start = whole_number(form.data.get(form.add_prefix(count)), most=9999) or 0
    typed = {f"{into}-{start + number}-src": entry["src"] for number, entry in enumerate(taken)}
    _type_in(form, typed | {count: str(start + len(taken))})
    if refused:
        raise ValidationError(refused)
    return taken


def _type_in(form: forms.BaseForm, values: dict[str, str]) -> None:
    posted: Any = form.data
    data = posted.copy()
    for name, value in values.items():
        data[form.add_prefix(name)] = value
    form.data = data


@require_POST
def upload_view(request: HttpRequest) -> JsonResponse:
    """Store an image that was pasted or dropped; answer with what the block needs to know of it."""
    if not (request.user.has_perm("articles.add_imageasset") or is_open_to(request.user, "image")):
        raise PermissionDenied
    file = request.FILES.get("image")
    if not file:
        return JsonResponse({"error": "There is no image."}, status=400)
    try:
        image = store_unclaimed(file, by=request.user)
    except ValidationError as error:
        return JsonResponse({"error": " ".join(error.messages)}, status=400)
    return JsonResponse({"src": image.file, "name": image.name, "alt": image.alt})


@require_safe
@cache_control(private=True, max_age=3600)
def thumbnail_view(request: HttpRequest) -> HttpResponse:
    """Redirect to the smallest rendition of an image."""
    if not (request.user.has_perm("articles.view_imageasset") or is_open_to(request.user, "image")):
        raise PermissionDenied
    image = ImageAsset.objects.filter(file=storable(request.GET.get("src", ""))).first()
    if not image:
        raise Http404("There is no such image.")
    return HttpResponseRedirect(image.small)
