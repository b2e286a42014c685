"""Plain text from anywhere is stored, sent and shown without what breaks a line or hides in one."""

from email import policy
from email.message import EmailMessage
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.lib.text import one_line, prose, storable

_ODD = st.text(
    st.one_of(st.characters(), st.sampled_from("\0\x0b\x1b\x1c\x7f\x85\u200b\u2028\u202e\u2066\ufeff a\n\r"))
)
LINE_ENDS = ["\n", "\r\n", "\r", "\v", "\f", "\x1c", "\x1d", "\x1e", "\x85", "\u2028", "\u2029"]


@pytest.mark.parametrize("end", LINE_ENDS)
def test_every_line_end_is_a_space_in_one_line_and_a_newline_in_prose(end):
    assert one_line(f" Six{end}bridges{end}") == "Six bridges"
    assert prose(f"Six{end}bridges") == "Six\nbridges"


@pytest.mark.parametrize(
    "unfit", ["\0", "\x01", "\x1f", "\x7f", "\x80", "\x9f", "\ud800", "\ufeff", "\ufffe", "\uffff"]
)
def test_what_cannot_be_stored_is_left_out(unfit):
    assert storable(f"a{unfit}b") == prose(f"a{unfit}b") == one_line(f"a{unfit}b") == "ab"


@pytest.mark.parametrize("hidden", ["\u200b", "\u202a", "\u202e", "\u2060", "\u2066", "\u2069", "\ufff9"])
def test_what_nobody_sees_stays_in_markup_and_code_but_not_in_words(hidden):
    assert storable(f"a{hidden}b") == f"a{hidden}b"
    assert prose(f"a{hidden}b") == one_line(f"a{hidden}b") == "ab"


@pytest.mark.parametrize("text", ["👩\u200d🚀", "می\u200cخواهم", "שלום\u200f!", "a\u00adb"])
def test_what_scripts_and_emoji_need_stays(text):
    assert one_line(text) == prose(text) == text


@pytest.mark.parametrize(
    "nothing",
    [
        "\u200d",
        "\u00ad",
        "\u200e \u200f",
        "\u3164",
        "\u2800\u2800",
        "\ufe0f",
        "\u034f",
        "\U000e0041",
        "\u180e",
        "\u00a0\u2003",
    ],
)
def test_of_a_text_in_which_there_is_nothing_to_see_nothing_is_left(nothing):
    assert one_line(nothing) == ""
    assert one_line(f"Moon{nothing}press").replace(nothing, "").replace(" ", "") == "Moonpress"


def test_tags_stay_in_flags_and_go_elsewhere():
    england = "\U0001f3f4\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f"
    assert one_line(f"Up {england}") == f"Up {england}"
    assert one_line("a\U000e0041\U000e0042b") == "ab"


def test_markup_keeps_its_lines_and_tabs():
    assert storable("a\r\n\tb\rc\n") == "a\n\tb\nc\n"


@given(_ODD)
def test_any_text_becomes_one_line_that_a_header_and_a_feed_take(text):
    line = one_line(text)
    message = EmailMessage(policy=policy.SMTP)
    message["Subject"] = line  # raises ValueError for what would be two
    assert len(line.splitlines()) <= 1
    assert ET.fromstring(f"<a>{line.replace('&', '').replace('<', '')}</a>") is not None
    assert one_line(line) == line


@given(_ODD)
def test_cleaning_prose_twice_changes_nothing(text):
    assert prose(prose(text)) == prose(text)
    assert storable(storable(text)) == storable(text)
