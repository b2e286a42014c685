"""The pinned requirements: what is asked for is pinned, whole, and what these tests run on."""

import re
from importlib.metadata import distribution, version
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[2]


def asked_for(name):
    lines = (line.split("#")[0].strip() for line in (ROOT / name).read_text().splitlines())
    return [Requirement(line) for line in lines if line and not line.startswith("-")]


def pinned(name):
    pins = re.findall(r"^([\w.-]+)==(\S+)", (ROOT / name).read_text(), re.MULTILINE)
    return {canonicalize_name(package): number for package, number in pins}


def needed(requirements):
    """Every package that those need, by what the installed ones say."""
    found = set()
    waiting = [(canonicalize_name(one.name), extra) for one in requirements for extra in {"", *one.extras}]
    seen = set(waiting)
    while waiting:
        package, extra = waiting.pop()
        found.add(package)
        for text in distribution(package).requires or []:
            one = Requirement(text)
            if one.marker is None or one.marker.evaluate({"extra": extra}):
                more = {(canonicalize_name(one.name), wanted) for wanted in {"", *one.extras}} - seen
                seen |= more
                waiting += more
    return found


NEEDED_ELSEWHERE = {"async-timeout", "importlib-metadata", "tomli"}  # by the oldest Python that we support
READ = {  # what each file is made from
    "requirements": ["requirements"],
    "requirements-providers": ["requirements-providers"],
    "requirements-operations": ["requirements-operations"],
    "requirements-dev": ["requirements", "requirements-providers", "requirements-operations", "requirements-dev"],
}


@pytest.mark.parametrize("name", READ)
def test_everything_asked_for_is_pinned_as_asked(name):
    pins = pinned(f"{name}.txt")
    for one in asked_for(f"{name}.in"):
        assert one.specifier.contains(pins[canonicalize_name(one.name)]), f"{one} is pinned to something else"


@pytest.mark.parametrize("name", READ)
def test_what_is_pinned_is_what_is_needed(name):
    wanted = [one for read in READ[name] for one in asked_for(f"{read}.in")]
    assert needed(wanted) <= set(pinned(f"{name}.txt")), "a package is needed but not pinned: compile the file again"
    superfluous = set(pinned(f"{name}.txt")) - needed(wanted) - NEEDED_ELSEWHERE
    assert not superfluous, "nobody asks for these any more: compile the file again"


def test_tests_run_on_the_versions_that_are_deployed():
    development = pinned("requirements-dev.txt")
    deployed = pinned("requirements.txt") | pinned("requirements-providers.txt") | pinned("requirements-operations.txt")
    assert {name: development.get(name) for name in deployed} == deployed
    assert {name: version(name) for name in development} == development
