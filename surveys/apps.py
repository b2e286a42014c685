"""Configuration of surveys."""

from django.apps import AppConfig


class SurveysConfig(AppConfig):
    name = "surveys"
    verbose_name = "Awards and surveys"

    def ready(self) -> None:
        from django.urls import reverse

        from articles import addresses, image_library, slots, texts
        from articles.desk import checks
        from articles.readership import outcomes
        from core import outbox
        from core.lib import menus
        from newsletter.sending import plugged
        from sponsors import audience
        from surveys import (
            ballot_mails,
            briefing_news,
            calendar,
            dashboard,
            events,
            figure_check,
            interests,
            payers,
            retention,
        )
        from surveys.blocks import award_results, survey, words_of_award, words_of_survey
        from surveys.models import AwardCategory, Nominee, Season, Survey, SurveyPicture
        from surveys.questionnaires import briefing_news as polls_in_briefings
        from surveys.questionnaires import invitations, mails, quotes
        from surveys.questionnaires import retention as survey_retention

        ballot_mails.register_all()
        dashboard.register_all()
        menus.offer(lambda: [(reverse("surveys:index"), "Awards"), (reverse("surveys:survey-index"), "Surveys")])
        calendar.register_all()
        events.register_all()
        outbox.register("surveys", seen_with="surveys.view_ballot")
        audience.register_quotes(quotes.SurveyQuotes())
        retention.register_all()
        interests.register_all()
        payers.register_all()
        survey_retention.register_all()
        invitations.register_all()
        mails.register_all()
        outcomes.register("surveys:vote", "votes")
        image_library.register_use("survey", SurveyPicture, "file")
        slots.register("award_results", award_results)
        slots.register("survey", survey)
        texts.register("award", words_of_award)
        texts.register("survey", words_of_survey)
        checks.register(figure_check.check)
        of_seasons, of_surveys = (
            (told.choices, told.news, told.new, told.written) for told in (briefing_news, polls_in_briefings)
        )
        plugged.register("season", plugged.Plug("Awards", *of_seasons))
        plugged.register("survey", plugged.Plug("Surveys and polls", *of_surveys, polls_in_briefings.came))
        categories = AwardCategory.objects.public()
        nominees = Nominee.objects.filter(category__in=categories)
        for page in ("season-show", "vote", "nominate", "ledger-show"):
            addresses.register(f"surveys:{page}", Season.objects.public(), season="slug")
        addresses.register("surveys:category-show", categories, season="season__slug", category="slug")
        in_category = {"season": "category__season__slug", "category": "category__slug"}
        addresses.register("surveys:nominee-show", nominees, nominee="slug", **in_category)
        addresses.register("surveys:survey-show", Survey.objects.public(), slug="slug")
        addresses.register("surveys:survey-results", Survey.objects.with_results(), slug="slug")
