"""The personal words that there are: the built-in ones, and the newsroom's own fields of subscribers."""

from newsletter.mail import personal_words
from newsletter.mail.personal_words import BUILT_IN, Vocabulary
from newsletter.models import SubscriberField


def vocabulary() -> Vocabulary:
    """Every word that a mail may use. A field goes by its name and by its key."""
    fields = SubscriberField.objects.order_by("ordering", "name").values_list("name", "key", "kind")
    own = {" ".join(typed.split()).casefold(): (key, kind) for name, key, kind in fields for typed in (name, key)}
    return Vocabulary({**own, **BUILT_IN.words})


def problems(*texts: str) -> list[str]:
    """What is wrong with the personal words of texts, a sentence each."""
    known = vocabulary()
    return [problem for text in texts for problem in personal_words.problems(text, known)]


def offered() -> list[tuple[str, str]]:
    """The words that the editor can choose from, and what the desk calls them."""
    fields = SubscriberField.objects.order_by("ordering", "name").values_list("name", flat=True)
    built_in = [("first name", "First name"), ("name", "Whole name")]
    return [*built_in, *((name.lower(), name) for name in fields if name.casefold() not in BUILT_IN.words)]
