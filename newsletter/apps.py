"""Configuration of newsletter."""

from django.apps import AppConfig


class NewsletterConfig(AppConfig):
    name = "newsletter"

    def ready(self) -> None:
        from django.urls import reverse

        from articles import addresses, image_library, moves, slots, texts
        from articles.desk import choice_fields
        from articles.importing import subscribers, undoing
        from articles.readership import outcomes
        from core import outbox
        from core.lib import menus
        from newsletter import calendar, dashboard, events, payers, retention
        from newsletter.blocks import signup, words_of
        from newsletter.models import Briefing, BriefingItem, MailTemplate, Newsletter
        from newsletter.sending import ad_previews
        from newsletter.stats import Audience
        from newsletter.subscribers import import_runs
        from sponsors import audience, channels, previews

        slots.register("signup", signup)
        texts.register("newsletter", words_of)
        audience.register(Audience())
        channels.register(lambda: [f"mail:{slug}" for slug in Newsletter.objects.values_list("slug", flat=True)])
        previews.register("mail:", ad_previews.preview)
        dashboard.register_all()
        menus.offer(
            lambda: [(reverse("newsletter:signup"), "Newsletter"), (reverse("newsletter:archive"), "Past briefings")]
        )
        calendar.register_all()
        events.register_all()
        payers.register_all()
        retention.register_all()
        outbox.register("newsletter", seen_with="newsletter.view_subscriber")
        addresses.register("newsletter:archive-detail", Briefing.objects.readable())
        outcomes.register("newsletter:subscribe", "sign-ups")
        image_library.register_use("briefing's part", BriefingItem, "image")
        image_library.register_use("mail template", MailTemplate, "logo")
        moves.register(BriefingItem.objects.filter(briefing__state=Briefing.State.DRAFT), "url", "html")
        moves.register(Briefing.every.filter(state=Briefing.State.DRAFT), "introduction")
        undoing.register_use("it is in a briefing", BriefingItem, "article")
        subscribers.register(import_runs.TAKER)
        choice_fields.open_to("newsletter.change_briefing", "published", "image")
        choice_fields.open_to("newsletter.change_mailtemplate", "image")
        choice_fields.open_to("newsletter.change_briefingplan", "category", "tag")
