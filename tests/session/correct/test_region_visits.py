"""*Next* and *Previous* without a window."""

from __future__ import annotations

from itertools import count
from types import SimpleNamespace

import numpy as np
import pytest

from napari_emseg.core.config.prediction import MaskConfig
from napari_emseg.session.correct.region_visits import Corrected, RegionVisits, VisitPhase
from napari_emseg.session.direct_executor import DirectLane
from napari_emseg.session.painting.array_labels import ArrayLabels
from napari_emseg.session.prediction.rules import Rules
from napari_emseg.session.workspace import Workspace

SHAPE, THRESHOLD = (4, 192, 256), 0.5


def doubtful() -> np.ndarray:
    """Walls with one gap in slice 1, and a smaller cell behind a gap in slice 3."""
    probability = np.full(SHAPE, 0.99, np.float32)
    for z, column in ((1, 100), (3, 30)):
        probability[z, :, column - 2 : column + 3] = 0.01
        probability[z, 90:100, column - 2 : column + 3] = 0.62
    return probability


_times = count(1)


def predict(workspace, image="em", probability=None, done=range(4)):
    """A prediction that a dock has made."""
    prediction = SimpleNamespace(
        image=image, probability=doubtful() if probability is None else probability,
        done=set(done), is_shown=True, rules=Rules(("mask",), MaskConfig(THRESHOLD)),
        made=next(_times),
    )  # fmt: skip
    workspace.add(prediction)
    workspace.segmented.emit(prediction)
    return prediction


@pytest.fixture
def workspace():
    return Workspace()


@pytest.fixture
def shown():
    return []


@pytest.fixture
def corrected():
    return []


@pytest.fixture
def visits(executor, workspace, shown, corrected):
    return RegionVisits(
        executor,
        workspace,
        lambda image, z, region: shown.append((image, z, region.y, region.x)),
        lambda: corrected[-1] if corrected else None,
    )


def test_before_a_prediction_it_says_what_to_do(visits, shown):
    visits.go_on()
    assert "Segment" in visits.message
    assert (visits.phase, visits.can_go_back) == (VisitPhase.NOTHING, False)
    assert shown == []


def test_next_and_previous(visits, workspace, shown):
    predict(workspace)
    visits.go_on()
    image, z, y, x = shown[-1]
    assert (image, z) == ("em", 1)
    assert 88 <= y < 102
    assert 96 <= x < 104
    assert visits.message == f"Slice 1: may merge these two cells (row {y}, column {x})."
    assert not visits.can_go_back
    visits.go_on()
    assert shown[-1][1] == 3
    assert visits.can_go_back
    visits.go_back()
    assert shown[-1] == shown[0]
    visits.go_back()  # there is none before
    visits.go_on()
    assert shown[-1][1] == 3
    for _ in range(20):
        visits.go_on()
    assert "left" in visits.message
    assert len(set(shown)) == 2


class SlowLane(DirectLane):
    """Ranks one slice each time it is told to."""

    def __init__(self):
        super().__init__()
        self.waiting = []

    def latest(self, make, then=None, failed=None):
        self.waiting = [lambda: DirectLane.run(self, make, then, failed)]

    def drop(self):
        self.waiting.clear()

    def step(self):
        self.waiting.pop()()


@pytest.fixture
def lane(visits):
    visits.ranker._lane = SlowLane()
    return visits.ranker._lane


def test_a_click_before_the_ranks_are_there_goes_once_they_are(visits, lane, workspace, shown):
    predict(workspace)
    visits.go_on()
    assert visits.phase is VisitPhase.LOOKING
    assert "Looking" in visits.message
    lane.step()  # slice 0, where all is certain
    assert visits.phase is VisitPhase.LOOKING
    lane.step()
    assert visits.phase is VisitPhase.READY
    assert shown[-1][1] == 1
    assert visits.message.endswith("; other slices are still being looked through.")
    while lane.waiting:
        lane.step()
    assert visits.message.startswith("Slice 1: ")
    assert "still" not in visits.message


def test_another_prediction_begins_anew(visits, lane, workspace, shown):
    predict(workspace)
    for _ in range(4):
        lane.step()
    visits.go_on()
    visits.go_on()
    predict(workspace, image="other", done=[0])
    assert visits.message == ""
    assert not visits.can_go_back
    lane.step()
    visits.go_on()
    assert "left" in visits.message
    assert [each[0] for each in shown] == ["em", "em"]


def test_slices_that_are_done_later_are_ranked_too(visits, workspace, shown):
    prediction = predict(workspace, done=[0])
    visits.go_on()
    assert shown == []
    prediction.done.add(3)
    workspace.segmented.emit(prediction)
    visits.go_on()
    assert shown[-1][1] == 3


def test_what_is_corrected_is_passed_over(visits, workspace, shown, corrected):
    painted = (doubtful() > THRESHOLD).astype(np.uint8)
    painted[1, 88:102, 96:105] = 0
    predict(workspace)
    corrected.append(Corrected("another", ArrayLabels(painted), (1,)))
    visits.go_on()
    assert shown[-1][1] == 1  # corrected was another image
    corrected.append(Corrected("em", ArrayLabels(painted), (1,)))
    visits._visited.clear()
    visits._at = -1
    visits.go_on()
    assert shown[-1][1] == 3


def test_two_viewers_do_not_mix(visits, executor, shown):
    other = Workspace()
    predict(other)
    visits.go_on()
    assert shown == []


def test_closed_it_listens_no_more(visits, workspace):
    visits.close()
    predict(workspace)
    assert visits.phase is VisitPhase.CLOSED
    assert visits.ranker.regions == {}
    visits.close()
