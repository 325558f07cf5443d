"""Each of several hundred damaged, absurd or rare stacks ends with a result or words."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

_LEAST_CASES = 500


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory):
    """What became of each case, all in one process, which may not crash or print."""
    folder = tmp_path_factory.mktemp("corpus")
    out = folder / "outcomes.jsonl"
    (folder / "cases").mkdir()
    command = [sys.executable, Path(__file__).with_name("attack.py"), folder / "cases", out]
    done = subprocess.run(command, capture_output=True, text=True, timeout=400)
    found = [json.loads(line) for line in out.read_text().splitlines()]
    assert done.returncode == 0, f"died in {found[-1:]}: {done.stderr[-3000:]}"
    return [each for each in found if "begun" not in each]


@pytest.mark.skipif(sys.platform != "linux", reason="its limits and measures are Linux'")
class TestBadInput:
    def test_each_ends_with_a_result_or_an_error_in_words(self, outcomes):
        assert len(outcomes) >= 2 * _LEAST_CASES
        faults = [each for each in outcomes if "fault" in each]
        assert not faults, json.dumps(faults[:20], indent=1)
        assert any("result" in each for each in outcomes)

    def test_errors_are_sentences_that_can_be_read(self, outcomes):
        errors = [each["error"] for each in outcomes if "error" in each]
        assert max(map(len, errors)) < 1500
        assert all(": " in each and "Traceback" not in each for each in errors)

    def test_no_part_is_taken_for_the_whole(self, outcomes):
        assert not [each["name"] for each in outcomes if each.get("left")]

    def test_memory_and_time_have_a_bound(self, outcomes):
        sys.path.insert(0, str(Path(__file__).parent))
        from attack import MOST_MEMORY, MOST_SECONDS

        assert not [each for each in outcomes if each["memory"] > MOST_MEMORY]
        assert not [each for each in outcomes if each["seconds"] > MOST_SECONDS]

    def test_whole_files_are_read(self, outcomes):
        whole = [each for each in outcomes if each["name"].startswith("whole ")]
        assert len(whole) >= 2 * 20
        assert all("result" in each for each in whole)

    def test_what_can_be_read_can_be_used_or_is_refused_in_words(self, outcomes):
        uses = [each["uses"] for each in outcomes if "uses" in each]
        assert sum(map(len, uses)) >= 200
        assert all(any(said[use] == "done" for said in uses if said) for use in uses[0])
