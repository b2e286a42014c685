"""A bank's statement: read from CAMT.053 or CSV, each line once, and matched by the invoice's number in its text."""

import csv
import io
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from hashlib import sha256
from typing import Any

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import ParseError, fromstring
from django.db import transaction

from core import doorbell
from core.lib import batches
from core.lib.text import one_line
from core.models import User
from core.transitions import TransitionRefused, lock
from sponsors import payments
from sponsors.models import BankLine, Invoice, Payment
from sponsors.models.catalogue import money
from sponsors.money import ledger

TASK = "sponsors.tasks.match_bank_lines"

LARGEST = 5 * 1024 * 1024
MOST_LINES = 20_000
OFFERED = 200  # invoices to match by hand
CAMT = re.compile(r"\{urn:iso:std:iso:20022:tech:xsd:camt\.053\.001\.\d\d\}Document")
# What columns are called, in English and in German, in small letters.
COLUMNS = {
    "day": ("date", "booking date", "booked on", "buchungstag", "buchungsdatum", "datum"),
    "amount": ("amount", "betrag", "umsatz", "betrag (eur)", "credit", "haben", "gutschrift"),
    "currency": ("currency", "währung", "waehrung"),
    "payer": (
        "payer",
        "name",
        "counterparty",
        "debtor",
        "auftraggeber",
        "zahlungspflichtiger",
        "beguenstigter/zahlungspflichtiger",
    ),
    "text": ("text", "reference", "description", "remittance information", "verwendungszweck", "purpose"),
    "id": ("id", "transaction id", "bank reference", "referenz"),
}
WAY = re.compile(r"soll.*haben|haben.*soll|debit.*credit|credit.*debit|^(?:s/h|d/c|c/d|dr/cr|cr/dr)$")
IN, OUT = (
    ("h", "haben", "c", "cr", "crdt", "credit", "gutschrift"),
    ("s", "soll", "d", "dr", "dbit", "debit", "lastschrift"),
)
NEEDED = ("day", "amount", "text")
DAYS = ("%Y-%m-%d", "%d.%m.%Y", "%d.%m.%y", "%d/%m/%Y")


class Unreadable(Exception):
    """The file is no statement that can be read; the text says why. Nothing was taken from it."""


@dataclass(frozen=True, slots=True)
class Row:
    """An amount that came in, as the bank tells of it."""

    booked_on: date
    amount: Decimal
    currency: str
    payer: str
    text: str
    account: str = ""
    bank_id: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a file: lines that were new, and lines known before."""

    new: int
    known: int


class PaidAlready(TransitionRefused):
    """Less is owed than came in, which may be the same money told twice."""


def take(content: bytes, *, name: str = "", currency: str = "EUR", by: User | None) -> Outcome:
    """Read a statement and keep its lines that are new; a worker matches what can be. Raises Unreadable."""
    rows = read(content, currency=currency)
    keyed = list(zip(_keys(rows), rows, strict=True))
    known = set(BankLine.objects.filter(key__in=[key for key, _ in keyed]).values_list("key", flat=True))
    new = [_line(key, row, name, by) for key, row in keyed if key not in known]
    BankLine.objects.bulk_create(new, ignore_conflicts=True)
    doorbell.ring(TASK)
    return Outcome(len(new), len(keyed) - len(new))


def match_new() -> int:
    """Match the lines that nobody looked at yet, each by itself; return how many could be."""
    lines = BankLine.objects.filter(state=BankLine.State.OPEN, why="").select_related("read_by").order_by("pk")
    return sum(batches.each(lines, lambda line: _match_by_text(line, line.read_by)))


def _line(key: str, row: Row, name: str, by: User | None) -> BankLine:
    return BankLine(
        key=key,
        account=row.account[:40],
        booked_on=row.booked_on,
        amount=row.amount,
        currency=row.currency,
        payer=one_line(row.payer)[:140],
        text=one_line(row.text)[:500],
        file_name=one_line(name)[:120],
        read_by=by,
    )


def _keys(rows: Sequence[Row]) -> Iterator[str]:
    """By the bank's own reference, if it gives one; else by all that a line says, and by how often it said so before."""
    seen: Counter[str] = Counter()
    for row in rows:
        facts = [row.account, row.bank_id] if row.bank_id else [row.account, row.payer, row.text]
        told = "\x1f".join([*facts, row.booked_on.isoformat(), str(row.amount), row.currency])
        seen[told] += 1
        yield sha256(f"{told}\x1f{seen[told]}".encode()).hexdigest()


def _match_by_text(line: BankLine, by: User | None) -> bool:
    """Match a line whose text names the invoices of one booking; else say why it stays open."""
    found = named_in(line.text)
    bookings = {each.booking_id for each in found}
    if len(bookings) == 1:
        try:
            match(line, found[0], by=by)
            return True
        except TransitionRefused as refusal:
            why = str(refusal)
    else:
        why = "It names invoices of several bookings." if bookings else "It names no invoice."
    BankLine.objects.filter(pk=line.pk, state=BankLine.State.OPEN).update(why=why[:200])
    return False


def named_in(text: str) -> list[Invoice]:
    """The invoices whose numbers stand in a text, however they are spaced."""
    digits = re.sub(r"\D", "", text)
    serials = {int(digits[place + 4 : place + 9]) for place in range(len(digits) - 8) if digits.startswith("20", place)}
    if not serials:
        return []
    candidates = Invoice.objects.filter(kind=Invoice.Kind.INVOICE, serial__in=serials).select_related("booking")
    return [each for each in candidates if _as_typed(each.number).search(text.upper())]


def _as_typed(number: str) -> re.Pattern[str]:
    bare = re.sub(r"[^A-Z0-9]", "", number)
    return re.compile(r"(?<![A-Z0-9])" + r"[\s./_-]*".join(bare) + r"(?!\d)")


def owed_like(line: BankLine) -> list[tuple[Invoice, Decimal]]:
    """Invoices that stand and of which something is owed in a line's currency, with what: those of its amount on top."""
    owed: Any = ledger.owed()
    balances = dict(owed.filter(balance__gt=0, currency=line.currency).values_list("pk", "balance")[:OFFERED])
    standing: dict[int, Invoice] = {}
    for each in Invoice.objects.filter(booking__in=balances).standing().select_related("booking__sponsor"):
        standing.setdefault(each.booking_id, each)
    rows = [(standing[pk], balance) for pk, balance in balances.items() if pk in standing]
    return sorted(rows, key=lambda row: row[1] != line.amount)


def match(line: BankLine, invoice: Invoice, *, by: User | None, is_over: bool = False) -> None:
    """Take a line as a payment of an invoice's booking; `is_over` where that may be more than is owed, as somebody knows.

    Raises TransitionRefused; PaidAlready, where less is owed.
    """
    with transaction.atomic():
        lock(line)
        if line.state == BankLine.State.MATCHED:
            raise TransitionRefused("It is matched already. Where that was wrong, adjust the account of its booking.")
        lock(invoice.booking)
        if not is_over and line.currency == invoice.currency:
            _refuse_over(line, invoice)
        payment = payments.receive(
            invoice.booking,
            line.amount,
            currency=line.currency,
            paid_on=line.booked_on,
            reference=f"bank:{line.key}",
            note=line.payer,
            by=by,
        )
        BankLine.objects.filter(pk=line.pk).update(state=BankLine.State.MATCHED, payment=payment, why="")
        line.refresh_from_db()


def _refuse_over(line: BankLine, invoice: Invoice) -> None:
    owed = ledger.balance(invoice.booking)
    if line.amount <= owed:
        return
    if owed > 0:
        raise PaidAlready(f"Only {money(owed, line.currency)} of {invoice.number} is still owed.")
    paid = invoice.booking.payments.filter(kind=Payment.Kind.PAYMENT).first()
    when = f" (recorded on {paid.recorded_at:%-d %b %Y})" if paid else ""
    raise PaidAlready(f"{invoice.number} is paid already{when}." if paid else f"Nothing is owed for {invoice.number}.")


def set_aside(line: BankLine, *, why: str) -> None:
    """Take a line for no sponsor's. Raises TransitionRefused."""
    why = one_line(why)[:200]
    if not why:
        raise TransitionRefused("Say what it is.")
    changed = BankLine.objects.filter(pk=line.pk, state=BankLine.State.OPEN).update(state=BankLine.State.ASIDE, why=why)
    if not changed:
        raise TransitionRefused("Somebody has settled it meanwhile: open it again to see how.")


def read(content: bytes, *, currency: str = "EUR") -> list[Row]:
    """What came in, by a statement. Raises Unreadable."""
    if len(content) > LARGEST:
        raise Unreadable(
            f"The file is larger than {LARGEST // 1024 // 1024} MB. Download the statement in smaller parts."
        )
    is_xml = content.lstrip(b"\xef\xbb\xbf \r\n\t").startswith(b"<")
    rows = list(_camt(content) if is_xml else _csv(content, currency))
    if len(rows) > MOST_LINES:
        raise Unreadable(f"The file has more than {MOST_LINES:,} lines. Download the statement in smaller parts.")
    return rows


# CAMT.053 (ISO 20022, "Bank to Customer Statement")


def _camt(content: bytes) -> Iterator[Row]:
    try:
        root = fromstring(content, forbid_dtd=True)
    except DefusedXmlException:
        raise Unreadable("The file defines entities, as no bank’s statement does. Nothing was read.") from None
    except (ParseError, ValueError, LookupError):
        raise Unreadable("The file begins like XML, and is not whole. Download it again.") from None
    if not CAMT.fullmatch(root.tag):
        raise Unreadable("The file is no statement of the kind CAMT.053. Choose that kind, or CSV, at your bank.")
    for each in root.iter():
        each.tag = each.tag.rpartition("}")[2]
    for statement in root.iter("Stmt"):
        account = _text(statement, "Acct/Id/IBAN") or _text(statement, "Acct/Id/Othr/Id")
        for entry in statement.iter("Ntry"):
            yield from _entry(entry, account)


def _entry(entry: Any, account: str) -> Iterator[Row]:
    """The amounts of an entry: it may stand for many that came in together."""
    status = _text(entry, "Sts/Cd") or _text(entry, "Sts")
    if _text(entry, "CdtDbtInd") != "CRDT" or status not in ("BOOK", "") or _text(entry, "RvslInd") == "true":
        return
    day = _day((_text(entry, "BookgDt/Dt") or _text(entry, "BookgDt/DtTm") or _text(entry, "ValDt/Dt"))[:10])
    parts = [each for details in entry.findall("NtryDtls") for each in details.findall("TxDtls")]
    batch, whole = _text(entry, "AcctSvcrRef"), _told(entry.find("Amt"))
    if len(parts) > 1 and not _adds_up(parts, whole):
        words = f"A batch of {len(parts)} payments, of which the bank tells the sum: match it by hand"
        yield Row(day, *whole, payer="", text=words, account=account, bank_id=f"{batch}/1" if batch else "")
        return
    for place, part in enumerate(parts or [entry], start=1):
        if len(parts) > 1 and _text(part, "CdtDbtInd") == "DBIT":
            continue  # a fee, or what went back
        reference = _text(part, "Refs/AcctSvcrRef") or batch
        amount, currency = _told(_part_amount(part)) if len(parts) > 1 else whole
        yield Row(
            booked_on=day,
            amount=amount,
            currency=currency,
            payer=_text(part, "RltdPties/Dbtr/Nm") or _text(part, "RltdPties/Dbtr/Pty/Nm"),
            text=_words(part, entry),
            account=account,
            bank_id=f"{reference}/{place}" if reference else "",
        )


def _part_amount(part: Any) -> Any:
    found = part.find("Amt")
    return found if found is not None else part.find("AmtDtls/TxAmt/Amt")


def _told(amount: Any) -> tuple[Decimal, str]:
    if amount is None:
        raise Unreadable("An entry of the file has no amount. Download the statement again.")
    return _amount(amount.text or ""), _currency(amount.get("Ccy", ""))


def _adds_up(parts: Sequence[Any], whole: tuple[Decimal, str]) -> bool:
    """Whether the bank tells the amount of each part of an entry, and they come to its sum."""
    found = [(_part_amount(part), _text(part, "CdtDbtInd") == "DBIT") for part in parts]
    if any(amount is None or amount.get("Ccy") != whole[1] for amount, _ in found):
        return False
    return sum(-_told(amount)[0] if is_debit else _told(amount)[0] for amount, is_debit in found) == whole[0]


def _words(part: Any, entry: Any) -> str:
    said = [each.text or "" for each in part.findall("RmtInf/Ustrd")]
    said += [each.text or "" for each in part.findall("RmtInf/Strd/CdtrRefInf/Ref")]
    end_to_end = _text(part, "Refs/EndToEndId")
    said += [end_to_end] if end_to_end not in ("", "NOTPROVIDED") else []
    return " ".join(said) or _text(entry, "AddtlNtryInf")


def _text(element: Any, path: str) -> str:
    return (element.findtext(path) or "").strip()


# CSV, as banks and spreadsheets write it


def _csv(content: bytes, currency: str) -> Iterator[Row]:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("cp1252", "replace")
    if "\0" in text:
        raise Unreadable("The file is neither CAMT.053 nor CSV.")
    separator = max(";,\t", key=text[:2000].count)
    try:
        table = list(csv.reader(io.StringIO(text, newline=""), delimiter=separator))
    except csv.Error:
        raise Unreadable("The file is no CSV that can be read.") from None
    places, head = _header(table)
    for number, row in enumerate(table[head + 1 :], start=head + 2):
        cells = {name: row[place].strip() for name, place in places.items() if place < len(row)}
        try:
            found = _row(cells, currency, has_ways="way" in places)
        except Unreadable as error:
            raise Unreadable(
                f"Row {number} of the file: {error} Nothing was read: mend it, and send the file again."
            ) from None
        if found:
            yield found


def _row(cells: dict[str, str], currency: str, *, has_ways: bool) -> Row | None:
    """What came in by a row of a table; None where nothing did. Raises Unreadable."""
    if not cells.get("amount") or not cells.get("day") or (has_ways and not _came_in(cells.get("way", ""))):
        return None
    if (amount := _amount(cells["amount"])) <= 0:
        return None
    return Row(
        booked_on=_day(cells["day"]),
        amount=amount,
        currency=_currency(cells.get("currency") or currency),
        payer=cells.get("payer", ""),
        text=cells.get("text", ""),
        bank_id=cells.get("id", ""),
    )


def _header(table: Sequence[Sequence[str]]) -> tuple[dict[str, int], int]:
    """Where each column is, and the line that says so: banks write some lines about the account above it."""
    for line, row in enumerate(table[:30]):
        names = [cell.strip().lower() for cell in row]
        places = {
            column: next(names.index(one) for one in called if one in names)
            for column, called in COLUMNS.items()
            if any(one in names for one in called)
        }
        if all(column in places for column in NEEDED):
            ways = [place for place, name in enumerate(names) if WAY.search(name) and place != places["amount"]]
            return places | ({"way": ways[0]} if ways else {}), line
    raise Unreadable(
        "The file has no columns named date, amount and reference (or Buchungstag, Betrag, Verwendungszweck)."
    )


def _came_in(way: str) -> bool:
    """By the column that says so, where amounts have no sign. Raises Unreadable."""
    for is_in, words in ((True, IN), (False, OUT)):
        if way.lower().strip("+. ") in words or (way, is_in) in (("+", True), ("-", False)):
            return is_in
    raise Unreadable(f"“{way[:20]}” says neither debit nor credit (S or H, D or C, Soll or Haben).")


def _day(text: str) -> date:
    for form in DAYS:
        try:
            return datetime.strptime(text, form).date()  # noqa: DTZ007 (a bank's day has no zone)
        except ValueError:
            continue
    raise Unreadable(f"“{text[:30]}” is no day such as 2026-11-30 or 30.11.2026.")


def _amount(text: str) -> Decimal:
    """An amount in either way of writing: 1,234.56 or 1.234,56. What came last is the point."""
    bare = re.sub(r"[\s'’\u00a0]", "", text)
    if "," in bare and bare.rfind(",") > bare.rfind("."):
        bare = bare.replace(".", "").replace(",", ".")
    else:
        bare = bare.replace(",", "")
    if not re.fullmatch(r"[+-]?\d{1,10}(?:\.\d{1,5})?", bare):
        raise Unreadable(f"“{text[:30]}” is no amount such as 1,234.56 or 1.234,56.")
    try:
        amount = Decimal(bare)
        cents = amount.quantize(Decimal("0.01"))
    except InvalidOperation:
        raise Unreadable(f"“{text[:30]}” is no amount.") from None
    if amount != cents:
        raise Unreadable(f"“{text[:30]}” has fractions of a cent.")
    return cents


def _currency(text: str) -> str:
    code = text.strip().upper().replace("€", "EUR").replace("$", "USD")
    if not re.fullmatch("[A-Z]{3}", code):
        raise Unreadable(f"“{text[:10]}” is no currency such as EUR.")
    return code
