"""Configuration of surveys."""

from django.apps import AppConfig


class SurveysConfig(AppConfig):
    name = "surveys"
    verbose_name = "Awards"

    def ready(self) -> None:
        from articles import slots
        from surveys import dashboard
        from surveys.blocks import award_results

        dashboard.register_all()
        slots.register("award_results", award_results)
