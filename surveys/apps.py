"""Configuration of surveys."""

from django.apps import AppConfig


class SurveysConfig(AppConfig):
    name = "surveys"
    verbose_name = "Awards"

    def ready(self) -> None:
        from articles import slots
        from core import retention
        from surveys import ballots, dashboard
        from surveys.blocks import award_results

        dashboard.register_all()
        retention.register("unconfirmed ballots", ballots.delete_unconfirmed)
        retention.register("voter keys", ballots.anonymise)
        slots.register("award_results", award_results)
