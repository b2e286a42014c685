"""Configuration of articles."""

from django.apps import AppConfig


class ArticlesConfig(AppConfig):
    name = "articles"

    def ready(self) -> None:
        from articles import (
            ad_previews,
            addresses,
            calendar,
            dashboard,
            events,
            menu_links,
            moves,
            payers,
            retention,
            slot_renderers,
            texts,
        )
        from articles.readership import beacons, collector, figures, outcomes, salts
        from core import outbox
        from sponsors import audience, channels, flags, previews, viewability

        texts.register_all()
        flags.register(payers.Articles())
        addresses.register_all()
        menu_links.register_all()
        slot_renderers.register_all()
        moves.register_all()
        events.register_all()
        dashboard.register_all()
        calendar.register_all()
        audience.register_reading(figures.Readership())
        beacons.hand_on("ad", viewability.take)
        collector.also(viewability.flush)
        viewability.salted_by(salts.of)
        previews.register(channels.ARTICLE, ad_previews.preview)
        retention.register_all()
        outcomes.register("sponsors:click", "clicks on ads", method="GET")
        outbox.register("articles", seen_with="articles.view_article")
