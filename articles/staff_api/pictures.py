"""Pictures for programs: uploads are looked at and re-encoded as those of the desk."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from articles.models import ImageAsset
from articles.structured_data import absolute
from articles.unclaimed import store_unclaimed
from core.api.fields import Line, sample
from core.api.staff import StaffList, StaffRow
from core.api.versions import IF_MATCH, etag_of


class PictureShown(serializers.ModelSerializer[ImageAsset]):
    """A picture of the library; documents name it by `src`."""

    src = serializers.CharField(source="file")
    url = serializers.SerializerMethodField()

    class Meta:
        model = ImageAsset
        fields = ["id", "src", "url", "name", "alt", "is_decorative", "credit", "tags", "width", "height", "created_at"]

    def get_url(self, picture: ImageAsset) -> str:
        return absolute(picture.url)


class PictureSent(serializers.Serializer[Any]):
    file = serializers.ImageField()
    alt = Line(
        required=False, allow_blank=True, max_length=400, help_text="What it shows, for those who do not see it."
    )


class PictureChanged(serializers.Serializer[Any]):
    alt = Line(required=False, allow_blank=True, max_length=400)
    credit = Line(required=False, allow_blank=True, max_length=200)
    is_decorative = serializers.BooleanField(required=False)


class PictureList(StaffList):
    """The library, the newest first."""

    part = "articles"
    needs = {"GET": "articles.view_imageasset", "POST": "articles.add_imageasset"}
    queryset = ImageAsset.objects.order_by("-created_at", "-pk")
    serializer_class = PictureShown
    parser_classes = [MultiPartParser]

    @extend_schema(request={"multipart/form-data": PictureSent}, responses={201: PictureShown})
    def post(self, request: Request) -> Response:
        """Upload a picture. One that nothing saved uses goes after a week; the same bytes are stored once."""
        sent = PictureSent(data=request.data)
        sent.fields["file"] = serializers.FileField()  # it is looked at where it is stored, for all ways in
        sent.is_valid(raise_exception=True)
        given = sent.validated_data
        picture = store_unclaimed(given["file"], alt=given.get("alt", ""), by=request.user)
        picture.refresh_from_db()
        shown = PictureShown(picture).data
        return Response(shown, status=status.HTTP_201_CREATED, headers={"ETag": etag_of(shown)})


class PictureRow(StaffRow):
    """One picture."""

    part = "articles"
    needs = {"GET": "articles.view_imageasset", "PATCH": "articles.change_imageasset"}
    queryset = ImageAsset.objects.all()
    serializer_class = PictureShown

    @extend_schema(
        request=PictureChanged,
        responses=PictureShown,
        parameters=[IF_MATCH],
        examples=[sample(alt="A bridge at night", credit="Ada")],
    )
    def patch(self, request: Request, pk: int) -> Response:
        """Change what is said of it."""
        sent = PictureChanged(data=request.data)
        sent.is_valid(raise_exception=True)
        return self.changed(request, lambda picture: _change(picture, sent.validated_data))


def _change(picture: ImageAsset, values: dict[str, Any]) -> None:
    for name, value in values.items():
        setattr(picture, name, value)
    picture.full_clean()
    picture.save()
