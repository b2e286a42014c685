#!/usr/bin/env python3
"""Check a season's public record with nothing but Python 3.8+.

    python3 verify.py ledger.json [BALLOTS.csv] [RECEIPT]

It hashes all leaves into the tree (RFC 6962) and compares every signed root; checks the signatures (Ed25519, RFC 8032);
hashes every opened ballot and looks for it among the leaves; counts the ballots again; and looks up a receipt.
Keep an older ledger.json: its leaves must be the beginning of a newer one's.
"""

import csv
import hashlib
import json
import sys
from collections import Counter

P = 2**255 - 19
D = -121665 * pow(121666, P - 2, P) % P
ROOT_OF_MINUS_1 = pow(2, (P - 1) // 4, P)


def canonical(value):
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def leaf_hash(value):
    return hashlib.sha256(b"\x00" + canonical(value)).digest()


def roots(leaves, sizes):
    """The roots of the trees over the first `size` leaves, for every size asked for."""
    found, perfect = {0: hashlib.sha256(b"").digest()}, []
    for size, leaf in enumerate(leaves, 1):
        rest = size
        while not rest & 1:
            leaf = hashlib.sha256(b"\x01" + perfect.pop() + leaf).digest()
            rest >>= 1
        perfect.append(leaf)
        if size in sizes:
            *left, root = perfect
            for subtree in reversed(left):
                root = hashlib.sha256(b"\x01" + subtree + root).digest()
            found[size] = root
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
    challenge = int.from_bytes(hashlib.sha512(signature[:32] + key + message).digest(), "little")
    left, right = times(s, base), added(decoded(signature[:32]), times(challenge, decoded(key)))
    return (left[0] * right[2] - right[0] * left[2]) % P == 0 and (left[1] * right[2] - right[1] * left[2]) % P == 0


def check_ledger(ledger):
    leaves = [bytes.fromhex(leaf) for leaf in ledger["leaves"]]
    found = roots(leaves, {head["size"] for head in ledger["heads"]})
    for head in ledger["heads"]:
        statement = {"season": ledger["season"], **{name: head[name] for name in ("size", "root", "signed_at")}}
        if found.get(head["size"], b"").hex() != head["root"]:
            yield f"The root at {head['size']} is not the hash of its leaves."
        if not is_signed(bytes.fromhex(head["public_key"]), canonical(statement), bytes.fromhex(head["signature"])):
            yield f"The signature at {head['size']} is not genuine."
    if leaves and (not ledger["heads"] or ledger["heads"][-1]["size"] != len(leaves)):
        yield "No signed head covers all leaves."
    for index, statement in ledger["statements"].items():
        if leaf_hash(statement) != leaves[int(index)]:
            yield f"Leaf {index} is not the hash of its statement."


def check_ballots(ledger, ballots):
    """Every opened ballot is the leaf it says, once; and whatever is void is said so in the ledger."""
    void = {statement["void"] for statement in ledger["statements"].values()}
    seen = set()
    for ballot in ballots:
        opened = {"season": ledger["season"], "category": ballot["category"], "nonce": ballot["nonce"]}
        opened["choice"] = json.loads(ballot["choice"])
        index = int(ballot["index"])
        if (
            not 0 <= index < len(ledger["leaves"])
            or leaf_hash(opened).hex() != ledger["leaves"][index]
            or index in seen
        ):
            yield f"The ballot at {index} is not the leaf there."
        seen.add(index)
        if (ballot["state"] == "void") != (ballot["receipt"] in void):
            yield f"The ledger and the ballot at {index} disagree on whether it is void."


def counts(ballots):
    """First choices by category; a ballot that names two in a plurality or ranking is in nobody's favour."""
    found = {}
    for ballot in ballots:
        choice = json.loads(ballot["choice"])
        tally = found.setdefault(ballot["category"], Counter())
        if ballot["state"] == "cast":
            tally.update(choice if isinstance(choice, dict) else choice[0] if choice else [])
    return found


def main(paths):
    receipt = paths.pop() if len(paths) > 1 and len(paths[-1]) == 64 else None
    with open(paths[0], encoding="utf-8") as file:
        ledger = json.load(file)
    leaves, problems = ledger["leaves"], list(check_ledger(ledger))
    if len(paths) > 1:
        with open(paths[1], encoding="utf-8", newline="") as file:
            ballots = list(csv.DictReader(file))
        problems += check_ballots(ledger, ballots)
        for category, tally in counts(ballots).items():
            print(category, "(first choices, approvals or points)")
            for name, number in tally.most_common():
                print(f"{number:9}  {name}")
    if receipt:
        place = leaves.index(receipt) if receipt in leaves else None
        print(f"Receipt: leaf {place}" if place is not None else "Receipt: not in this ledger")
        problems += [] if place is not None else ["The receipt is not in this ledger."]
    print("\n".join(problems) or f"All leaves ({len(leaves)}) and tree heads ({len(ledger['heads'])}) hold.")
    return 1 if problems else 0


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    sys.exit(main(sys.argv[1:]))
