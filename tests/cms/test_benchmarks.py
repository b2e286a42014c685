"""What benchmarks say of themselves: the page of figures names how each was run, and a size that cannot be is none."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks import memory

ROOT = Path(__file__).resolve().parent.parent.parent
PAGE = "# Figures\n\nOld words.\n\n## lists\n\nHow lists do.\n\n| figure | value |\n|---|---|\n| rows | 7 |\n\n## sending\n\nOld.\n"


@pytest.fixture
def written(tmp_path):
    """Writes a benchmark's figures into a page, and gives the page."""
    path = tmp_path / "figures.md"

    def write(name, *options, **figures):
        command = [sys.executable, "-m", "benchmarks.summary", str(path), name, *options]
        subprocess.run(command, cwd=ROOT, input=json.dumps(figures), text=True, check=True)
        return path.read_text()

    write.path = path
    return write


def test_a_section_says_with_which_options_it_was_measured(written):
    page = written("sending", "100000", messages_per_s=1234, vs_send_messages=2.5)
    assert "`bin/bench sending 100000`, 20" in page
    assert page.index("| **vs_send_messages** | **2.5** |") < page.index("| messages_per_s | 1,234 |")
    assert "`bin/bench mixed`, 20" in written("mixed", rate_per_s=300)


def test_one_that_is_measured_again_takes_the_place_of_its_section_alone(written):
    written.path.write_text(PAGE)
    page = written("sending", messages_per_s=1)
    assert "Old" not in page
    assert (
        "## lists\n\nHow lists do.\n\n| figure | value |\n|---|---|\n| rows | 7 |\n\n## sending\n\nA briefing" in page
    )
    assert page == written("sending", messages_per_s=1)
    page = written("memory", "150000", requests=150_000)
    assert [line for line in page.splitlines() if line.startswith("## ")] == ["## lists", "## memory", "## sending"]


def test_a_process_that_has_not_begun_or_has_ended_has_no_size():
    assert memory.size_of(os.getpid()) > memory.SMALLEST
    sleeping = subprocess.Popen(["sleep", "60"])
    try:
        with pytest.raises(AssertionError, match="it has not begun, or has ended"):
            memory.size_of(sleeping.pid)
    finally:
        sleeping.kill()
        sleeping.wait()
