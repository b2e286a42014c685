"""Configuration of cms."""

from typing import TYPE_CHECKING

from django.apps import AppConfig

if TYPE_CHECKING:
    from sponsors.placements import Placement
    from sponsors.previews import Preview


class CmsConfig(AppConfig):
    name = "cms"

    def ready(self) -> None:
        from cms import reporting
        from sponsors import channels, previews

        reporting.start()
        previews.register(channels.HOME, _front_page)


def _front_page(channel: str, placement: "Placement") -> "Preview":
    from cms import views  # which imports the views of all parts

    return views.home_with(channel, placement)
