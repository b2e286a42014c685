"""However a text spells a sponsor's name, it is found; what only looks like it is not, or is asked about."""

import time

import pytest

from sponsors.names import Text, register_of

QUAYSIDE, ALMANAC, ARK, SECOND, MULLER, SBERBANK, NORTHWIND, BLOCK, XY, LANTERN, PORT, TOKYO = range(1, 13)
ROWS = (
    (QUAYSIDE, "Quayside Bank", ("Quayside", "$QSB"), "https://www.quayside-bank.example/en"),
    (ALMANAC, "Almanac", (), "https://almanac.example"),
    (ARK, "Ark Labs", ("ArkPay", "$ARK"), ""),
    (SECOND, "Second Ltd", (), ""),
    (MULLER, "Müller & Söhne", (), ""),
    (SBERBANK, "Сбербанк", ("東方銀行",), ""),
    (NORTHWIND, "Northwind", (), "https://x.com/northwind"),
    (BLOCK, "The Block", (), ""),
    (XY, "XY", (), "https://xn--mller-kva.example/"),
    (LANTERN, "lantern", (), ""),
    (PORT, "Portolan Group", (), "https://medium.com/port"),
    (TOKYO, "株式会社東京", (), ""),
)
SURE = [
    (QUAYSIDE, "We spoke to Quayside Bank."),
    (QUAYSIDE, "quayside bank in lower case"),
    (QUAYSIDE, "QUAYSIDE BANK IN CAPITALS"),
    (QUAYSIDE, "quayside\nbank over two lines"),
    (QUAYSIDE, "Qu\u0430yside with a Cyrillic letter"),
    (QUAYSIDE, "\u051auayside bank with another"),
    (QUAYSIDE, "quay\u00adside b\u00adank with soft hyphens"),
    (QUAYSIDE, "Quay\u200bside Ba\u200dnk with zero-width characters"),
    (QUAYSIDE, "ＱＵＡＹＳＩＤＥ　ＢＡＮＫ in full width"),
    (QUAYSIDE, "𝐐𝐮𝐚𝐲𝐬𝐢𝐝𝐞 𝐁𝐚𝐧𝐤 in mathematical letters"),
    (QUAYSIDE, "Quáysidé Bänk with accents"),
    (QUAYSIDE, "Quay-side Bank with a hyphen"),
    (QUAYSIDE, "Quay‑side‑Bank with hyphens that do not break"),
    (QUAYSIDE, "Quay-\nside Bank broken at the line's end"),
    (QUAYSIDE, "QuaysideBank joined"),
    (QUAYSIDE, "quayside_bank with an underscore"),
    (QUAYSIDE, "@quaysidebank is its handle"),
    (QUAYSIDE, "@QuaysideHQ is another"),
    (QUAYSIDE, "@quayside_official is a third"),
    (QUAYSIDE, "#QuaysideScandal"),
    (QUAYSIDE, "Quayside Bank’s founder"),
    (QUAYSIDE, "the Quaysides of this world"),
    (QUAYSIDE, "Quayside's rates"),
    (QUAYSIDE, "wir trafen Quaysiden, wie man im Finnischen sagt"),
    (QUAYSIDE, "do Quaysideu"),
    (QUAYSIDE, "Qu4ys1de Bank with digits"),
    (QUAYSIDE, "Q u a y s i d e  B a n k spaced"),
    (QUAYSIDE, "the token $QSB fell"),
    (QUAYSIDE, "$qsb fell"),
    (QUAYSIDE, "(NYSE: QSB)"),
    (QUAYSIDE, "https://app.quayside-bank.example/join?x=1"),
    (QUAYSIDE, "write to press@quayside-bank.example"),
    (QUAYSIDE, "https://example.com/?q=quayside%20bank"),
    (QUAYSIDE, "https://quaysidebank.example.org/"),
    (ALMANAC, "We met Almanac today"),
    (ALMANAC, "Almanac raised money"),
    (ALMANAC, "@almanac said so"),
    (ALMANAC, "https://almanac.example/about"),
    (ARK, "Pay with ArkPay!"),
    (ARK, "ark labs raised money"),
    (ARK, "(Ark Labs’ founder)"),
    (SECOND, "we met Second Ltd."),
    (MULLER, "Mueller and Soehne"),
    (MULLER, "Muller & Sohne"),
    (SBERBANK, "директор Сбербанка"),
    (SBERBANK, "我們去東方銀行的時候"),
    (NORTHWIND, "https://x.com/northwind/status/1"),
    (BLOCK, "We read The Block daily"),
    (XY, "https://müller.example/"),
    (XY, "we use XY"),
    (ALMANAC, "WE TESTED ALMANAC"),
    (ALMANAC, "it is at almanac.io, they say"),
    (ALMANAC, "https://example.com/?to=https%253A%252F%252Falmanac.example%252F"),
    (LANTERN, "We met Lantern today"),
    (LANTERN, "see lantern.com"),
    (PORT, "https://medium.com/port"),
    (PORT, "(see medium.com/port.)"),
    (PORT, "https://medium.com/port?x=1"),
    (PORT, "https://medium.com/port/an-article"),
    (TOKYO, "株式会社 東京の発表"),
]
ASKED = [
    (ALMANAC, "the farmer's almanac"),
    (ALMANAC, "two almanacs"),
    (ALMANAC, "The farmer’s almanac’s cover"),
    (ALMANAC, "the almanacʼs cover"),
    (ALMANAC, "almanac.pdf"),
    (LANTERN, "by the light of a lantern"),
    (BLOCK, "THE BLOCK was mined"),
    (QUAYSIDE, "a walk on the quay side"),
    (SECOND, "Second, we asked them"),
    (BLOCK, "the block was mined"),
    (NORTHWIND, "cold northwinds"),
]
NOT_THEM = [
    "",
    "Ark",
    "Ark, Labs",
    "Quark Labs",
    "Ark Labsters",
    "a park labs walk",
    "the $ARKADE token",
    "he took the ark",
    "the quays; ideally",
    "https://x.com/somebody",
    "https://medium.com/portland-news",
    "https://medium.com/port-authority",
    "xy coordinates",
    "Müller und Sohn",
    "a bank on the quay",
]


def found(words):
    return [(each.sponsor, each.is_certain) for each in register_of(ROWS).find([Text("the text", words)])]


@pytest.mark.parametrize(("sponsor", "words"), SURE)
def test_a_name_is_found(sponsor, words):
    assert (sponsor, True) in found(words)
    assert {each for each, _ in found(words)} == {sponsor}


@pytest.mark.parametrize(("sponsor", "words"), ASKED)
def test_what_may_be_an_ordinary_word_is_asked_about(sponsor, words):
    assert found(words) == [(sponsor, False)]


@pytest.mark.parametrize("words", NOT_THEM)
def test_other_words_are_not_found(words):
    assert found(words) == []


def test_a_long_article_takes_milliseconds():
    register, words = (
        register_of(ROWS),
        "Lenders in Berlin said to everyone’s surprise, Ärger included, that it moved. " * 250,
    )
    list(register.find([Text("the text", words)]))  # what is folded once is remembered
    before = time.process_time()
    assert list(register.find([Text("the text", words)])) == []
    assert time.process_time() - before < 0.1


@pytest.mark.parametrize(
    "words",
    [
        "a.b " + "x" * 10**5,
        "a.b " + "x-" * 50_000,
        "a." * 50_000,
        " " * 10**5 + "x",
        "a-" + "\n" * 10**5 + "—b",
        "@a_" * 30_000,
        "@" + "a_" * 50_000,
        "almanac " * 10_000,
        "a.xn--" + "a" * 10**5,
    ],
    ids=lambda words: words[:8],
)
def test_a_text_made_to_take_long_takes_no_longer_than_its_length(words):
    before = time.process_time()
    list(register_of(ROWS).find([Text("the text", words)]))
    assert time.process_time() - before < 5  # each took a minute, or hours
