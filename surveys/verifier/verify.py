#!/usr/bin/env python3
"""Check a season's public record with nothing but Python 3.10 or newer.

    python3 verify.py ledger.json [ballots.csv] [--key KEY] [--receipt RECEIPT] [--with OLDER-ledger.json]

The ledger is a list of leaves in a hash tree (RFC 6962). A leaf stands for a ballot, or is a statement that everybody can
read: the ballot paper, a ballot that is void or superseded by its voter's later one, a nominee who withdrew, the times of the
vote where they were moved, a category's
result, also one that corrects an earlier; or is a decision on what was written in, which is opened with the result. After every batch the tree's head is
signed (Ed25519, RFC 8032). This program

1. hashes the leaves into every signed root, and checks every signature and that no head and no statement is left out;
2. checks that all are signed with the key you name: take it from your receipt, from the announcement of the vote or from
   the site, best on another day and another line. (A copy of this program that the site gave out has the site's key);
3. hashes every opened ballot, looks for it among the leaves, and checks that none is missing;
4. counts the ballots of every category again, by the method and rules on the ballot paper, and compares the result;
5. looks up your receipt; and compares the ledger with one that you or somebody else downloaded earlier or elsewhere.

It prints what it finds and ends with 0 where everything holds, else with 1.
"""

import argparse
import csv
import hashlib
import json
import sys
from collections import Counter
from datetime import datetime, timedelta
from fractions import Fraction
from itertools import chain, pairwise, permutations
from math import gcd

KEY = ""

P = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
ROOT_OF_MINUS_1 = pow(2, (P - 1) // 4, P)
# What may be said of a ballot by those who review it, and after what.
REVIEW = {"held": ("restored",), "void": ("restored", "held"), "restored": ("held", "void")}
# The word by which each statement says of what kind it is.
KINDS = ("paper", *REVIEW, "superseded", "withdraw", "moved", "result")
TIMES = ("opens_at", "closes_at")
SLACK = timedelta(minutes=1)  # between a statement and the head over it: it waits for its turn, and clocks differ
WRITE_IN, OVERVOTE, UNDERVOTE, NONE = "write-in", "overvote", "undervote", "none-of-them"


# Hashes and signatures


def canonical(value):
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def leaf_hash(value):
    return hashlib.sha256(b"\x00" + canonical(value)).hexdigest()


def roots(leaves, sizes):
    """The roots of the trees over the first `size` leaves, for every size asked for."""
    found, perfect = {0: hashlib.sha256(b"").hexdigest()}, []
    for size, leaf in enumerate(map(bytes.fromhex, leaves), 1):
        rest = size
        while not rest & 1:
            leaf = hashlib.sha256(b"\x01" + perfect.pop() + leaf).digest()
            rest >>= 1
        perfect.append(leaf)
        if size in sizes:
            *left, root = perfect
            for subtree in reversed(left):
                root = hashlib.sha256(b"\x01" + subtree + root).digest()
            found[size] = root.hex()
    return found


def decoded(data):
    """A point of the curve (x, y, 1, xy) from its 32 bytes."""
    y = int.from_bytes(data, "little")
    sign, y = y >> 255, y & (1 << 255) - 1
    xx = (y * y - 1) * pow(D * y * y + 1, P - 2, P)
    x = pow(xx, (P + 3) // 8, P)
    x = x if (x * x - xx) % P == 0 else x * ROOT_OF_MINUS_1 % P
    if (x * x - xx) % P or y >= P or (x == 0 and sign):
        raise ValueError("not a point of the curve")
    x = P - x if x & 1 != sign else x
    return (x, y, 1, x * y % P)


def added(p, q):
    a, b = (p[1] - p[0]) * (q[1] - q[0]) % P, (p[1] + p[0]) * (q[1] + q[0]) % P
    c, d = 2 * p[3] * q[3] * D % P, 2 * p[2] * q[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return (e * f % P, g * h % P, f * g % P, e * h % P)


def times(number, point):
    total = (0, 1, 1, 0)
    while number:
        total = added(total, point) if number & 1 else total
        point, number = added(point, point), number >> 1
    return total


def is_signed(key, message, signature):
    base = decoded((4 * pow(5, P - 2, P) % P).to_bytes(32, "little"))
    s = int.from_bytes(signature[32:], "little")
    if len(signature) != 64 or s >= ORDER:
        return False
    challenge = int.from_bytes(hashlib.sha512(signature[:32] + key + message).digest(), "little")
    try:
        left, right = times(s, base), added(decoded(signature[:32]), times(challenge, decoded(key)))
    except ValueError:
        return False
    return (left[0] * right[2] - right[0] * left[2]) % P == 0 and (left[1] * right[2] - right[1] * left[2]) % P == 0


# The ledger: its heads and statements


def check_heads(ledger, key):
    leaves, heads = ledger["leaves"], ledger["heads"]
    if not leaves or not heads:
        yield "The ledger is empty."
        return
    found = roots(leaves, {head["size"] for head in heads})
    for number, head in enumerate(heads, 1):
        if found.get(head["size"]) != head["root"]:
            yield f"The signed root at {head['size']} leaves is not the hash of the leaves."
        if head.get("number") != number:
            yield f"Head {number} in this file was signed as number {head.get('number')}."
        yield from check_head(ledger, head, key)
    for earlier, later in pairwise(heads):
        if earlier["size"] >= later["size"] or earlier["signed_at"] > later["signed_at"]:
            yield f"The heads at {earlier['size']} and {later['size']} leaves are not in order."
    if heads[-1]["size"] != len(leaves):
        yield f"The last signed head is over {heads[-1]['size']} leaves; this file has {len(leaves)}."
    if len(set(leaves)) != len(leaves):
        yield "A leaf is there twice."


def check_head(ledger, head, key):
    at = f"at {head['size']} leaves"
    parts = ("number", "size", "statements", "root", "signed_at")
    signed = {"season": ledger["season"], **{name: head[name] for name in parts if head.get(name) is not None}}
    if not is_signed(bytes.fromhex(head["public_key"]), canonical(signed), bytes.fromhex(head["signature"])):
        yield f"The signature {at} is not genuine."
    if key and head["public_key"] != key:
        yield f"The head {at} is signed with another key: {head['public_key']}."
    stated = sum(int(index) < head["size"] for index in ledger["statements"])
    if head.get("statements") != stated:
        yield f"The head {at} was signed over {head.get('statements')} statements; this file has {stated}."


def said(ledger, kind):
    """The statements of a kind, each with its index, in order."""
    found = sorted((int(index), statement) for index, statement in ledger["statements"].items() if kind in statement)
    return [(index, statement) for index, statement in found]


def review(ledger):
    """What was said of ballots by those who review them, in order: index, act, receipt and reason."""
    return sorted(
        (index, act, statement[act], statement["reason"]) for act in REVIEW for index, statement in said(ledger, act)
    )


def results_of(ledger):
    """The results that stand: of each category the last, which may correct an earlier one."""
    return {statement["result"]["category"]: statement["result"] for _, statement in said(ledger, "result")}


def check_corrections(ledger):
    """A later result of a category names the leaf that it corrects, and why; nothing is corrected in silence."""
    standing = {}
    for index, statement in said(ledger, "result"):
        slug = statement["result"]["category"]
        if statement.get("corrects") != standing.get(slug):
            yield f"The result of “{slug}” at {index} does not name the result that it corrects, or corrects none."
        if slug in standing and not statement.get("reason"):
            yield f"The result of “{slug}” at {index} corrects another without a reason."
        standing[slug] = ledger["leaves"][index] if index < len(ledger["leaves"]) else None


def check_statements(ledger, key):
    leaves = ledger["leaves"]
    for index, statement in ledger["statements"].items():
        if not 0 <= int(index) < len(leaves) or leaf_hash(statement) != leaves[int(index)]:
            yield f"Leaf {index} is not the hash of its statement."
        if statement["season"] != ledger["season"]:
            yield f"The statement at {index} is about another season."
        if sum(kind in statement for kind in KINDS) != 1:
            yield f"The statement at {index} is of no kind that this program knows."
    if [index for index, _ in said(ledger, "paper")] != [0]:
        yield "The first leaf is not the ballot paper, or there are several: what was voted on is not sealed."
        return
    paper = ledger["statements"]["0"]["paper"]
    if key and paper["key"] != key:
        yield f"The ballot paper names another key: {paper['key']}."
    yield from check_times(ledger, paper)
    if paper["imported"] != ledger["imported"]:
        yield "The file and the ballot paper disagree on whether the ballots were imported."
    yield from check_against_paper(ledger, paper)


def check_times(ledger, paper):
    """The times of the vote are moved from where they were, while they were yet to come, and at the time that is said."""
    standing, counted = dict(paper.get("times", {})), set()
    unreleased = {category["slug"] for category in paper["categories"]}
    for index, statement in sorted(said(ledger, "moved") + said(ledger, "result"), key=lambda each: each[0]):
        if "result" in statement:
            counted.add(statement["result"]["category"])
            continue
        for name, step in statement["moved"].items():
            if name not in TIMES:
                yield f"The statement at {index} moves {name}, which is no time of the vote."
            if standing.get(name, step["from"]) != step["from"]:
                yield f"The statement at {index} moves {name} from {step['from']}; it was {standing[name]}."
            if moment(statement["at"]) > moment(step["from"]) or moment(step["to"]) < moment(statement["at"]):
                yield f"The statement at {index} moves {name} when it was past, or into the past."
            standing[name] = step["to"]
        if all(name in standing for name in TIMES) and moment(standing[TIMES[0]]) >= moment(standing[TIMES[1]]):
            yield f"By the statement at {index} the vote would close before it opens."
        if unreleased <= counted:
            yield f"The statement at {index} moves the times of the vote after all its results."
        yield from check_said_at(ledger, index, moment(statement["at"]))


def check_said_at(ledger, index, at):
    """The time that a statement tells is between those at which the heads before it and over it were signed."""
    before = [moment(head["signed_at"]) for head in ledger["heads"] if head["size"] <= index]
    over = [moment(head["signed_at"]) for head in ledger["heads"] if head["size"] > index]
    if (before and at < max(before) - SLACK) or (over and at > min(over) + SLACK):
        yield f"The statement at {index} tells another time than the heads that were signed before it and over it."


def moment(written):
    return datetime.strptime(written.removesuffix("Z") + "+0000", "%Y-%m-%dT%H:%M:%S%z")


def times_in_words(ledger):
    """When the vote was open, by the paper and what was moved since."""
    standing = dict(ledger["statements"].get("0", {}).get("paper", {}).get("times", {}))
    for _, statement in said(ledger, "moved"):
        for name, step in statement["moved"].items():
            standing[name] = step["to"]
            yield f"{name} was moved from {step['from']} to {step['to']} at {statement['at']}."
    if standing:
        yield f"Voting was set from {standing.get('opens_at')} to {standing.get('closes_at')}."


def check_against_paper(ledger, paper):
    """Statements are about ballots that are there, nominees and categories on the paper; and each is made once."""
    nominees = {(each["slug"], nominee["slug"]) for each in paper["categories"] for nominee in each["nominees"]}
    methods = {each["slug"]: each["method"] for each in paper["categories"]}
    index_of = {leaf: index for index, leaf in enumerate(ledger["leaves"])}
    yield from check_review(ledger, index_of)
    superseded = [(index, statement["superseded"]) for index, statement in said(ledger, "superseded")]
    for index, receipt in superseded:
        if receipt not in index_of or str(index_of[receipt]) in ledger["statements"]:
            yield f"The statement at {index} supersedes what is no ballot: {receipt}."
    withdrawn = [(statement["category"], statement["withdraw"]) for _, statement in said(ledger, "withdraw")]
    for _, nominee in set(withdrawn) - nominees:
        yield f"“{nominee}” withdrew, but is not on the ballot paper."
    results = [statement["result"] for _, statement in said(ledger, "result")]
    for result in results:
        if methods.get(result["category"]) != result["method"]:
            yield f"The result of “{result['category']}” is not by the method on the ballot paper."
    yield from check_corrections(ledger)
    once = [receipt for _, receipt in superseded], withdrawn
    for subject, number in Counter(chain(*once)).items():
        if number > 1:
            yield f"The ledger says the same of {subject} {number} times."


def check_review(ledger, index_of):
    """What is held, void or counted after all is an earlier ballot, was something else before, and is not superseded."""
    last, superseded = {}, {each["superseded"]: index for index, each in said(ledger, "superseded")}
    for index, act, receipt, _ in review(ledger):
        if index_of.get(receipt, index) >= index or str(index_of[receipt]) in ledger["statements"]:
            yield f"The statement at {index} makes {act} what is no earlier ballot: {receipt}."
        elif last.get(receipt, "restored") not in REVIEW[act]:
            yield f"The statement at {index} makes {receipt} {act}, which was {last.get(receipt, 'counted')} before."
        if superseded.get(receipt, index) < index:
            yield f"The statement at {index} makes {receipt} {act}, which was superseded before."
        last[receipt] = act
    for receipt, index in superseded.items():
        if last.get(receipt, "restored") != "restored":
            yield f"The statement at {index} supersedes {receipt}, which is {last[receipt]}."


def check_rulings(ledger, paper):
    """Decisions on what was written in are leaves, made before the result, and about the text whose key ballots hold."""
    results = {statement["result"]["category"]: index for index, statement in reversed(said(ledger, "result"))}
    takes = {
        each["slug"]: {nominee["slug"]: nominee["name"] for nominee in each["nominees"]}
        for each in paper["categories"]
        if each["write_in"]
    }
    for index, statement in rulings(ledger):
        told, slug = statement["ruling"], statement["category"]
        if not 0 <= index < len(ledger["leaves"]) or leaf_hash(statement) != ledger["leaves"][index]:
            yield f"Leaf {index} is not the hash of the decision there."
        if statement["season"] != ledger["season"] or slug not in takes or index > results.get(slug, -1):
            yield f"The decision at {index} is about no category that takes write-ins, or came after its result."
        else:
            yield from check_ruling(index, told, takes[slug])


def check_ruling(index, told, names):
    """A text that everybody can read counts as a nominee or a name of its own; one that is withheld, as neither."""
    if "text" not in told:
        if told["counts_as"] != WRITE_IN or not told.get("reason"):
            yield f"The decision at {index} withholds a text that counts as a name, or does not say why."
        return
    if told["counts_as"] in names:
        if told["name"] != names[told["counts_as"]]:
            yield f"The decision at {index} calls “{told['counts_as']}” other than the ballot paper does."
    elif not told["counts_as"].startswith(f"{WRITE_IN}:"):
        yield f"The decision at {index} is for somebody who is not on the ballot paper."
    key = hashlib.sha256(bytes.fromhex(told["nonce"]) + told["text"].encode()).hexdigest()[:32]
    if key != told["write_in"]:
        yield f"The decision at {index} is about another text than the one that ballots hold."


def rulings(ledger, category=None):
    found = sorted((int(index), statement) for index, statement in ledger.get("rulings", {}).items())
    return [(index, statement) for index, statement in found if category in (None, statement["category"])]


def counts_as(ledger, category):
    """What keys of write-ins on ballots count as, by the last decision on each; and the names of their own among them."""
    told = [statement["ruling"] for _, statement in rulings(ledger, category)]
    decided = {f"{WRITE_IN}:{each['write_in']}": each["counts_as"] for each in told}
    names = {each["counts_as"]: each["name"] for each in told if each["counts_as"].startswith(f"{WRITE_IN}:")}
    return decided, {key: name for key, name in names.items() if key in decided.values()}


def check_copy(ledger, other):
    """Two copies agree as far as the shorter goes."""
    older, newer = sorted((ledger, other), key=lambda copy: len(copy["leaves"]))
    size = len(older["leaves"])
    if older["season"] != newer["season"]:
        yield "The two files are of different seasons."
    if newer["leaves"][:size] != older["leaves"]:
        yield "The two files do not begin with the same leaves: one of them was rewritten."
    if older["statements"] != {index: each for index, each in newer["statements"].items() if int(index) < size}:
        yield "The two files do not have the same statements."
    told, known = older.get("rulings", {}), newer.get("rulings", {})
    for index in told.keys() | (known.keys() if len(newer["leaves"]) == size else set()):
        if told.get(index) != known.get(index):
            yield f"The two files do not have the same decision at {index}."
    if older["heads"] != [head for head in newer["heads"] if head["size"] <= size]:
        yield "The two files do not have the same signed heads."


# The ballots


def check_ballots(ledger, ballots, paper):
    """Every opened ballot is the leaf it says, once; what is void or superseded is said so in the ledger."""
    states, told = {"held": "quarantined", "void": "void"}, {}
    for _, act, receipt, reason in review(ledger):
        told[receipt] = (states[act], reason) if act in states else ("cast", "")
    told |= {each["superseded"]: ("superseded", each["reason"]) for _, each in said(ledger, "superseded")}
    released = {statement["result"]["category"] for _, statement in said(ledger, "result")}
    names = {each["slug"]: names_on(each, paper) for each in paper["categories"] if each["slug"] in released}
    for slug, known in names.items():
        known.update(counts_as(ledger, slug)[0])
    seen = set()
    for ballot in ballots:
        index = int(ballot["index"])
        if index in seen:
            yield f"The ballot at {index} is there twice."
        seen.add(index)
        yield from check_opening(ledger, ballot, index, names, paper)
        state, reason = told.get(ballot["receipt"], ("cast", ""))
        if str(index) in ledger.get("rulings", {}):
            yield f"The ballot at {index} is a decision by the ledger."
        if ballot["state"] != state:
            yield f"The ledger and the ballot at {index} disagree on whether it counts."
        if ballot["reason"] != reason:
            yield f"The ledger and the ballot at {index} disagree on why it does not count."


def names_on(category, paper):
    """What a ballot of a category can hold."""
    marks = [OVERVOTE, UNDERVOTE, *([WRITE_IN] if category["write_in"] or paper["imported"] else [])]
    marks += [NONE] if category.get("none") else []
    return {nominee["slug"] for nominee in category["nominees"]}.union(marks)


def check_opening(ledger, ballot, index, names, paper):
    leaves, choice = ledger["leaves"], json.loads(ballot["choice"])
    opened = {"season": ledger["season"], "category": ballot["category"], "choice": choice, "nonce": ballot["nonce"]}
    if ballot.get("jury"):
        opened["jury"] = True
        if "jury" not in next((each for each in paper["categories"] if each["slug"] == ballot["category"]), {}):
            yield f"The ballot at {index} is a jury's, which its category has none of."
    if ballot["weight"]:
        opened["weight"] = ballot["weight"]
        if not paper["imported"] or not Fraction(ballot["weight"]) > 0:
            yield f"The ballot at {index} has a weight, which only those of an imported election have."
    if not 0 <= index < len(leaves) or leaf_hash(opened) != leaves[index]:
        yield f"The ballot at {index} is not the leaf there."
    elif ballot["receipt"] != leaves[index]:
        yield f"The receipt at {index} is not the leaf there."
    if ballot["category"] not in names:
        yield f"The ballot at {index} is of a category that has no result."
    elif not names[ballot["category"]].issuperset(named_on(ballot, choice)):
        yield f"The ballot at {index} names somebody who is not on the ballot paper."


def named_on(ballot, choice):
    """What a ballot names and has to be known: what was written in, only where it counts."""
    found = set(choice if isinstance(choice, dict) else chain(*choice))
    return {name for name in found if ballot["state"] == "cast" or not name.startswith(f"{WRITE_IN}:")}


def check_completeness(ledger, ballots, paper):
    """There are as many ballots as were counted; and all, once every category is released."""
    results = list(results_of(ledger).values())
    found = Counter((ballot["category"], ballot.get("jury", ""), ballot["state"]) for ballot in ballots)
    told_of = [(each["category"], "", each["reconciliation"]) for each in results]
    told_of += [(each["category"], "1", each["jury"]["reconciliation"]) for each in results if "jury" in each]
    for slug, side, told in told_of:
        cast, void, superseded = (found[slug, side, state] for state in ("cast", "void", "superseded"))
        jury = ", jury" if side else ""
        parts = told["confirmed"], told["void"], told.get("superseded", 0), told["counted"], told["held"]
        if parts != (cast + void + superseded, void, superseded, cast, 0):
            yield (
                f"“{slug}”{jury}: by its result {told['confirmed']} ballots were confirmed, {told['held']} held, {told['void']} "
                f"void and {told['counted']} counted; the file has {cast} to be counted, {void} void and {superseded} superseded."
            )
    yield from check_jurors(results, found, paper.get("jury", []))
    if {result["category"] for result in results} == {category["slug"] for category in paper["categories"]}:
        opened = (
            len(ledger["statements"]) + len(ledger.get("rulings", {})) + len({ballot["index"] for ballot in ballots})
        )
        if len(ledger["leaves"]) != opened:
            yield f"{len(ledger['leaves']) - opened} ballots of the ledger are not in the file, or decisions on write-ins."
    elif not results:
        yield "There are opened ballots, but no result in the ledger."


def check_jurors(results, found, jury):
    """A juror has one ballot that stands, or is void; and none counts of those who took no part, who are jurors."""
    for result in results:
        slug, recused = result["category"], [each["juror"] for each in result.get("jury", {}).get("recused", [])]
        cast, void = found[slug, "1", "cast"], found[slug, "1", "void"]
        if set(recused) - set(jury) or len(set(recused)) < len(recused):
            yield f"“{slug}”: by its result somebody took no part who is not on the jury, or did so twice."
        if cast > len(jury) - len(recused) or cast + void > len(jury):
            yield (
                f"“{slug}”: the file has {cast} ballots of the jury to be counted and {void} void; by the paper the jury "
                f"has {len(jury)} members, and {len(recused)} of them took no part."
            )


# The count: the same rules as in docs/counting.md


def lot(seed, name):
    return hashlib.sha256(f"{seed}:{name}".encode()).hexdigest()


def places(figures, seed):
    """Ranks 1, 1, 3 by the highest figure; equals in order of their lots where the paper has drawn some."""
    ranking = {name: 1 + sum(other > figure for other in figures.values()) for name, figure in figures.items()}
    if seed:
        return {
            name: rank + sum(ranking[other] == rank and lot(seed, other) < lot(seed, name) for other in ranking)
            for name, rank in ranking.items()
        }
    return ranking


def named(rank):
    return set(rank) - {UNDERVOTE}


def count_points(method, votes, names, seed):
    """Plurality, approval and score."""
    counts, base = dict.fromkeys([*names, WRITE_IN], 0), 0
    for choice, weight in votes:
        if method == "score":
            given = choice
        elif method == "approval":
            given = dict.fromkeys(set().union(*map(named, choice)) - {OVERVOTE}, 1)
        else:
            first = named(choice[0]) if choice else set()
            given = dict.fromkeys(first, 1) if len(first) == 1 and OVERVOTE not in first else {}
        for name, points in given.items():
            counts[name] = counts.get(name, 0) + points * weight
        base += bool(given) * weight if method == "approval" else sum(given.values()) * weight
    ranking = places({name: counts[name] for name in names}, seed)
    winners = [name for name in names if ranking[name] == 1 and counts[name]]
    return {"counts": counts, "base": base, "ranking": ranking, "winners": winners}


def stands_for(ranks, left, rules):
    """Whom a ranking counts for among those who are left; None once it is exhausted."""
    skipped, before = 0, set()
    for rank in map(named, ranks[: rules["max_ranks"]]):
        if not rank:
            skipped += 1
            if rules["max_skips"] is not None and skipped > rules["max_skips"]:
                return None
            continue
        if rules["duplicate"] == "exhaust" and rank & before:
            return None
        skipped, before = 0, before | rank
        standing = rank & left
        if len(rank) == 1 and OVERVOTE not in rank:
            if standing:
                return standing.pop()
        elif rules["overvote"] == "continuing" and OVERVOTE not in rank:
            if standing:
                return standing.pop() if len(standing) == 1 else None
        elif rules["overvote"] != "skip":
            return None
    return None


def last(counts, rounds, seed):
    """Whom to eliminate: fewest votes now, then in the latest round where the tied differ, then the highest lot."""
    losers = set(counts)
    for stage in [counts, *(each["counts"] for each in reversed(rounds))]:
        fewest = min(stage[name] for name in losers)
        losers = {name for name in losers if stage[name] == fewest}
    return {max(losers, key=lambda name: lot(seed, name))} if seed else losers


def count_rounds(votes, names, rules, seed):
    """Instant runoff."""
    total, left, rounds, ranking, figures = sum(weight for _, weight in votes), set(names), [], {}, {}
    while left:
        counts = dict.fromkeys(left, 0)
        for ranks, weight in votes:
            name = stands_for(ranks, left, rules)
            if name:
                counts[name] += weight
        standing, most = sum(counts.values()), max(counts.values())
        ends = not standing or 2 * most > standing
        write_ins = rules["write_ins"] == "first" and not rounds and WRITE_IN in left and len(left) > 1
        if write_ins and (not ends or counts[WRITE_IN] == most > 0):
            losers = {WRITE_IN}
        else:
            losers = set() if ends else last(counts, rounds, seed)
        losers = set() if losers == left else losers
        rounds.append({"counts": counts, "eliminated": sorted(losers), "exhausted": total - standing})
        figures.update(counts)
        left = left - losers
        ranking.update(dict.fromkeys(losers, len(left) + 1))
        if not losers:
            break
    final = rounds[-1]["counts"] if rounds else {}
    ranking.update(places(final, ""))
    winners = [name for name in final if ranking[name] == 1 and final[name]]
    base = sum(final.values())
    return {"counts": figures, "base": base, "ranking": ranking, "winners": winners, "rounds": rounds}


def pairs_of(votes, names, rules):
    """How many ballots prefer one to another, and how many prefer anybody."""
    pairs, base = {a: {b: 0 for b in names if b != a} for a in names}, 0
    for ranks, weight in votes:
        place = {}
        for number, rank in enumerate(ranks[: rules["max_ranks"]]):
            for name in named(rank).intersection(names):
                place.setdefault(name, number)
        base += weight if place else 0
        if place and rules["unranked"] == "last":
            place = {name: place.get(name, len(ranks)) for name in names}
        for a, b in permutations(place, 2):
            if place[a] < place[b]:
                pairs[a][b] += weight
    return pairs, base


def count_pairs(votes, names, rules, seed):
    """Schulze: strongest paths, the strength of a link being the votes of its winning side."""
    pairs, base = pairs_of(votes, names, rules)
    strength = {a: {b: pairs[a][b] if pairs[a][b] > pairs[b][a] else 0 for b in pairs[a]} for a in names}
    for via in names:
        for a, b in permutations([name for name in names if name != via], 2):
            strength[a][b] = max(strength[a][b], min(strength[a][via], strength[via][b]))
    beaten = {a: sum(strength[b][a] > strength[a][b] for b in pairs[a]) for a in names}
    ranking = places({a: -number for a, number in beaten.items()}, seed)
    wins = {a: sum(pairs[a][b] > pairs[b][a] for b in pairs[a]) for a in names}
    winners = [a for a in names if ranking[a] == 1 and base]
    return {"counts": wins, "base": base, "ranking": ranking, "winners": winners, "pairwise": pairs}


def struck(choice, withdrawn, rules):
    """A ballot without those who withdrew; a rank that held nobody else closes up."""
    if isinstance(choice, dict):
        return {name: points for name, points in choice.items() if name not in withdrawn}
    ranks = [(rank, [name for name in rank if name not in withdrawn]) for rank in choice[: rules["max_ranks"]]]
    return [left for rank, left in ranks if left or not rank]


def merged(choice, decided):
    """A ballot with what its write-in counts as; who is on it already keeps the higher place, or points."""
    if not any(name.startswith(f"{WRITE_IN}:") for name in (choice if isinstance(choice, dict) else chain(*choice))):
        return choice
    if isinstance(choice, dict):
        names = {decided.get(name, name) for name in choice}
        return {
            each: max(points for name, points in choice.items() if decided.get(name, name) == each) for each in names
        }
    seen, ranks = set(), []
    for rank in choice:
        left = {decided.get(name, name) for name in rank} - seen
        seen |= left
        ranks += [sorted(left)] if left or not rank else []
    return ranks


def count(category, ballots, withdrawn, lots, written=({}, {})):
    """What a category's ballots come to. `written` is what its write-ins count as, and their own names (counts_as)."""
    sides = []
    for side in ("", "1"):
        own = (each for each in ballots if each["state"] == "cast" and each.get("jury", "") == side)
        piles = Counter((each["choice"], each["weight"]) for each in own)
        votes = [(json.loads(choice), number * Fraction(weight or 1)) for (choice, weight), number in piles.items()]
        sides.append([(merged(choice, written[0]), weight) for choice, weight in votes])
    public, jury = sides
    everybody = [ranks for votes in sides for ranks, _ in votes]
    if not category.get("jury"):
        return count_side(category, public, withdrawn, lots, written, everybody)
    voters, jurors = (sum(weight for _, weight in votes) for votes in sides)
    weight, counts_in = category["jury"]["weight"], jurors >= category["jury"]["quorum"]
    one, other = jurors * (100 - weight), voters * weight
    common = gcd(int(one), int(other))
    each = [one / common, other / common] if one and other else [1, 1]
    each = each if counts_in else [1, 0]
    both = [(choice, number * each[0]) for choice, number in public]
    both += [(choice, number * each[1]) for choice, number in jury] if counts_in else []
    found = count_side(category, both, withdrawn, lots, written, everybody)
    found["ballots"] = voters + (jurors if counts_in else 0)
    found["jury"] = {"counts_in": counts_in, "weights": each}
    for name, votes in zip(("public", "jury"), sides, strict=True):
        found["jury"][name] = count_side(category, votes, withdrawn, lots, written, everybody)
    return found


def count_side(category, votes, withdrawn, lots, written, everybody):
    """What ballots come to by a category's method. `everybody` are all its ballots, which tell whether “other” takes part."""
    method, rules = category["method"], category["rules"]
    total = sum(weight for _, weight in votes)
    names = [each["slug"] for each in category["nominees"] if each["slug"] not in withdrawn]
    if method in ("irv", "schulze") and any(WRITE_IN in rank for ranks in everybody for rank in ranks):
        names.append(WRITE_IN)  # in a ranking they have to be compared like a nominee
    if category.get("none"):
        names.append(NONE)
    names += sorted(written[1])
    if withdrawn:
        votes = [(struck(choice, withdrawn, rules), weight) for choice, weight in votes]
    seed = f"{lots}:{category['slug']}" if rules["ties"] == "lot" else ""
    if method == "irv":
        found = count_rounds(votes, names, rules, seed)
    elif method == "schulze":
        found = count_pairs(votes, names, rules, seed)
    else:
        found = count_points(method, votes, names, seed)
    return {"ballots": total, "rounds": [], "pairwise": {}, **found}


def comparable(value, part=""):
    """A part of a result with its numbers exact and its lists of names in order."""
    if isinstance(value, dict):
        return {name: comparable(each, name) for name, each in value.items()}
    if isinstance(value, list):
        return sorted(value) if part in ("winners", "eliminated") else [comparable(each) for each in value]
    return Fraction(value)


def check_count(category, result, found):
    words = {"ballots": "number of ballots", "base": "base of the shares", "counts": "counts", "ranking": "ranks"}
    words.update(winners="winners", rounds="rounds", pairwise="pairs")
    for part, name in words.items():
        told, counted = comparable(result[part], part), comparable(found[part], part)
        if part == "counts":
            told, counted = ({key: number for key, number in each.items() if number} for each in (told, counted))
        if told != counted:
            yield f"“{category['title']}”: the published {name} are not what the ballots come to."
    if "jury" in found or "jury" in result:
        yield from check_jury(category, result.get("jury", {}), found.get("jury", {}))


def check_jury(category, told, found):
    """The two sides of a result, and what they weigh, are those of the paper and the ballots."""
    jury, title = category.get("jury", {}), category["title"]
    if (told.get("weight"), told.get("quorum")) != (jury.get("weight"), jury.get("quorum")):
        yield f"“{title}”: the jury was not weighed as the ballot paper says."
    if (told.get("counts_in"), list(map(Fraction, told.get("weights", [])))) != (
        found.get("counts_in"),
        found.get("weights"),
    ):
        yield f"“{title}”: the jury's ballots do not weigh what their number and the ballot paper come to."
    for side in ("public", "jury"):
        for part in ("ballots", "base", "counts", "ranking", "winners"):
            ours = comparable(found.get(side, {}).get(part, {}), part)
            theirs = comparable(told.get(side, {}).get(part, {}), part)
            if part == "counts":
                ours, theirs = ({key: number for key, number in each.items() if number} for each in (ours, theirs))
            if ours != theirs:
                yield f"“{title}”: the published {part} of the {side}'s side are not what the ballots come to."


# The program


def check(ledger, key):
    return [*check_heads(ledger, key), *check_statements(ledger, key)]


def check_results(ledger, ballots):
    paper = ledger["statements"].get("0", {}).get("paper")
    if paper is None:
        return
    yield from check_rulings(ledger, paper)
    yield from check_ballots(ledger, ballots, paper)
    yield from check_completeness(ledger, ballots, paper)
    results = results_of(ledger)
    for category in paper["categories"]:
        slug = category["slug"]
        if slug not in results:
            print(f"{category['title']}: not released yet")
            continue
        gone = {each["withdraw"] for _, each in said(ledger, "withdraw") if each["category"] == slug}
        written = counts_as(ledger, slug)
        own = [ballot for ballot in ballots if ballot["category"] == slug]
        found = count(category, own, gone, paper["lot"], written)
        names = {nominee["slug"]: nominee["name"] for nominee in category["nominees"]} | written[1]
        print(f"{category['title']}: {category['method']}, {float(found['ballots']):g} ballots")
        for name, number in sorted(found["counts"].items(), key=lambda item: -item[1]):
            print(f"{float(number):9g}  {names.get(name, name)}{'  (winner)' if name in found['winners'] else ''}")
        yield from check_count(category, results[slug], found)


def load(path):
    with open(path, encoding="utf-8") as file:
        return json.load(file)


def findings(given):
    """All that does not hold, a sentence each."""
    ledger, key = load(given.ledger), given.key or KEY
    found = check(ledger, key)
    if given.key and KEY and given.key != KEY:
        found.append("The site gave out this program with another key than the one you name.")
    if not key:
        found.append("Whose key it is was not checked: name the one you trust with --key.")
    if given.ballots:
        with open(given.ballots, encoding="utf-8", newline="") as file:
            found += check_results(ledger, list(csv.DictReader(file)))
    elif said(ledger, "result"):
        found.append("The count was not checked: give ballots.csv, too.")
    if given.other:
        other = load(given.other)
        found += [f"In {given.other}: {problem}" for problem in check(other, key)]
        found += check_copy(ledger, other)
    for receipt in given.receipt:
        if receipt in ledger["leaves"]:
            ends = [
                (state, each["reason"])
                for state in (*REVIEW, "superseded")
                for _, each in said(ledger, state)
                if each[state] == receipt
            ]
            told = "".join(f", {state}: {reason}" for state, reason in ends)
            print(f"Receipt {receipt}: leaf {ledger['leaves'].index(receipt)}{told}")
        else:
            found.append(f"The receipt {receipt} is not in this ledger.")
    print(*times_in_words(ledger), sep="\n")
    heads = ledger["heads"]
    print(f"Season {ledger['season']}, key {heads[-1]['public_key'] if heads else 'none'}")
    return found or f"All leaves ({len(ledger['leaves'])}) and tree heads ({len(heads)}) hold."


def main(arguments):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("ledger")
    parser.add_argument("ballots", nargs="?")
    parser.add_argument("--key", type=str.lower, help="the key that signs, in 64 hexadecimal digits")
    parser.add_argument("--receipt", action="append", default=[], type=str.lower, help="a receipt to look up")
    parser.add_argument("--with", dest="other", metavar="OTHER", help="another ledger.json of the same season")
    parser.add_argument("older", nargs="*", metavar="RECEIPT", help=argparse.SUPPRESS)
    given = parser.parse_intermixed_args(arguments)
    given.receipt += given.older
    try:
        found = findings(given)
    except (
        ArithmeticError,
        AttributeError,
        LookupError,
        OSError,
        RecursionError,
        TypeError,
        ValueError,
        csv.Error,
    ) as e:
        found = [f"A file cannot be read, or is not what the site gives out: {type(e).__name__} {e}."]
    print(found if isinstance(found, str) else "\n".join(found))
    return 0 if isinstance(found, str) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
