"""The names of sponsors, and where a text has them, however they are spelt there.

A name is certain, and stops what must be disclosed first, or only likely, which asks: an ordinary word such as "almanac" in
lower case, a word that only begins as a name does in another language. Each rule is a line of tests/sponsors/test_names.py.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

import idna
from django.conf import settings

from core.lib import folding

LEGAL_FORMS = frozenset(
    [
        "ab",
        "ag",
        "as",
        "asa",
        "bv",
        "co",
        "company",
        "corp",
        "corporation",
        "gmbh",
        "inc",
        "incorporated",
        "kg",
        "limited",
        "llc",
        "llp",
        "lp",
        "ltd",
        "nv",
        "oy",
        "oyj",
        "plc",
        "pty",
        "sa",
        "sarl",
        "sas",
        "se",
        "spa",
        "srl",
        "holding",
        "holdings",
    ]
)
ARTICLES = frozenset(["the", "a", "an", "der", "die", "das", "le", "la", "les", "el", "los", "las", "il", "lo"])
# What languages put behind a name without an apostrophe: plurals, genitives and other cases, longest of them last.
ENDINGS_OF_ALL = ("s", "es")
ENDINGS = (
    "a", "u", "y", "i", "e", "n", "en", "em", "om", "ie", "ov", "ow", "owi", "ovi", "ami", "ens", "et", "ets", "in", "ssa", "sta",
    "lla", "lle", "lta", "nak", "nek", "ban", "ben", "nal", "nel", "ra", "re", "у", "ы", "ом", "ой", "е", "и", "ов", "ами",
)  # fmt: skip
LONG_ENOUGH = 5  # letters, for these endings to make no other word
AROUND_HANDLES = ("the", "get", "try", "use", "join", "hq", "official", "app", "io", "team", "global", "news", "inc")
# Hosts that many share: there the path says whose page it is.
SHARED_HOSTS = frozenset(
    [
        "example.com",
        "facebook.com",
        "github.com",
        "github.io",
        "google.com",
        "instagram.com",
        "linkedin.com",
        "linktr.ee",
        "medium.com",
        "notion.site",
        "substack.com",
        "t.me",
        "telegram.me",
        "tiktok.com",
        "twitter.com",
        "x.com",
        "wordpress.com",
        "youtube.com",
    ]
)
# Ends of hosts before which an ordinary word is the sponsor's, and no file's: almanac.io, but almanac.pdf.
SITE_ENDINGS = frozenset(
    ["ai", "app", "bank", "capital", "co", "com", "dev", "eu", "exchange", "finance", "fund", "global", "io", "money", "net", "news",
     "org", "tech", "xyz"]
)  # fmt: skip
USUAL = 20_000
LONGEST_LABEL, LONGEST_HOST = 63, 127  # letters of a part of a host, and parts of a host (RFC 1035)
APOSTROPHE = "\u02bc"  # the one that Unicode counts among the letters
CONTEXT = 60  # characters before and after a name that tell whether it is the same place
# Each of these begins a run at its beginning only and gives nothing back: a text of a megabyte takes no more than its length.
_AND = re.compile(r"(?<!\s)\s*+&\s*+")
_WORD = re.compile(r"[^\W_]+")
_CAMEL = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[^A-Z]+")
_HOST = re.compile(r"(?<![\w-])[\w-]++(?:\.[\w-]++)++(?=(/[^\s<>\"')]{0,200})?)")
_HANDLE = re.compile(r"[\w.]{1,200}+")
_GLUE = re.compile(r"[-‐-―−'’‘`´._·•*~+]{0,2}|[-‐‑][^\S\n]*+\n\s*+")
_SENTENCE_END = re.compile(r"(?:^|[.!?:…\n]|[-–—•*]\s)[\s\"'“”‘’«»()\[\]]*$")
_UMLAUTS = {ord(one): two for one, two in zip("äöüÄÖÜ", ("ae", "oe", "ue", "Ae", "Oe", "Ue"), strict=True)}
_NO_SPACES = re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
_EXCHANGE = re.compile(r"(?:\(|[A-Za-z]:\s?)$")


class Text(NamedTuple):
    """One text of an article or a nominee, and what readers find it as: the title, the caption of a table."""

    place: str
    words: str
    is_address: bool = False


class Found(NamedTuple):
    """A name in a text: whose, as it stands there with what stands around it, and whether it can be nothing else."""

    sponsor: int
    place: str
    words: str
    context: str
    is_certain: bool


@dataclass(frozen=True, slots=True)
class _Name:
    """One spelling of a sponsor's name."""

    sponsor: int
    spelt: str
    breaks: frozenset[int] = frozenset()  # where its folded letters have a space between them
    ending: bool = False
    ordinary: str = ""  # the one word of it that is an ordinary one, too, as it is spelt
    usual: bool = False  # and one that sentences often begin with
    doubtful: bool = False
    ticker: bool = False


class _Token(NamedTuple):
    start: int
    end: int
    text: str
    gap: str  # what stands between the token before and it: "" glued, " " spaces, "|" anything else
    handle: bool


@dataclass
class Register:
    """The names of some sponsors, ready to be looked for."""

    names: dict[str, list[_Name]] = field(default_factory=dict)
    beginnings: set[str] = field(default_factory=set)
    hosts: dict[str, list[tuple[int, str]]] = field(default_factory=dict)
    unspaced: dict[str, int] = field(default_factory=dict)

    def find(self, texts: Iterable[Text]) -> Iterator[Found]:
        """Every place at which a name stands, each once for a sponsor."""
        if self.names or self.hosts or self.unspaced:
            for text in texts:
                yield from self._in_text(text)

    def _in_text(self, text: Text) -> Iterator[Found]:
        words = text.words
        for _ in range(2 if "%" in words else 0):  # an address within an address has its signs encoded twice
            words = unquote(words)
        words = folding.seen(words).replace(APOSTROPHE, "'")
        words = _AND.sub(" and ", words)
        ends: dict[int, int] = {}
        hits = [*self._hosts_in(words), *self._names_in(words, text.is_address), *self._unspaced_in(words)]
        for start, end, sponsor, certain in sorted(hits, key=lambda hit: (hit[0], not hit[3], -hit[1])):
            if start >= ends.get(sponsor, -1):
                ends[sponsor] = end
                around = " ".join(words[max(0, start - CONTEXT) : end + CONTEXT].split())
                yield Found(sponsor, text.place, words[start:end], around, certain)

    def _hosts_in(self, words: str) -> Iterator[tuple[int, int, int, bool]]:
        """The domains of sponsors, and of those below them."""
        if "." not in words:
            return
        for match in _HOST.finditer(words):
            path, labels = match[1] or "", [folding.fold(label) for label in _labels(match[0])]
            end = match.end() + len(path)
            for place in range(max(0, len(labels) - LONGEST_HOST), len(labels) - 1):
                for sponsor, prefix in self.hosts.get(".".join(labels[place:]), ()):
                    if _is_below(folding.fold(path).strip("/"), prefix):
                        yield match.start(), end, sponsor, True
            for name in self.names.get(labels[-2], ()) if labels[-1] in SITE_ENDINGS else ():
                if not (name.ending or name.doubtful or name.ticker):
                    yield match.start(), end, name.sponsor, True
            for label in labels[:-1]:
                for name in self._with_affixes(label.replace("-", "")):
                    yield match.start(), end, name.sponsor, True

    def _names_in(self, words: str, is_address: bool) -> Iterator[tuple[int, int, int, bool]]:
        tokens = list(_tokens(words))
        spellings = [folding.spellings(token.text) for token in tokens]
        for first, token in enumerate(tokens):
            for joined in spellings[first]:
                if joined not in self.names and joined not in self.beginnings:
                    continue
                yield from self._runs_from(first, joined, tokens, spellings, words, is_address)
            if token.handle and words[token.start - 1] in "@#":
                match = _HANDLE.match(words, token.start)
                handle = match[0] if match else ""
                for name in self._with_affixes(folding.fold(re.sub(r"[_.]", "", handle))):
                    yield token.start, token.start + len(handle), name.sponsor, True

    def _runs_from(
        self, first: int, joined: str, tokens: list[_Token], spellings: list[list[str]], words: str, is_address: bool
    ) -> Iterator[tuple[int, int, int, bool]]:
        """The names that begin with a token, whichever of the tokens after it they take in."""
        breaks: set[int] = set()
        last = first
        while True:
            for name in self.names.get(joined, ()):
                run = tokens[first : last + 1]
                certain = _verdict(name, run, breaks, words, is_address)
                if certain is not None:
                    yield run[0].start, run[-1].end, name.sponsor, certain
            last += 1
            if joined not in self.beginnings or last == len(tokens) or tokens[last].gap == "|":
                return
            if tokens[last].gap == " ":
                breaks.add(len(joined))
            joined += spellings[last][0]

    def _with_affixes(self, handle: str) -> Iterator[_Name]:
        """The names that a handle or a domain holds with no more than “official” or the like before or behind it."""
        for affix in AROUND_HANDLES:
            for rest in {handle.removeprefix(affix), handle.removesuffix(affix)} - {handle}:
                for name in self.names.get(rest, ()):
                    if len(rest) > 3 and not (name.ending or name.doubtful or name.ordinary or name.ticker):
                        yield name

    def _unspaced_in(self, words: str) -> Iterator[tuple[int, int, int, bool]]:
        """Names in scripts that put no spaces between words."""
        for name, sponsor in self.unspaced.items():
            for match in re.finditer(r"\s?".join(map(re.escape, name)), words):
                yield match.start(), match.end(), sponsor, True


Row = tuple[int, str, tuple[str, ...], str]


@lru_cache(maxsize=8)
def register_of(rows: tuple[Row, ...]) -> Register:
    """The register of sponsors by key, name, other names and website."""
    made = Register()
    plain = {folding.fold(word) for row in rows for name in (row[1], *row[2]) for word in _WORD.findall(name)}
    language = settings.LANGUAGE_CODE
    common = folding.ordinary(plain, language)
    candidates = [name for row in rows for spelt in (row[1], *row[2]) for name in _names_of(row[0], spelt, common)]
    for key, name in candidates:
        _add(made, key, name)
        for ending in _endings_for(key, name):
            _add(made, key + folding.fold(ending), replace(name, ending=True))
    for sponsor, own, aliases, website in rows:
        for spelt in (own, *aliases):
            if _NO_SPACES.search(spelt):
                made.unspaced["".join(folding.seen(spelt).split())] = sponsor
        _add_host(made, sponsor, website)
    return made


def _add(register: Register, key: str, name: _Name) -> None:
    register.names.setdefault(key, []).append(name)
    register.beginnings.update(key[:length] for length in range(1, len(key)))


def _add_host(register: Register, sponsor: int, website: str) -> None:
    parts = urlsplit(website)
    host = ".".join(folding.fold(label) for label in _labels((parts.hostname or "").removeprefix("www.")))
    if "." in host:
        is_shared = ".".join(host.split(".")[-2:]) in SHARED_HOSTS
        path = folding.fold(parts.path).strip("/") if is_shared else ""
        if path or not is_shared or host.count(".") > 1:
            register.hosts.setdefault(host, []).append((sponsor, path))


def _is_below(path: str, prefix: str) -> bool:
    """Whether a path is a page's or one below it; what ends a sentence may follow, letters that make another name may not."""
    return not prefix or re.match(re.escape(prefix) + r"(?![\w-]|\.\w)", path) is not None


def _labels(host: str) -> list[str]:
    """The parts of a host, as people read them."""
    labels = host.lower().split(".")
    for place, label in enumerate(labels):
        if label.startswith("xn--") and len(label) <= LONGEST_LABEL:
            try:
                labels[place] = idna.decode(label)
            except idna.IDNAError:
                continue
    return labels


def _names_of(sponsor: int, spelt: str, common: dict[str, int]) -> Iterator[tuple[str, _Name]]:
    """What a name is found by: itself, without its legal form, and as German without its umlauts."""
    spelt = " ".join(folding.seen(spelt).replace("&", " and ").split())
    words = _WORD.findall(spelt)
    if not words:
        return
    ticker = spelt.startswith("$")
    yield _named(sponsor, words, common, ticker=ticker)
    short = list(words)
    while len(short) > 1 and folding.fold(short[-1]) in LEGAL_FORMS:
        short.pop()
    if len(short) < len(words):
        yield _named(sponsor, short, common, is_short=True)
    if re.search("[äöüÄÖÜ]", spelt):
        plain = spelt.translate(_UMLAUTS)
        yield _named(sponsor, _WORD.findall(plain), common)


def _named(
    sponsor: int, words: list[str], common: dict[str, int], *, ticker: bool = False, is_short: bool = False
) -> tuple[str, _Name]:
    folded = [folding.fold(word) for word in words]
    breaks, key = set(), ""
    for word in folded:
        if key:
            breaks.add(len(key))
        key += word
    own = [word for word, plain in zip(words, folded, strict=True) if plain not in ARTICLES]
    ordinary = own[0] if len(own) == 1 and folding.fold(own[0]) in common else ""
    doubtful = is_short and bool(ordinary)  # “Second Ltd” is no “Second”
    usual = common.get(folding.fold(ordinary), 0) >= USUAL
    return key, _Name(sponsor, " ".join(words), frozenset(breaks), False, ordinary, usual, doubtful, ticker)


def _endings_for(key: str, name: _Name) -> Iterable[str]:
    if name.ticker or len(key) < 3:
        return ()
    return (*ENDINGS_OF_ALL, *ENDINGS) if len(key) >= LONG_ENOUGH else ENDINGS_OF_ALL


def _tokens(words: str) -> Iterator[_Token]:
    """The words of a text; those of a handle or hashtag also where only capitals tell them apart."""
    end, handle = 0, False
    for match in _WORD.finditer(words):
        between = words[end : match.start()]
        handle = between.endswith(("@", "#")) or (handle and between == "_")
        gap = _gap(between) if end else "|"
        parts = list(_CAMEL.finditer(match[0])) if handle else []
        if len(parts) > 1:
            for number, part in enumerate(parts):
                at = match.start() + part.start()
                yield _Token(at, at + len(part[0]), part[0], "" if number else gap, handle and not number)
        else:
            yield _Token(match.start(), match.end(), match[0], gap, handle)
        end = match.end()


def _gap(between: str) -> str:
    if _GLUE.fullmatch(between):
        return ""
    return " " if between.isspace() else "|"


def _verdict(name: _Name, run: list[_Token], breaks: set[int], words: str, is_address: bool) -> bool | None:
    """Whether a run of words is certainly a name; None if it is not at all."""
    spelt, before = words[run[0].start : run[-1].end], words[max(0, run[0].start - 12) : run[0].start]
    if name.ticker:
        return _is_ticker(name, spelt, before)
    if len(name.spelt) <= 2 and spelt != name.spelt:
        return None
    if name.ending and not breaks <= name.breaks:
        return None  # a name, and a word after it that only looks like an ending
    if name.doubtful or (not breaks <= name.breaks and not all(len(token.text) == 1 for token in run)):
        return False
    if name.ordinary:
        return not is_address and _stands_out(name, spelt, before)
    if name.ending:
        return not is_address and spelt[0] != spelt[0].lower() and not folding.ordinary([folding.fold(spelt)])
    return True


def _stands_out(name: _Name, spelt: str, before: str) -> bool:
    """Whether an ordinary word is spelt as only a name is: with its capitals, and not for a sentence that begins with it."""
    if name.spelt.isascii() and not "".join(_WORD.findall(spelt)).isascii():
        return True  # spelt so that it is not found
    if before.endswith(("@", "#")):
        return True
    if name.usual and name.spelt.startswith(name.ordinary) and _SENTENCE_END.search(before):
        return False
    # A name that is written small stands out where it has a capital, and one among capitals may be a name: a person says.
    spellings = {name.ordinary if name.ordinary != name.ordinary.lower() else name.ordinary.capitalize()}
    return any(each in spelt for each in (spellings if name.usual else spellings | {name.ordinary.upper()}))


def _is_ticker(name: _Name, spelt: str, before: str) -> bool | None:
    if before.endswith("$"):
        return True
    if spelt != name.spelt.upper():
        return None
    return bool(_EXCHANGE.search(before)) or (len(spelt) > 2 and not name.ordinary)
