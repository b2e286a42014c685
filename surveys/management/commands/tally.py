"""Count the ballots of a closed season."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from core.transitions import TransitionRefused
from surveys import papers, release
from surveys.models import AwardCategory, Season


class Command(BaseCommand):
    help = (
        "Count a closed season's ballots and print the outcome. Nothing is released, and nothing stored but that someone "
        "looked, which is published with the result."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("season", help="the season's slug")
        parser.add_argument("category", nargs="?", help="the category's slug; all where it has several")
        parser.add_argument("--json", action="store_true", dest="as_json")

    def handle(self, *args: Any, season: str, category: str | None, as_json: bool, **options: Any) -> None:
        found = Season.objects.filter(slug=season).first()
        if found is None:
            raise CommandError(f"There is no season “{season}”.")
        categories = list(found.categories.select_related("season").prefetch_related("nominees"))
        if category:
            categories = [each for each in categories if each.slug == category]
        if not categories:
            raise CommandError(
                f"“{found}” has no category “{category}”." if category else f"“{found}” has no category."
            )
        try:
            answers = {each.slug: outcome_of(each) for each in categories}
        except TransitionRefused as reason:
            raise CommandError(str(reason)) from None
        for each in categories:
            release.record_look(each, by="the command line")
        if as_json:
            only = next(iter(answers.values()))
            self.stdout.write(json.dumps(only if len(answers) == 1 else answers, ensure_ascii=False))
        else:
            for each in categories:
                self.stdout.write(f"{each}\n{_table(answers[each.slug])}")


def outcome_of(category: AwardCategory) -> dict[str, Any]:
    names = {nominee.slug: nominee.name for nominee in papers.nominees_of(category)}
    return release.as_json(release.count(category), names)


def _table(answer: dict[str, Any]) -> str:
    lines = [f"  {answer['counts'][name]:>9,} {answer['shares'][name]:>6} %  {name}" for name in answer["counts"]]
    return "\n".join([*lines, f"  {answer['ballots']:,} ballots; winners: {', '.join(answer['winners']) or 'none'}\n"])
