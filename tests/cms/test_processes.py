"""The runner of a Procfile's processes: what dies is started again, and given up when that is no use."""

import time

import pytest

from cms.ops.processes import GivenUp, Processes


def test_one_that_ends_over_and_over_is_given_up(tmp_path):
    command = "sh -c 'echo started >> starts; exit 3'"
    runner = Processes({"web": command}, folder=tmp_path, environment={}, pauses=(0.01, 0.02))
    runner.start("web")
    with pytest.raises(GivenUp, match="web ended 3 times in a row, the last time with status 3"):
        watch(runner, seconds=10)
    runner.stop(1)
    assert (tmp_path / "starts").read_text().splitlines() == ["started"] * 3


def watch(runner, *, seconds):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        runner.restart_ended()
        time.sleep(0.01)
