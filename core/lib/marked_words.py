"""Two texts side by side, the words that only one of them has marked with <del> and <ins>."""

import re
from difflib import SequenceMatcher
from html import escape

from django.utils.safestring import SafeString, mark_safe

WORD = re.compile(r"\s+|\w+|[^\w\s]")
MAX_WORDS = 6000


def marked_up(before: str, after: str) -> tuple[SafeString, SafeString, bool]:
    """Both texts as HTML, and whether they differ."""
    if before == after:
        same = _shown(escape(after))
        return same, same, False
    old, new = WORD.findall(before), WORD.findall(after)
    if len(old) + len(new) > MAX_WORDS:
        return _shown(_marked("del", before)), _shown(_marked("ins", after)), True
    left, right = [], []
    for tag, a1, a2, b1, b2 in SequenceMatcher(a=old, b=new, autojunk=False).get_opcodes():
        was, now = "".join(old[a1:a2]), "".join(new[b1:b2])
        left.append(escape(was) if tag == "equal" else _marked("del", was))
        right.append(escape(now) if tag == "equal" else _marked("ins", now))
    return _shown("".join(left)), _shown("".join(right)), True


def _marked(tag: str, text: str) -> str:
    return f"<{tag}>{escape(text)}</{tag}>" if text else ""


def _shown(html: str) -> SafeString:
    return mark_safe(html.replace("\n", "<br>"))
