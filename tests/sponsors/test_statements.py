"""Statements of a bank: each line once, matched by the invoice's number, refused in words where they are none."""

from decimal import Decimal

import pytest
from django.contrib.auth.models import Group
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from core.transitions import TransitionRefused
from sponsors import payments, statements
from sponsors.models import BankLine, Payment
from sponsors.money import ledger
from tests.html import one_line
from tests.sponsors import factories

pytestmark = pytest.mark.django_db

CAMT = """<?xml version="1.0" encoding="UTF-8"?>
<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"><BkToCstmrStmt><Stmt>
<Acct><Id><IBAN>DE89370400440532013000</IBAN></Id></Acct>{entries}</Stmt></BkToCstmrStmt></Document>"""
ENTRY = """<Ntry><Amt Ccy="USD">{amount}</Amt><CdtDbtInd>{way}</CdtDbtInd><Sts><Cd>{status}</Cd></Sts>
<BookgDt><Dt>2026-11-28</Dt></BookgDt><AcctSvcrRef>{bank}</AcctSvcrRef><NtryDtls><TxDtls>
<Refs><EndToEndId>NOTPROVIDED</EndToEndId></Refs>
<RltdPties><Dbtr><Pty><Nm>Northwind Ltd</Nm></Pty></Dbtr></RltdPties>
<RmtInf><Ustrd>{text}</Ustrd></RmtInf></TxDtls></NtryDtls></Ntry>"""
BATCH = """<Ntry><Amt Ccy="USD">30.00</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts>BOOK</Sts><BookgDt><Dt>2026-11-28</Dt></BookgDt>
<AcctSvcrRef>B</AcctSvcrRef><NtryDtls><TxDtls><Amt Ccy="USD">10.00</Amt></TxDtls>
<TxDtls><AmtDtls><TxAmt><Amt Ccy="USD">20.00</Amt></TxAmt></AmtDtls></TxDtls></NtryDtls></Ntry>"""


def camt(*entries):
    return CAMT.format(entries="".join(entries)).encode()


def entry(text, *, amount="1785.00", way="CRDT", status="BOOK", bank="R1"):
    return ENTRY.format(text=text, amount=amount, way=way, status=status, bank=bank)


@pytest.fixture
def sold():
    factories.seller()
    return factories.invoiced()


@pytest.fixture
def number(sold):
    return sold.invoices.get().number


def test_a_line_that_names_an_invoice_pays_it_and_the_same_statement_changes_nothing(sold, number):
    first = camt(
        entry(f"Invoice {number}"), entry("Rent", bank="R2"), entry(number, way="DBIT"), entry(number, status="PDNG")
    )
    assert statements.take(first, by=None) == statements.Outcome(new=2, known=0)
    assert statements.match_new() == 1
    assert statements.take(first + b"\n", by=None) == statements.Outcome(new=0, known=2)
    assert (ledger.balance(sold), Payment.objects.get().paid_on.isoformat()) == (0, "2026-11-28")
    assert BankLine.objects.get(state="open").why == "It names no invoice."


@pytest.mark.parametrize(
    ("spelling", "is_found"),
    [("{0}", True), ("mp 2026/{1}", True), ("Rg. MP{2}.", True), ("{0}1", False), ("X{0}", False), ("MP-2026", False)],
)
def test_a_number_is_found_however_it_is_spaced_and_in_no_longer_one(number, spelling, is_found):
    text = spelling.format(number, number[-5:], number[3:].replace("-", ""))
    text = text.replace("2026", number[3:7])
    assert bool(statements.named_in(text)) == is_found


PART = "<TxDtls>{amount}<RmtInf><Ustrd>MP-2026-00001</Ustrd></RmtInf></TxDtls>"
TEN, FEE = '<Amt Ccy="USD">10.00</Amt>', '<Amt Ccy="USD">5.00</Amt><CdtDbtInd>DBIT</CdtDbtInd>'


@pytest.mark.parametrize(
    ("sum_", "parts", "amounts"),
    [
        ("20.00", [TEN, TEN], [10, 10]),
        ("5.00", [TEN, FEE], [10]),
        ("30.00", ["", ""], [30]),
        ("30.00", [TEN, ""], [30]),
        ("30.00", [TEN, TEN], [30]),
        ("9.00", [TEN], [9]),  # a fee went off
    ],
)
def test_an_entry_of_several_payments_is_as_many_lines_or_one_that_names_no_invoice(sum_, parts, amounts):
    told = "".join(PART.format(amount=amount) for amount in parts)
    whole = BATCH.replace("30.00", sum_)
    whole = whole[: whole.index("<TxDtls>")] + told + whole[whole.rindex("</NtryDtls>") :]
    rows = statements.read(camt(whole))
    assert [row.amount for row in rows] == amounts
    assert ("MP-2026" in rows[0].text) == (sum_ != "30.00")


def test_an_entry_that_stands_for_several_payments_is_as_many_lines():
    assert [row.amount for row in statements.read(camt(BATCH))] == [Decimal(10), Decimal(20)]


@pytest.mark.parametrize(
    ("head", "rows", "amounts"),
    [
        ("Soll/Haben", ["S;5,00", "H;7,00"], [7]),
        ("Debit/Credit", ["DBIT;5.00", "Credit;7.00"], [7]),
        ("Debit", ["5.00;", ";7.00"], [7]),
    ],
)
def test_what_went_out_is_no_income_though_its_amount_has_no_sign(head, rows, amounts):
    lines = "".join(f"{row};28.11.2026;x\n" for row in rows)
    amount = "Credit" if head == "Debit" else "Betrag"
    content = f"{head};{amount};Datum;Text\n{lines}".encode()
    assert [row.amount for row in statements.read(content)] == amounts
    with pytest.raises(statements.Unreadable, match="neither debit nor credit"):
        statements.read(b"S/H;Betrag;Datum;Text\nX;5,00;28.11.2026;x\n")


def test_the_same_money_told_twice_counts_once_and_by_hand_only_after_a_question(sold, number, client):
    payments.receive(sold, Decimal("1785.00"), currency="USD", paid_on=factories.today())
    statements.take(camt(entry(number)), by=None)
    assert statements.match_new() == 0
    line = BankLine.objects.get()
    assert "is paid already (recorded on" in line.why
    client.force_login(factories.user("chief@example.com", is_staff=True, is_superuser=True))
    settle = reverse("admin:sponsors_bankline_settle", args=[line.pk])
    assert "Is this another payment" in one_line(client.post(settle, {"match": "1", "number": number}).content)
    assert Payment.objects.count() == 1
    client.post(settle, {"match": "over", "number": number})
    assert ledger.balance(sold) == Decimal("-1785.00")


def test_a_line_that_fails_stops_no_other(sold, number):
    content = camt(entry(number, amount="10.00"), entry(number, amount="20.00", bank="R2"))
    statements.take(content.replace(b"10.00", b"9999999999.00"), by=None)
    assert statements.match_new() == 1
    assert ledger.balance(sold) == Decimal("1765.00")


CSV = """Kontoauszug;;;
Buchungstag;Betrag;Verwendungszweck;Auftraggeber
28.11.2026;1.785,00;{number};Müller
28.11.2026;10,00;Spende;Meier
28.11.2026;10,00;Spende;Meier
28.11.2026;-5,00;Gebühr;Bank
"""


@pytest.mark.parametrize("encoding", ["utf-8-sig", "cp1252"])
def test_csv_is_read_as_banks_write_it_and_two_alike_are_two(sold, number, encoding):
    content = CSV.format(number=number).encode(encoding)
    assert statements.take(content, currency="USD", by=None) == statements.Outcome(new=3, known=0)
    assert statements.match_new() == 1
    assert Payment.objects.get().note == "Müller"
    assert statements.take(content, currency="USD", by=None).known == 3


LAUGHS = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]><Document>&b;</Document>'
OUTSIDE = b'<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><Document>&a;</Document>'


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (LAUGHS, "defines entities"),
        (OUTSIDE, "defines entities"),
        (b"<Document>", "not whole"),
        (b"<Document/>", "CAMT.053"),
        (b"\x00\x01", "neither"),
        (b"a;b\n1;2", "no columns"),
        (b"date,amount,text\n2026-11-28,1.00,y\n2026-11-28,many,x", "Row 3 of the file: “many” is no amount such as"),
        (b"date,amount,text\n2026-11-28,1e9,x", "no amount"),
        (b"date,amount,text\n2026-13-28,1.00,x", "no day"),
        (b"date,amount,text\n2026-11-28,1.005,x", "fractions"),
        (b" " * (5 * 1024 * 1024 + 1), "larger"),
    ],
)
def test_what_is_no_statement_is_refused_in_words_and_nothing_is_taken(content, words):
    with pytest.raises(statements.Unreadable, match=words):
        statements.take(content, by=None)
    assert not BankLine.objects.exists()


def test_a_line_is_settled_once_by_hand_or_set_aside_with_a_reason(sold, client):
    statements.take(camt(entry("No number"), entry("Rent", bank="R2")), by=None)
    assert statements.match_new() == 0
    paid, rent = BankLine.objects.order_by("pk")
    row = factories.user("sponsors@example.com")
    row.groups.add(Group.objects.get(name="sponsorship manager"))
    client.force_login(row)
    settle = reverse("admin:sponsors_bankline_settle", args=[paid.pk])
    offered = one_line(client.get(settle).content)
    assert f'<option value="{sold.invoices.get().number}">Northwind Custody: USD 1785.00</option>' in offered
    assert "(as much as came in)" in offered
    assert "no invoice of this number" in one_line(client.post(settle, {"match": "1", "number": "X"}).content)
    assert client.post(settle, {"match": "1", "number": sold.invoices.get().number}, follow=True).status_code == 200
    assert ledger.balance(sold) == 0
    with pytest.raises(TransitionRefused, match="already"):
        statements.match(BankLine.objects.get(pk=paid.pk), sold.invoices.get(), by=None)
    client.post(reverse("admin:sponsors_bankline_settle", args=[rent.pk]), {"aside": "1", "why": "Rent"})
    assert sorted(BankLine.objects.values_list("state", flat=True)) == ["aside", "matched"]


def test_a_statement_is_read_at_the_desk(sold, number, client):
    client.force_login(factories.user("chief@example.com", is_staff=True, is_superuser=True))
    read = reverse("admin:sponsors_bankline_read")
    bad = SimpleUploadedFile("x.xml", LAUGHS)
    assert "defines entities" in one_line(client.post(read, {"statement": bad, "currency": "USD"}).content)
    good = SimpleUploadedFile("x.xml", camt(entry(number)))
    answer = client.post(read, {"statement": good, "currency": "USD"}, follow=True)
    assert "1 line new. What names an invoice is matched" in one_line(answer.content)
