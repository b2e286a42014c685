"""The text of an export's bytes, whatever encoding they are in."""

from articles.importing.posts import ImportRefused

MAX_FILE = 512 * 1024 * 1024
_MARKS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))


def decode(data: bytes, encoding: str | None = None) -> tuple[str, str]:
    """The text of a file and the encoding it was read in: the one given, that of its byte order mark, or UTF-8."""
    if len(data) > MAX_FILE:
        raise ImportRefused(
            f"The file is {len(data) >> 20} MB; at most {MAX_FILE >> 20} MB can be read at once. Split it."
        )
    if not encoding:
        encoding = (
            next((name for mark, name in _MARKS if data.startswith(mark)), None) or _silent_utf16(data) or "utf-8"
        )
    try:
        return data.decode(encoding), encoding
    except LookupError:
        raise ImportRefused(f"There is no encoding called “{encoding}”.") from None
    except UnicodeDecodeError as error:
        raise ImportRefused(_explain(data, encoding, error)) from None


def _silent_utf16(data: bytes) -> str | None:
    """The kind of UTF-16 that lacks its mark, recognised by a zero in every second byte of Western text."""
    head = data[:2000]
    for name, offset in (("utf-16-le", 1), ("utf-16-be", 0)):
        if (
            len(head) > 20
            and head[offset::2].count(0) > 0.4 * len(head)
            and head[1 - offset :: 2].count(0) < 0.05 * len(head)
        ):
            return name
    return None


def _explain(data: bytes, encoding: str, error: UnicodeDecodeError) -> str:
    line = data.count(b"\n", 0, error.start) + 1
    message = f"Line {line}: byte 0x{data[error.start]:02x} is not {encoding.upper()}, so the file is not in that encoding. Nothing was imported."
    for guess in ("cp1252", "latin-1"):
        try:
            around = data[max(error.start - 20, 0) : error.start + 20].decode(guess)
        except UnicodeDecodeError:
            continue
        return f"{message} Read as {guess} it says “…{' '.join(around.split())}…”: if that is right, run again with --encoding {guess}, or save the file as UTF-8."
    return message
