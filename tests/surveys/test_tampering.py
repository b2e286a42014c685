"""Whatever is changed in the published files or behind our back in the database is found, and an honest record holds."""

import copy
import csv
import importlib.util
import io
import json
import subprocess
import sys
from datetime import timedelta
from hashlib import sha256
from types import SimpleNamespace

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.test import Client, TestCase, override_settings

from core.models import User
from surveys import ballots, keys, ledger, merkle, papers, release, seasons, verification
from surveys.models import Ballot, LedgerEntry, Season, TreeHead
from surveys.public_record_views import VERIFIER
from tests.surveys.factories import cast, draft_season, seal_and_open

pytestmark = pytest.mark.django_db

FORGER = Ed25519PrivateKey.from_private_bytes(b"f" * 32)
METHODS = {
    "plurality": [([["ada"]], 5), ([["bit"]], 3), ([["coin"]], 1)],
    "approval": [([["ada", "bit"]], 4), ([["bit"]], 3)],
    "irv": [([["ada"]], 4), ([["bit"], ["ada"]], 3), ([["coin"], ["bit"]], 2)],
    "schulze": [([["ada"], ["bit"], ["coin"]], 4), ([["bit"], ["coin"]], 3)],
    "score": [({"ada": 5, "bit": 2}, 2), ({"bit": 4}, 2)],
}


@pytest.fixture(scope="module")
def season(django_db_setup, django_db_blocker, tmp_path_factory):
    """A released season with a category of every method, a void and a superseded ballot, a withdrawal; each test is undone after itself."""
    folder = tmp_path_factory.mktemp("peppers")
    with (
        django_db_blocker.unblock(),
        override_settings(VAR=folder, BALLOT_PEPPER_FOLDER=folder),
        transaction.atomic(),
    ):
        with TestCase.captureOnCommitCallbacks(execute=True):
            made = a_season_of_all_methods()
        yield made
        transaction.set_rollback(True)


def a_season_of_all_methods():
    season = draft_season(categories=METHODS, nominees=("ada", "bit", "coin", "doge"))
    for category in season.categories.all():
        type(category).objects.filter(pk=category.pk).update(method=category.slug)
    season = seal_and_open(season)
    steward = User.objects.create_user("steward@example.com", name="Steward")
    categories = {category.slug: category for category in season.categories.all()}
    for slug, piles in METHODS.items():
        for choice, number in piles:
            cast(categories[slug], choice, number, sealed=True)
    ledger.void(categories["plurality"].ballots.first(), reason="bought in bulk")
    (earlier,) = cast(categories["approval"], [["coin"]], sealed=True)
    later = categories["approval"].ballots.exclude(pk=earlier.pk).first()
    again = {"state": "superseded", "reason": ballots.VOTED_AGAIN, "voter_key": later.voter_key}
    Ballot.objects.filter(pk=earlier.pk).update(**again)
    before = papers.times_of(season)
    season.closes_at += timedelta(hours=1)
    season.save()
    papers.tell_moved(season, before=before)
    papers.withdraw(categories["irv"].nominees.get(slug="doge"), reason="asked to", by=steward)
    seasons.close(season)
    for category in season.categories.all():
        release.tally(category)
    release.release_season(season)
    return season


@pytest.fixture(scope="module")
def program():
    """The verifier as a module: the site's copy is run as a program below."""
    spec = importlib.util.spec_from_file_location("verify", VERIFIER)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def published(season):
    """The files as anybody downloads them."""
    files = {
        name: Client().get(f"/awards/{season.slug}/{name}").content.decode()
        for name in ("ledger.json", "ballots.csv", "verify.py")
    }
    key = keys.signing_key()
    return SimpleNamespace(
        ledger=json.loads(files["ledger.json"]),
        ballots=list(csv.DictReader(io.StringIO(files["ballots.csv"]))),
        program=files["verify.py"],
        signer=key,
        key=key.public_key().public_bytes_raw().hex(),
        arguments=[],
        older=None,
    )


@pytest.fixture
def record(published):
    return SimpleNamespace(
        **vars(published)
        | {name: copy.deepcopy(getattr(published, name)) for name in ("ledger", "ballots", "arguments")}
    )


@pytest.fixture
def verify(record, program, tmp_path, capsys):
    def run():
        arguments = [tmp_path / "ledger.json", tmp_path / "ballots.csv", "--key", record.key, *record.arguments]
        arguments[0].write_text(json.dumps(record.ledger))
        with arguments[1].open("w") as file:
            rows = csv.DictWriter(
                file, ["index", "receipt", "category", "choice", "nonce", "state", "reason", "weight", "jury"]
            )
            rows.writeheader()
            rows.writerows(record.ballots)
        if record.older:
            (tmp_path / "older.json").write_text(json.dumps(record.older))
            arguments += ["--with", tmp_path / "older.json"]
        return program.main(list(map(str, arguments))), capsys.readouterr().out

    return run


def test_an_honest_record_holds(record, verify):
    record.older = copy.deepcopy(record.ledger)
    record.arguments = [record.ledger["leaves"][7]]
    code, said = verify()
    assert code == 0, said
    for line in ("Receipt", "leaf 7", "hold.", "7  Bit  (winner)", "Irv: irv, 9 ballots"):
        assert line in said


def test_an_older_copy_of_the_same_ledger_holds_beside_a_newer(record, verify):
    whole = copy.deepcopy(record.ledger)
    cut_off(record)
    record.older, record.ledger = record.ledger, whole
    code, said = verify()
    assert code == 0, said


def test_the_site_s_own_copy_runs_by_itself_knows_the_key_and_vouches_for_no_count_it_did_not_make(published, tmp_path):
    (tmp_path / "verify.py").write_text(published.program)
    (tmp_path / "ledger.json").write_text(json.dumps(published.ledger))
    command = [sys.executable, "-I", "verify.py", "ledger.json"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert f'KEY = "{published.key}"' in published.program
    assert done.returncode == 1, done.stderr
    assert done.stdout.splitlines()[-1] == "The count was not checked: give ballots.csv, too."


# Files


def ballot(record, **wanted):
    return next(each for each in record.ballots if all(each[name] == value for name, value in wanted.items()))


def edit(**changes):
    return lambda record: ballot(record, category="plurality", state="cast").update(changes)


def statement(record, kind, category=None):
    """A statement of the ledger with its index."""
    for index, each in record.ledger["statements"].items():
        if kind in each and category in (None, each[kind].get("category") if kind == "result" else None):
            return index, each
    raise LookupError(kind)


def withhold(kind):
    return lambda record: record.ledger["statements"].pop(statement(record, kind)[0])


def say_otherwise(kind, change):
    return lambda record: change(statement(record, kind)[1])


def moved(**changes):
    """The ledger tells of the moved close otherwise, and is signed anew by us."""

    def tampering(record):
        statement(record, "moved")[1]["moved"]["closes_at"] |= changes
        signed_again(record)

    return tampering


def told_at(at, **steps):
    """The ledger tells that the times were moved at another time, and is signed anew by us."""

    def tampering(record):
        said = statement(record, "moved")[1]
        said["at"] = at
        for name, to in steps.items():
            before = record.ledger["statements"]["0"]["paper"]["times"].get(name, "2099-01-01T00:00:00Z")
            said["moved"].setdefault(name, {"from": before})["to"] = to
        signed_again(record)

    return tampering


def moved_at_the_end(at=None):
    """After the results, the close is moved as if that had been done while it was yet to come."""

    def tampering(record):
        earlier = statement(record, "moved")[1]
        step = {"from": earlier["moved"]["closes_at"]["to"], "to": "2099-01-01T00:00:00Z"}
        append(record, earlier | {"moved": {"closes_at": step}, "at": at or earlier["at"]})
        signed_again(record)

    return tampering


def swap(rows, name, first=0, second=1):
    rows[first][name], rows[second][name] = rows[second][name], rows[first][name]


def signed_again(record, key=None):
    """The whole tree made and signed anew over what the record says now."""
    key, book = key or record.signer, record.ledger
    for index, each in book["statements"].items():
        book["leaves"][int(index)] = merkle.leaf_hash(ledger.canonical_json(each)).hex()
    for number, head in enumerate(book["heads"], 1):
        leaves = [bytes.fromhex(leaf) for leaf in book["leaves"][: head["size"]]]
        stated = sum(int(index) < head["size"] for index in book["statements"])
        head |= {"number": number, "root": merkle.root_of(leaves).hex(), "statements": stated}
        names = ("number", "size", "statements", "root", "signed_at")
        said = {"season": book["season"]} | {name: head[name] for name in names}
        head["signature"] = key.sign(ledger.canonical_json(said)).hex()
        head["public_key"] = key.public_key().public_bytes_raw().hex()


def rewritten(record, key=None, **changes):
    """Another choice on a ballot, with the leaf and the tree made to fit."""
    row = ballot(record, category="plurality", state="cast", choice='[["ada"]]')
    row |= {"choice": '[["bit"]]'} | changes
    opened = {"season": record.ledger["season"], "category": row["category"], "nonce": row["nonce"]}
    leaf = merkle.leaf_hash(ledger.canonical_json(opened | {"choice": json.loads(row["choice"])})).hex()
    row["receipt"] = record.ledger["leaves"][int(row["index"])] = leaf
    signed_again(record, key)


def forked(record):
    statement(record, "paper")[1]["paper"]["key"] = FORGER.public_key().public_bytes_raw().hex()
    rewritten(record, FORGER)


def beside_an_honest_copy(tampering):
    def both(record):
        record.older = copy.deepcopy(record.ledger)
        tampering(record)

    return both


def lied(category, part, value):
    """A result that its ballots do not come to, sealed and signed by us."""

    def lie(record):
        statement(record, "result", category)[1]["result"][part] = value
        signed_again(record)

    return lie


def cut_off(record):
    book = record.ledger
    book["heads"] = book["heads"][:3]
    book["leaves"] = book["leaves"][: book["heads"][-1]["size"]]
    book["statements"] = {"0": book["statements"]["0"]}


def with_a_second(kind):
    """The same said again at the end, signed by us."""

    def add(record):
        append(record, statement(record, kind)[1] | {"again": True})
        signed_again(record)

    return add


def append(record, said):
    book = record.ledger
    index = len(book["leaves"])
    book["statements"][str(index)] = said
    book["leaves"].append("")
    book["heads"].append(book["heads"][-1] | {"size": index + 1})


def counted_after_all(record):
    """The superseded ballot is held and counted, beside its voter's later one."""
    row = ballot(record, state="superseded")
    row.update(state="cast", reason="")
    for act in ("held", "restored"):
        append(record, {"season": record.ledger["season"], act: row["receipt"], "reason": "looked at"})
    signed_again(record)


def superseded_while_void(record):
    """It would be void and superseded, and nobody could tell which of the two the result should say."""
    append(
        record,
        {"season": record.ledger["season"], "superseded": ballot(record, state="void")["receipt"], "reason": "x"},
    )
    signed_again(record)


def beside_a_copy_with_a_decision(record):
    record.older = copy.deepcopy(record.ledger) | {"rulings": {"7": {"ruling": {"counts_as": "ada"}}}}


FILES = {
    "a choice is another": (edit(choice='[["bit"]]'), "is not the leaf there"),
    "a nonce is another": (edit(nonce="ff" * 16), "is not the leaf there"),
    "a category is another": (edit(category="approval"), "is not the leaf there"),
    "a ballot weighs more": (edit(weight="9"), "is not the leaf there"),
    "a ballot is missing": (lambda record: record.ballots.pop(), "1 ballots of the ledger are not in the file"),
    "a category is missing": (
        lambda record: record.ballots.__setitem__(slice(None), [b for b in record.ballots if b["category"] != "irv"]),
        "9 counted; the file has 0 to be counted, 0 void and 0 superseded",
    ),
    "all ballots are missing": (lambda record: record.ballots.clear(), "ballots of the ledger are not in the file"),
    "a ballot is there twice": (lambda record: record.ballots.append(dict(record.ballots[0])), "is there twice"),
    "a ballot is made void": (edit(state="void"), "disagree on whether it counts"),
    "a void ballot is counted": (
        lambda record: ballot(record, state="void").update(state="cast"),
        "disagree on whether it counts",
    ),
    "a superseded ballot is counted": (
        lambda record: ballot(record, state="superseded").update(state="cast", reason=""),
        "disagree on whether it counts",
    ),
    "a ballot is superseded by nobody": (edit(state="superseded"), "disagree on whether it counts"),
    "a superseded ballot is held and counted": (counted_after_all, "which was superseded before"),
    "a void ballot is superseded": (superseded_while_void, "which is void"),
    "a superseding is withheld": (withhold("superseded"), "statements; this file has"),
    "a ballot is superseded twice": (with_a_second("superseded"), "2 times"),
    "a state is made up": (edit(state="quarantined"), "disagree on whether it counts"),
    "a state is empty": (edit(state=""), "disagree on whether it counts"),
    "a reason is another": (lambda record: ballot(record, state="void").update(reason="late"), "why it does not count"),
    "a receipt is another": (edit(receipt="ab" * 32), "The receipt at"),
    "two receipts are swapped": (lambda record: swap(record.ballots, "receipt"), "The receipt at"),
    "two indexes are swapped": (lambda record: swap(record.ballots, "index"), "is not the leaf there"),
    "an index is beyond the end": (edit(index="9999"), "is not the leaf there"),
    "a leaf is another": (lambda record: record.ledger["leaves"].__setitem__(5, "ab" * 32), "signed root"),
    "a leaf is missing": (lambda record: record.ledger["leaves"].pop(), "The last signed head is over"),
    "a leaf is added": (lambda record: record.ledger["leaves"].append("ab" * 32), "The last signed head is over"),
    "two leaves are swapped": (
        lambda record: record.ledger["leaves"].insert(3, record.ledger["leaves"].pop(2)),
        "signed root",
    ),
    "the end is cut off": (cut_off, "no result"),
    "a void statement is withheld": (withhold("void"), "statements; this file has"),
    "a withdrawal is withheld": (withhold("withdraw"), "statements; this file has"),
    "a result is withheld": (withhold("result"), "statements; this file has"),
    "the paper is withheld": (withhold("paper"), "The first leaf is not the ballot paper"),
    "a name on the paper is another": (
        say_otherwise("paper", lambda said: said["paper"]["categories"][0]["nominees"][0].update(name="Eve")),
        "Leaf 0 is not the hash of its statement",
    ),
    "a rule on the paper is another": (
        say_otherwise("paper", lambda said: said["paper"]["categories"][2]["rules"].update(max_ranks=1)),
        "Leaf 0 is not the hash of its statement",
    ),
    "a published count is another": (
        say_otherwise("result", lambda said: said["result"]["counts"].update(ada=99)),
        "is not the hash of its statement",
    ),
    "a reason in the ledger is another": (
        say_otherwise("void", lambda said: said.update(reason="late")),
        "is not the hash of its statement",
    ),
    "a root is another": (lambda record: record.ledger["heads"][2].update(root="ab" * 32), "The signed root at"),
    "a signature is another": (lambda record: swap(record.ledger["heads"], "signature"), "is not genuine"),
    "a signature is cut": (lambda record: record.ledger["heads"][2].update(signature="ab"), "is not genuine"),
    "a date is another": (lambda record: record.ledger["heads"][2].update(signed_at="2020-01-01T00:00:00Z"), "genuine"),
    "a head is missing": (lambda record: record.ledger["heads"].pop(2), "Head 3 in this file was signed as number 4"),
    "the last head is missing": (lambda record: record.ledger["heads"].pop(), "The last signed head is over"),
    "all heads are missing": (lambda record: record.ledger["heads"].clear(), "The ledger is empty"),
    "heads are out of order": (lambda record: record.ledger["heads"].reverse(), "not in order"),
    "a head has no number": (lambda record: record.ledger["heads"][2].pop("number"), "signed as number None"),
    "the ledger is empty": (
        lambda record: record.ledger.update(leaves=[], heads=[], statements={}),
        "The ledger is empty",
    ),
    "it is called another season": (lambda record: record.ledger.update(season="moon-2020"), "is not genuine"),
    "it is said to be imported": (lambda record: record.ledger.update(imported=True), "were imported"),
    "it is all signed with another key": (lambda record: signed_again(record, FORGER), "another key"),
    "it is a fork under another key": (forked, "The ballot paper names another key"),
    "a ballot is rewritten under our key": (rewritten, "the published counts are not what the ballots come to"),
    "a copy was rewritten under our key": (beside_an_honest_copy(rewritten), "one of them was rewritten"),
    "a copy has fewer heads": (
        beside_an_honest_copy(lambda record: record.ledger["heads"].pop(1)),
        "do not have the same signed heads",
    ),
    "a copy has fewer statements": (beside_an_honest_copy(withhold("void")), "do not have the same statements"),
    "a copy has fewer decisions": (beside_a_copy_with_a_decision, "do not have the same decision at 7"),
    "a copy is forged": (
        lambda record: setattr(record, "older", copy.deepcopy(record.ledger) | {"leaves": ["ab" * 32]}),
        "older.json: The signed root",
    ),
    "a stranger is counted": (
        lambda record: rewritten(record, choice='[["eve"]]'),
        "names somebody who is not on the ballot paper",
    ),
    "plurality counts are a lie": (lied("plurality", "counts", {"ada": 3, "bit": 4, "coin": 1}), "published counts"),
    "approval shares are a lie": (lied("approval", "base", 12), "published base of the shares"),
    "rounds are a lie": (lied("irv", "rounds", []), "published rounds"),
    "pairs are a lie": (lied("schulze", "pairwise", {}), "published pairs"),
    "scores are a lie": (lied("score", "counts", {"ada": 10, "bit": 11}), "published counts"),
    "winners are a lie": (lied("score", "winners", ["ada"]), "published winners"),
    "ranks are a lie": (lied("schulze", "ranking", {"ada": 1, "bit": 1}), "published ranks"),
    "turnout is a lie": (lied("irv", "ballots", 10), "published number of ballots"),
    "the method is not the paper's": (lied("irv", "method", "plurality"), "by the method on the ballot paper"),
    "ballots are not accounted for": (
        lied("irv", "reconciliation", {"confirmed": 10, "held": 1, "void": 0, "counted": 9}),
        "“irv”",
    ),
    "a moved close is not told": (withhold("moved"), "was signed over"),
    "the close was moved from elsewhere": (moved(**{"from": "2026-01-01T00:00:00Z"}), "; it was"),
    "the close was moved into the past": (moved(to="2026-01-01T00:00:00Z"), "into the past"),
    "the close was moved after the results": (moved_at_the_end(), "after all its results"),
    "the close was moved later than it says": (moved_at_the_end("2020-01-01T00:00:00Z"), "tells another time than"),
    "the times were moved before the vote, it says": (told_at("2000-01-01T00:00:00Z"), "tells another time than"),
    "the vote opens after its close": (
        told_at("2000-01-01T00:00:00Z", opens_at="2099-01-01T00:00:00Z"),
        "would close before it opens",
    ),
    "what was moved is no time of the vote": (told_at("2000-01-01T00:00:00Z", x="2099-01-01T00:00:00Z"), "is no time"),
    "the paper comes twice": (with_a_second("paper"), "or there are several"),
    "a ballot is void twice": (with_a_second("void"), "which was void before"),
    "a result comes twice": (with_a_second("result"), "corrects another without a reason"),
    "a receipt is unknown": (lambda record: record.arguments.append("0" * 64), "is not in this ledger"),
    "the key is not ours": (lambda record: setattr(record, "key", "ab" * 32), "another key"),
    "a file is broken": (lambda record: record.ledger.pop("heads"), "A file cannot be read"),
    "a choice is no choice": (edit(choice="7"), "A file cannot be read"),
}


@pytest.mark.parametrize("name", FILES)
def test_the_verifier_finds_it(record, verify, name):
    tampering, found = FILES[name]
    tampering(record)
    code, said = verify()
    assert (code, found in said) == (1, True), said


def test_without_a_key_it_never_says_that_all_holds(record, verify):
    record.key = ""
    code, said = verify()
    assert (code, "hold." in said) == (1, False)
    assert "name the one you trust" in said


# The database


def tamper(statement):
    """What an intruder with every right in the database could do."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")  # no trigger fires
        cursor.execute(statement)
        cursor.execute("SET LOCAL session_replication_role = origin")


def resigned(key):
    """A ballot is rewritten, and the tree made anew over it and signed."""
    row = Ballot.objects.filter(category__slug="plurality", state="cast").exclude(choice=[["coin"]]).first()
    leaf = ledger.ballot_leaf(row.category, [["coin"]], row.nonce)
    tamper(f"UPDATE surveys_ledgerentry SET leaf_hash = '\\x{leaf.hex()}' WHERE leaf_hash = '\\x{row.receipt}'")
    tamper(f"UPDATE surveys_ballot SET choice = '[[\"coin\"]]', leaf_hash = '\\x{leaf.hex()}' WHERE id = {row.pk}")
    season = Season.objects.get()
    leaves = ledger.leaves_of(season)
    for head in TreeHead.objects.all():
        head.root_hash = merkle.root_of(leaves[: head.size])
        signature = key.sign(ledger.canonical_json(ledger.head_statement(season, head)))
        public = key.public_key().public_bytes_raw()
        tamper(
            f"UPDATE surveys_treehead SET root_hash = '\\x{head.root_hash.hex()}', signature = '\\x{signature.hex()}',"
            f" public_key = '\\x{public.hex()}' WHERE id = {head.pk}"
        )


def moved_now(at, to="2099-01-01"):
    """After the results, the close is moved, and the ledger made to say when."""
    season = Season.objects.get()
    step = {"from": papers.times_of(season)["closes_at"], "to": f"{to}T00:00:00Z"}
    ledger.state(season, LedgerEntry.Kind.MOVED, {"season": season.slug, "moved": {"closes_at": step}, "at": at})
    tamper(f"UPDATE surveys_season SET closes_at = '{step['to']}', opens_at = '1999-01-01'")


def held_and_counted():
    """The superseded ballot is counted beside its voter's later one, and the ledger is made to say so."""
    row = Ballot.objects.get(state="superseded")
    tamper(f"UPDATE surveys_ballot SET state = 'cast', reason = '', voter_key = sha256('x') WHERE id = {row.pk}")
    season = Season.objects.get()
    for kind in (LedgerEntry.Kind.HELD, LedgerEntry.Kind.RESTORED):
        ledger.state(season, kind, {"season": season.slug, str(kind): row.receipt, "reason": "looked at"})


ONE = "id = (SELECT min(ballot.id) FROM surveys_ballot ballot JOIN surveys_awardcategory category"
ONE += " ON category.id = category_id WHERE category.slug = 'irv')"
IRV = (
    "(SELECT tally.id FROM surveys_tally tally JOIN surveys_awardcategory c ON c.id = category_id WHERE c.slug = 'irv')"
)
IN_IRV = "category_id = (SELECT id FROM surveys_awardcategory WHERE slug = 'irv')"
STUFFED = f"SELECT category_id, sha256('v'), choice, '\\x{'cd' * 16}', sha256('l'), 'cast', '' FROM surveys_ballot WHERE {ONE}"
EVE = "SELECT id, 'eve', 'Eve', '', '', '', 9 FROM surveys_awardcategory WHERE slug = 'irv'"
TABLES = {
    "the close is moved after the results": (lambda: moved_now("2099-01-01T00:00:00Z"), "after all its results"),
    "the close was moved later than it says": (lambda: moved_now("2020-01-01T00:00:00Z"), "tells another time than"),
    "the vote closes before it opens": (lambda: moved_now("2020-01-01T00:00:00Z", "2000-01-01"), "before it opens"),
    "the close was moved in silence": (
        "UPDATE surveys_season SET closes_at = closes_at + interval '1 day'",
        "closes_at is",
    ),
    "a choice is another": (
        f"UPDATE surveys_ballot SET choice = '[[\"doge\"]]' WHERE {ONE}",
        "does not hash to its receipt",
    ),
    "a nonce is another": (f"UPDATE surveys_ballot SET nonce = '\\x{'ab' * 16}' WHERE {ONE}", "does not hash to"),
    "a ballot weighs more": (f"UPDATE surveys_ballot SET weight = 2 WHERE {ONE}", "does not hash to its receipt"),
    "a ballot is gone": (f"DELETE FROM surveys_ballot WHERE {ONE}", "stands for no ballot"),
    "a ballot is added": (
        f"INSERT INTO surveys_ballot (category_id, voter_key, choice, nonce, leaf_hash, state, reason) {STUFFED}",
        "is not in the ledger",
    ),
    "a ballot is void without an entry": (
        f"UPDATE surveys_ballot SET state = 'void', reason = 'x' WHERE {ONE}",
        "The tables say that the ballot",
    ),
    "a void ballot is counted": (
        "UPDATE surveys_ballot SET state = 'cast', reason = '' WHERE state = 'void'",
        "The ledger says that the ballot",
    ),
    "a superseded ballot is counted": (
        "UPDATE surveys_ballot SET state = 'cast', reason = '', voter_key = sha256('x') WHERE state = 'superseded'",
        "The ledger says",
    ),
    "a superseded ballot is held and counted": (held_and_counted, "after it said that it is superseded"),
    "a ballot is superseded without an entry": (
        f"UPDATE surveys_ballot SET state = 'superseded', reason = 'x' WHERE {ONE}",
        "The tables say",
    ),
    "a void ballot has another reason": (
        "UPDATE surveys_ballot SET reason = 'other' WHERE state = 'void'",
        "The ledger says that the ballot",
    ),
    "a ballot is held after the tally": (
        f"UPDATE surveys_ballot SET state = 'quarantined', reason = 'x' WHERE {ONE}",
        "held for review",
    ),
    "a ballot waits after the tally": (
        f"INSERT INTO surveys_unsealedballot SELECT id FROM surveys_ballot WHERE {ONE}",
        "not in the ledger yet",
    ),
    "an entry is gone": ("DELETE FROM surveys_ledgerentry WHERE index = 3", "Entry 3 is missing"),
    "the end is gone": ("DELETE FROM surveys_ledgerentry WHERE index > 20", "but there are 21"),
    "the whole ledger is gone": ("DELETE FROM surveys_ledgerentry", "The ledger is empty"),
    "a leaf is another": ("UPDATE surveys_ledgerentry SET leaf_hash = sha256('x') WHERE index = 3", "that was signed"),
    "a statement is another": (
        "UPDATE surveys_ledgerentry SET statement = jsonb_set(statement, '{reason}', '\"x\"') WHERE kind = 'void'",
        "is not the hash of its statement",
    ),
    "a kind is another": ("UPDATE surveys_ledgerentry SET kind = 'withdrawal' WHERE kind = 'void'", "The tables say"),
    "a root is another": ("UPDATE surveys_treehead SET root_hash = sha256('x')", "is not the one that was signed"),
    "a date is another": (
        "UPDATE surveys_treehead SET signed_at = signed_at - interval '1 day'",
        "is not genuine",
    ),
    "a head is gone": ("DELETE FROM surveys_treehead WHERE number = 3", "is gone or another"),
    "heads are gone and numbered anew": (
        (
            "DELETE FROM surveys_treehead WHERE number = 3; UPDATE surveys_treehead SET number = number + 1000 WHERE number > 3;"
            " UPDATE surveys_treehead SET number = number - 1001 WHERE number > 1000"
        ),
        "is not genuine",
    ),
    "the last head is gone": (
        "DELETE FROM surveys_treehead WHERE number = (SELECT max(number) FROM surveys_treehead)",
        "have no tree head over all of them",
    ),
    "all heads are gone": ("DELETE FROM surveys_treehead", "have no tree head over all of them"),
    "a key is broken": ("UPDATE surveys_treehead SET public_key = '\\xab'", "is not genuine"),
    "the tree is signed anew with another key": (lambda: resigned(FORGER), "another key than this site's"),
    "the tree is signed anew with our key": (lambda: resigned(keys.signing_key()), "is gone or another"),
    "a count is another": (
        f"UPDATE surveys_tallyrow SET count = count + 1 WHERE name = 'Ada' AND tally_id = {IRV}",
        "the tally gives Ada 5, its ballots 4",
    ),
    "a rank is another": (
        f"UPDATE surveys_tallyrow SET rank = 9 WHERE name = 'Ada' AND tally_id = {IRV}",
        "the tally puts Ada at 9",
    ),
    "a winner is another": (
        f"UPDATE surveys_tallyrow SET is_winner = false WHERE tally_id = {IRV}",
        "on whether Bit won",
    ),
    "a row has another name": (
        f"UPDATE surveys_tallyrow SET name = 'Eve' WHERE name = 'Ada' AND tally_id = {IRV}",
        "calls",
    ),
    "a row is gone": (f"DELETE FROM surveys_tallyrow WHERE name = 'Ada' AND tally_id = {IRV}", "has no row for ada"),
    "ballots of a tally are more": (f"UPDATE surveys_tally SET ballots = 99 WHERE id = {IRV}", "was tallied from 99"),
    "the base of a tally is another": (f"UPDATE surveys_tally SET base = 99 WHERE id = {IRV}", "was tallied from 9 "),
    "a reconciliation is another": (
        f"UPDATE surveys_tally SET reconciliation = '{{}}' WHERE id = {IRV}",
        "disagree on where every ballot went",
    ),
    "rounds are others": (
        f"UPDATE surveys_tally SET detail = jsonb_set(detail, '{{rounds}}', '[]') WHERE id = {IRV}",
        "disagree on rounds, pairs or ties",
    ),
    "the rules' version is another": (
        f"UPDATE surveys_tally SET rules_version = '9' WHERE id = {IRV}",
        "under other rules",
    ),
    "the method is another": (f"UPDATE surveys_tally SET method = 'score' WHERE id = {IRV}", "by another method"),
    "a tally is gone": (
        f"DELETE FROM surveys_tallyrow WHERE tally_id = {IRV}; DELETE FROM surveys_tally WHERE {IN_IRV}",
        "is released without a tally",
    ),
    "a result is taken back": (
        "UPDATE surveys_awardcategory SET released_at = NULL WHERE slug = 'irv'",
        "The ledger says that the result of “irv” is released",
    ),
    "a nominee is renamed": (
        f"UPDATE surveys_nominee SET name = 'Eve' WHERE slug = 'ada' AND {IN_IRV}",
        "“irv/ada” is not",
    ),
    "a nominee has another text": (
        f"UPDATE surveys_nominee SET description = 'Best' WHERE slug = 'ada' AND {IN_IRV}",
        "“irv/ada” is not what the sealed paper has",
    ),
    "a nominee is added": (
        f"INSERT INTO surveys_nominee (category_id, slug, name, description, url, image, ordering) {EVE}",
        "“irv/eve” is not what the sealed paper has",
    ),
    "a withdrawal is undone": (
        "UPDATE surveys_nominee SET withdrawn_at = NULL",
        "The ledger says that the nominee “irv, doge” has withdrawn",
    ),
    "a nominee is out without an entry": (
        "UPDATE surveys_nominee SET withdrawn_at = now() WHERE slug = 'coin'",
        "has withdrawn, the ledger does not",
    ),
    "a question is another": (
        "UPDATE surveys_awardcategory SET title = 'Other' WHERE slug = 'irv'",
        "“irv” is not what",
    ),
    "a rule is another": (
        "UPDATE surveys_awardcategory SET unranked = 'no-opinion' WHERE slug = 'irv'",
        "“irv” is not what",
    ),
    "the season's rules are others": ("UPDATE surveys_season SET rules_html = 'x'", "The season's rules is not what"),
}


@pytest.mark.parametrize("name", TABLES)
def test_the_command_finds_it(season, name):
    tampering, found = TABLES[name]
    with transaction.atomic():
        tampering() if callable(tampering) else tamper(tampering)
        problems = list(verification.problems(Season.objects.get()))
        transaction.set_rollback(True)
    assert any(found in problem for problem in problems), problems


def test_the_command_says_how_many_problems_there_are_or_that_all_holds(season, capsys):
    call_command("verify_ledger", season.slug)
    assert "The ledger holds" in capsys.readouterr().out
    tamper("UPDATE surveys_ballot SET state = 'quarantined', reason = 'x' WHERE state = 'cast'")
    with pytest.raises(CommandError, match="does not hold"):
        call_command("verify_ledger", season.slug)


def test_names_are_shown_as_they_were_sealed_whatever_the_tables_say(season, client):
    tamper("UPDATE surveys_nominee SET name = 'Eve', url = 'https://eve.example/' WHERE slug = 'ada'")
    for path in ("/awards/moon-2026/irv/", "/awards/moon-2026/irv/ada/", "/api/v1/seasons/moon-2026/"):
        page = client.get(path).content.decode()
        assert "Ada" in page
        assert "Eve" not in page
        assert "eve.example" not in page


def test_a_lot_is_what_docs_say(program):
    assert program.lot("seed:wallet", "ada") == sha256(b"seed:wallet:ada").hexdigest()
