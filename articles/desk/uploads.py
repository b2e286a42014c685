"""Views for images at the desk: uploads while an article is being written, and thumbnails."""

from django.core.exceptions import PermissionDenied, ValidationError
from django.core.files.storage import default_storage
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_POST, require_safe

from articles.images import store_image
from articles.models import ImageAsset
from core.lib.text import storable


@require_POST
def upload_view(request: HttpRequest) -> JsonResponse:
    """Store an image that was pasted or dropped; answer with what the block needs to know of it."""
    if not request.user.has_perm("articles.add_imageasset"):
        raise PermissionDenied
    file = request.FILES.get("image")
    if not file:
        return JsonResponse({"error": "There is no image."}, status=400)
    try:
        image = store_image(file, name=file.name or "image", by=request.user)
    except ValidationError as error:
        return JsonResponse({"error": " ".join(error.messages)}, status=400)
    return JsonResponse({"src": image.file, "name": image.name, "alt": image.alt})


@require_safe
@cache_control(private=True, max_age=3600)
def thumbnail_view(request: HttpRequest) -> HttpResponse:
    """Redirect to the smallest rendition of an image."""
    if not request.user.has_perm("articles.view_imageasset"):
        raise PermissionDenied
    image = ImageAsset.objects.filter(file=storable(request.GET.get("src", ""))).first()
    if not image:
        raise Http404("There is no such image.")
    small = min(image.renditions, key=lambda made: made["width"], default={"src": image.file})
    return HttpResponseRedirect(default_storage.url(small["src"]))
