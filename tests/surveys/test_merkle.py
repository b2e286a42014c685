"""The ledger's trees are those of RFC 6962."""

import json
from base64 import b64decode
from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from surveys import merkle

VECTORS = json.loads((Path(__file__).parent / "vectors" / "rfc6962.json").read_text())
LEAVES = st.lists(st.binary(max_size=8).map(merkle.leaf_hash), max_size=70)


def proof_of(vector):
    return [b64decode(part) for part in vector["proof"] or []]


@pytest.mark.parametrize("vector", VECTORS["inclusion"], ids=lambda vector: vector["case"])
def test_it_judges_published_inclusion_proofs(vector):
    proved = merkle.proves_inclusion(
        leaf=b64decode(vector["leafHash"]),
        index=vector["leafIdx"],
        size=vector["treeSize"],
        path=proof_of(vector),
        root=b64decode(vector["root"]),
    )
    assert proved is not vector["wantErr"]


@pytest.mark.parametrize("vector", VECTORS["consistency"], ids=lambda vector: vector["case"])
def test_it_judges_published_consistency_proofs(vector):
    proved = merkle.proves_consistency(
        old_size=vector["size1"],
        new_size=vector["size2"],
        old_root=b64decode(vector["root1"]),
        new_root=b64decode(vector["root2"]),
        path=proof_of(vector),
    )
    assert proved is not vector["wantErr"]


def test_its_roots_are_the_published_ones():
    data = [
        b"",
        b"\x00",
        b"\x10",
        b"\x20\x21",
        b"\x30\x31",
        b"\x40\x41\x42\x43",
        bytes(range(0x50, 0x58)),
        bytes(range(0x60, 0x70)),
    ]
    happy = [vector for vector in VECTORS["consistency"] if vector["desc"] == "happy path"]
    roots = {vector[f"size{end}"]: b64decode(vector[f"root{end}"]) for vector in happy for end in (1, 2)}
    leaves = [merkle.leaf_hash(piece) for piece in data]
    assert sorted(roots) == [1, 2, 5, 6, 7, 8]
    assert {size: merkle.root_of(leaves[:size]) for size in roots} == roots


def test_a_tree_without_leaves_has_the_empty_hash():
    assert merkle.root_of([]) == sha256(b"").digest()


@given(LEAVES, LEAVES)
def test_a_frontier_taken_up_again_goes_on_as_before(first, second):
    frontier = merkle.Frontier()
    for leaf in first:
        frontier.append(leaf)
    frontier = merkle.Frontier.from_bytes(frontier.size, frontier.to_bytes())
    for leaf in second:
        frontier.append(leaf)
    assert frontier.root() == merkle.root_of(first + second)


@given(LEAVES.filter(bool), st.data())
def test_every_leaf_can_be_proved_and_nothing_else(leaves, data):
    index = data.draw(st.integers(0, len(leaves) - 1))
    proof = {"index": index, "size": len(leaves), "path": merkle.inclusion_proof(leaves, index)}
    root = merkle.root_of(leaves)
    assert merkle.proves_inclusion(leaf=leaves[index], root=root, **proof)
    assert not merkle.proves_inclusion(leaf=merkle.leaf_hash(b"another leaf"), root=root, **proof)


@given(LEAVES.filter(bool), st.data())
def test_growth_can_be_proved_and_a_rewritten_past_cannot(leaves, data):
    old_size = data.draw(st.integers(1, len(leaves)))
    proof = {"old_size": old_size, "new_size": len(leaves), "path": merkle.consistency_proof(leaves, old_size)}
    new_root, old_root = merkle.root_of(leaves), merkle.root_of(leaves[:old_size])
    assert merkle.proves_consistency(old_root=old_root, new_root=new_root, **proof)
    assert not merkle.proves_consistency(old_root=merkle.leaf_hash(b"another past"), new_root=new_root, **proof)
