"""Segmenting, from the click to the last slice, and all that may happen in between."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from napari_emseg.core.config.prediction import MaskConfig, PredictConfig
from napari_emseg.core.segment.postprocess import to_mask
from napari_emseg.engine.jobs import DevicesJob, PredictJob, WarmUpJob
from napari_emseg.errors import ShapeError
from napari_emseg.model.packages.package import ModelPackage, PackageInfo
from napari_emseg.model.predict.predictor import CostEstimate
from napari_emseg.session.direct_executor import DirectExecutor
from napari_emseg.session.direct_jobs import DirectJobs
from napari_emseg.session.prediction.prediction import PredictionSettings
from napari_emseg.session.prediction.rules import Rules
from napari_emseg.session.prediction.shown import nearest_first
from napari_emseg.session.segment.cost import NO_IMAGE, Question
from napari_emseg.session.segment.session import EDITED, OBSTRUCTED, Phase, SegmentSession
from napari_emseg.session.thread_lane import ThreadLane
from napari_emseg.session.workspace import Workspace
from napari_emseg.types import Cancelled, Failed, Finished

RULES = Rules(("mask",), MaskConfig(0.5, smallest_cell_px=4))


class Told:
    """All that a session tells, in order."""

    def __init__(self, session):
        self.phases, self.messages, self.ended, self.failed, self.warned = [], [], [], [], []
        session.events.phase.connect(self.phases.append)
        session.events.message.connect(self.messages.append)
        session.ended.connect(self.ended.append)
        session.failed.connect(lambda failed: self.failed.append(failed.message))
        session.warned.connect(self.warned.append)


@pytest.fixture
def session(jobs, executor, workspace):
    return SegmentSession(jobs, executor, workspace)


@pytest.fixture
def told(session):
    return Told(session)


@pytest.fixture
def segment(session, package):
    """Ask for all slices of images, the nearest first."""

    def segment(*images, slices=None, rules=RULES, model=package):
        settings = PredictionSettings(model, "auto", PredictConfig())
        wanted = slices or (lambda image: nearest_first(range(image.shape[0]), image.here))
        session.segment(images, wanted, settings, rules)

    return segment


def test_one_stack(viewer, stack, session, told, segment, jobs, worker):
    image = stack(viewer)
    image.here = 2
    segment(image)
    assert session.phase is Phase.READING
    assert session.message == "Reading the slices ..."
    assert viewer.names == ["em", "em [probe] probability"], (
        "the layer is there before the first slice"
    )
    jobs.work()

    assert worker.jobs[0].slices == (2, 1, 3, 0)
    assert told.phases == [Phase.READING, Phase.SEGMENTING, Phase.IDLE]
    assert "1 of 4 slices, 2.0 s left" in told.messages
    assert session.message == "4 slices in 1.0 s with a test."
    assert session.done is None
    assert told.ended == [Finished(told.ended[0].result)]
    assert session.prediction.done == {0, 1, 2, 3}
    np.testing.assert_array_equal(
        viewer["em [probe] mask"].array, to_mask(session.prediction.probability, RULES[1])
    )
    assert viewer["em [probe] mask"].drawn == [2, 1, 3, 0, "thumbnail"]


def test_the_worker_may_answer_before_the_click_returns(
    viewer, stack, package, executor, workspace, worker
):
    """As a script has it, whose jobs are done where they are asked for."""
    jobs = DirectJobs(worker)
    session = SegmentSession(jobs, executor, workspace)
    told = Told(session)
    images = [stack(viewer, "one", 2), stack(viewer, "two", 3)]
    settings = PredictionSettings(package, "auto", PredictConfig())
    session.segment(images, lambda image: list(range(image.shape[0])), settings, RULES)
    assert session.message.startswith("2 of 2 stacks segmented, 5 slices in ")
    assert session.phase is Phase.IDLE
    assert [type(event) for event in told.ended] == [Finished]
    assert {
        "one [probe] probability",
        "one [probe] mask",
        "two [probe] probability",
        "two [probe] mask",
    } < set(viewer.names)
    jobs.close()


def test_the_same_layers_are_filled_by_the_next_click(viewer, stack, session, segment, jobs):
    image = stack(viewer)
    segment(image, slices=lambda _: [1])
    jobs.work()
    first = session.prediction
    segment(image)
    jobs.work()
    assert session.prediction is first
    assert viewer.names == ["em", "em [probe] probability", "em [probe] mask"]
    assert first.done == {0, 1, 2, 3}


def test_another_model_has_layers_of_its_own(viewer, stack, session, segment, jobs):
    image = stack(viewer)
    segment(image)
    jobs.work()
    first = session.prediction
    segment(image, model=ModelPackage(Path("other"), PackageInfo("other")))
    jobs.work()
    assert session.prediction is not first
    assert viewer["em [other] mask"].visible
    assert not viewer["em [probe] mask"].visible, "which the new one would lie on"
    assert first.out_path.exists(), "which may still be gone on with"


def test_several_stacks_one_after_the_other(viewer, stack, session, told, segment, jobs):
    segment(stack(viewer, "one", 2), stack(viewer, "two", 3))
    jobs.work()
    places = [message.split(": ")[0] for message in told.messages if message.startswith("Stack")]
    assert list(dict.fromkeys(places)) == ["Stack 1 of 2, one", "Stack 2 of 2, two"]
    assert session.message == "2 of 2 stacks segmented, 5 slices in 2.0 s with a test."
    assert len(told.ended) == 1
    assert told.phases[-1] is Phase.IDLE
    assert told.phases.count(Phase.IDLE) == 1
    session.apply(Rules(("mask",), MaskConfig(0.0, 0)))
    assert (viewer["one [probe] mask"].array[1] == 1).all()
    assert (viewer["two [probe] mask"].array[1] == 1).all(), "rules apply to all that was asked for"


def test_what_cannot_be_segmented_is_told_and_the_next_goes_on(
    viewer, stack, session, told, segment, jobs, worker, package
):
    flat, one, gone = (stack(viewer, name) for name in ("flat", "one", "gone"))
    flat.pixels = flat.pixels[0]
    segment(flat, one, gone)
    viewer.layers.remove(gone)
    jobs.work()
    lines = session.message.split("\n")
    assert lines[0].startswith("1 of 3 stacks segmented")
    assert "expected a stack" in lines[1]
    assert "'gone' was removed before its turn" in lines[2]
    assert told.failed == [line.partition(": ")[2] for line in lines[1:]]
    assert isinstance(told.ended[0], Failed)


def test_a_job_that_fails_is_one_of_several(viewer, stack, session, told, segment, jobs, worker):
    def slices_of(image):
        worker.failing = {"probe"} if image.name == "one" else set()
        return [0]

    segment(stack(viewer, "one"), stack(viewer, "two"), slices=slices_of)
    jobs.work()
    assert told.failed == ["probe is damaged"]
    assert session.message == (
        "1 of 2 stacks segmented, 1 slice in 1.0 s with a test.\none: probe is damaged"
    )
    assert "one [probe] probability" not in viewer.names, "no slice of it is there"
    worker.failing = set()
    segment(viewer["one"], slices=lambda _: [0])
    jobs.work()
    assert isinstance(told.ended[-1], Finished)
    assert viewer["one [probe] mask"].array[0].any()


def test_slices_that_are_not_there_begin_nothing(viewer, stack, session, told, segment, jobs):
    def slices_of(image):
        raise ShapeError("slices: from 0 to 3, received 9")

    segment(stack(viewer), slices=slices_of)
    jobs.work()
    assert session.message == told.failed[0] == "slices: from 0 to 3, received 9"
    assert session.phase is Phase.IDLE
    assert viewer.names == ["em"]


def test_stop_keeps_what_is_done_and_begins_nothing_more(
    viewer, stack, session, told, segment, jobs, worker
):
    worker.before[2] = session.stop
    segment(stack(viewer, "one"), stack(viewer, "two"))
    jobs.work()
    assert told.phases == [Phase.READING, Phase.SEGMENTING, Phase.STOPPING, Phase.IDLE]
    assert session.message == (
        "0 of 2 stacks segmented.\none: Stopped after 2 of 4 slices.\nNot begun: two."
    )
    assert viewer["one [probe] mask"].array[1].any()
    assert "two [probe] mask" not in viewer.names
    assert isinstance(told.ended[0], Cancelled)


def test_what_is_still_heard_of_a_job_does_not_hide_that_it_stops(
    viewer, stack, session, segment, jobs, worker
):
    seen = []
    worker.before[1] = session.stop
    session.events.done.connect(lambda _: seen.append((session.phase, session.message)))
    segment(stack(viewer))
    worker.before[2] = lambda: seen.append((session.phase, session.message))
    jobs.work()
    assert (Phase.STOPPING, "1 of 4 slices, 2.0 s left") not in seen
    assert session.message == "Stopped after 1 of 4 slices."


def test_stop_before_it_begins(viewer, stack, session, told, segment, jobs):
    segment(stack(viewer))
    session.stop()
    session.stop()
    assert session.phase is Phase.STOPPING
    assert session.message == "Stopping ..."
    jobs.work()
    assert viewer.names == ["em"]
    assert session.phase is Phase.IDLE


def test_stop_while_nothing_runs_does_nothing(session, told):
    session.stop()
    assert session.phase is Phase.IDLE
    assert not told.messages


class LaterLanes:
    """An executor whose lanes do their work when the test says so."""

    def __init__(self):
        self.calls = []

    def lane(self, name):
        return ThreadLane(name, self.calls.append)

    def timer(self, call, delay_s=0.0):
        return DirectExecutor().timer(call, delay_s)

    def deliver(self, call):
        self.calls.append(call)

    def turn_until(self, is_done):
        while not is_done():
            if self.calls:
                self.calls.pop(0)()
            time.sleep(0.001)


@pytest.mark.parametrize("act", ["stop", "close"])
def test_between_two_stacks_it_can_be_stopped_too(
    viewer, stack, package, jobs, workspace, act, worker
):
    lanes = LaterLanes()
    session = SegmentSession(jobs, lanes, workspace)
    told = Told(session)
    settings = PredictionSettings(package, "auto", PredictConfig())
    images = [stack(viewer, "one"), stack(viewer, "two")]
    session.segment(images, lambda _: [0, 1], settings, RULES)
    jobs.work()
    assert not told.ended, "masks of the first stack are still to be made"
    getattr(session, act)()
    lanes.turn_until(lambda: told.ended)
    jobs.work()
    assert len(worker.jobs) == 1
    assert "two [probe] mask" not in viewer.names
    if act == "stop":
        assert session.message.endswith("Not begun: two.")
        assert session.phase is Phase.IDLE


@pytest.mark.parametrize("act", ["edit", "remove"])
def test_a_result_that_a_person_takes_in_hand_stops_it_in_words(
    viewer, stack, session, told, segment, jobs, worker, act
):
    def take():
        mask = viewer["em [probe] mask"]
        if act == "edit":
            mask.is_edited = True
        else:
            viewer.layers.remove(mask)

    worker.before[2] = take
    segment(stack(viewer))
    jobs.work()
    assert told.warned == [OBSTRUCTED]
    assert isinstance(told.ended[0], Cancelled)
    assert session.prediction.done == {0, 1}
    assert not session.prediction.mask[2].any()


def test_only_the_stack_that_is_taken_in_hand_stops(viewer, stack, session, segment, jobs, worker):
    def take():
        worker.before.clear()
        viewer["one [probe] mask"].is_edited = True

    worker.before[2] = take
    segment(stack(viewer, "one"), stack(viewer, "two"))
    jobs.work()
    assert "1 of 2 stacks segmented" in session.message
    assert viewer["two [probe] mask"].array[3].any()


def test_an_image_that_is_removed_while_it_is_segmented_is_segmented_on(
    viewer, stack, session, segment, jobs, worker
):
    image = stack(viewer)
    worker.before[1] = lambda: viewer.layers.remove(image)
    segment(image)
    jobs.work()
    assert session.prediction.done == {0, 1, 2, 3}


def test_after_an_edit_the_next_click_makes_new_layers_and_after_its_undo_it_does_not(
    viewer, stack, session, segment, jobs
):
    image = stack(viewer)
    segment(image, slices=lambda _: [0])
    jobs.work()
    first, mask = session.prediction, viewer["em [probe] mask"]
    mask.is_edited = True
    mask.is_edited = False  # Ctrl-Z
    segment(image, slices=lambda _: [1])
    jobs.work()
    assert session.prediction is first
    mask.is_edited = True
    segment(image, slices=lambda _: [2])
    jobs.work()
    assert session.prediction is not first
    assert viewer.names.count("em [probe] mask") == 2
    assert not first.out_path.exists()


def test_rules_changed_afterwards_make_results_anew(viewer, stack, session, segment, jobs):
    segment(stack(viewer))
    jobs.work()
    session.apply(Rules(("mask",), MaskConfig(0.785, 4)))
    np.testing.assert_array_equal(
        viewer["em [probe] mask"].array,
        to_mask(session.prediction.probability, MaskConfig(0.785, 4)),
    )
    viewer["em [probe] mask"].is_edited = True
    session.apply(Rules(("mask",), MaskConfig(0.1, 4)))
    assert session.message == EDITED
    viewer["em [probe] mask"].is_edited = False
    session.apply(Rules(("mask",), MaskConfig(0.1, 4)))
    assert session.message == "4 slices in 1.0 s with a test."


def test_another_session_of_the_viewer_is_gone_on_with(
    viewer, stack, session, segment, jobs, executor, workspace
):
    other = SegmentSession(jobs, executor, workspace)
    image = stack(viewer)
    segment(image, slices=lambda _: [3])
    jobs.work()
    assert other.prediction is session.prediction
    other.apply(Rules(("mask",), MaskConfig(0.0, 0)))
    assert viewer["em [probe] mask"].array[3].all()


def test_sessions_of_two_viewers_know_nothing_of_one_another(
    viewer, new_viewer, stack, session, segment, jobs, executor, package
):
    elsewhere = new_viewer()
    other, theirs = SegmentSession(jobs, executor, Workspace()), stack(elsewhere)
    segment(stack(viewer))
    jobs.work()
    mask = viewer["em [probe] mask"].array.copy()
    assert other.prediction is None
    other.apply(Rules(("mask",), MaskConfig(0.0, 0)))
    np.testing.assert_array_equal(viewer["em [probe] mask"].array, mask)
    settings = PredictionSettings(package, "auto", PredictConfig())
    other.segment([theirs], lambda _: [0], settings, RULES)
    jobs.work()
    assert other.prediction is not session.prediction
    assert session.prediction.done == {0, 1, 2, 3}


def test_a_session_that_is_closed_while_it_runs_keeps_what_is_done(
    viewer, stack, session, told, segment, jobs, worker
):
    worker.before[2] = session.close
    segment(stack(viewer))
    jobs.work()
    assert not told.ended
    assert session.prediction.done == {0, 1}
    assert viewer["em [probe] mask"].array[1].any()
    assert not session.prediction.is_open


def test_what_is_refused_is_told(session, told):
    session.refuse("Image: open or choose an image layer first.")
    assert session.message == told.failed[0] == "Image: open or choose an image layer first."
    assert session.phase is Phase.IDLE
    assert session.forget_refusal()
    session.say_idle("something else")
    assert not session.forget_refusal()


# -- before the click ------------------------------------------------------------------------


def question(slices="", shape=(4, 24, 32), model="probe"):
    return Question(model, "auto", PredictConfig(), shape, slices)


@pytest.fixture
def estimating(worker):
    worker.before[WarmUpJob] = lambda job: (
        None if job.shape is None else CostEstimate("a test", job.shape[0] // 8, 2.0, 2**20)
    )


def test_it_is_said_what_a_click_will_take(session, told, jobs, estimating):
    session.estimator.ask(question())
    assert session.message == "Getting ready ..."
    jobs.work()
    assert session.message == ("4 slices of 3 tiles will take about 8.0 s and 1 MiB with a test.")
    session.estimator.count(question("1:3"))
    assert session.message.startswith("2 slices of 3 tiles will take about 4.0 s")
    session.estimator.count(question("9"))
    assert "from 0 to 3, received 9" in session.message


def test_without_an_image_the_worker_is_warmed_all_the_same(session, jobs, estimating, worker):
    session.estimator.ask(question(shape=None))
    jobs.work()
    assert session.message == NO_IMAGE
    assert worker.jobs == [WarmUpJob("probe", "auto", PredictConfig(), None)]


def test_only_the_newest_question_is_answered(session, told, jobs, estimating):
    session.estimator.ask(question(shape=(9, 8, 8)))
    session.estimator.ask(question())
    jobs.work()
    assert not [message for message in told.messages if message.startswith("9 slices")]
    assert session.message.startswith("4 slices of 3 tiles")


def test_an_answer_does_not_hide_how_far_a_segmentation_is(
    viewer, stack, session, segment, jobs, estimating
):
    session.estimator.ask(question())
    segment(stack(viewer))
    jobs.work()
    assert session.message == "4 slices in 1.0 s with a test."


def test_a_question_that_fails_is_told(session, told, jobs, worker):
    def fail(job):
        raise ShapeError("model: damaged")

    worker.before[WarmUpJob] = fail
    session.estimator.ask(question())
    jobs.work()
    assert session.message == told.failed[0] == "model: damaged"


def test_devices_are_found(session, jobs, worker):
    worker.before[DevicesJob] = lambda job: ["cpu:0", "gpu:0"]
    heard = []
    session.events.devices.connect(heard.append)
    session.ask_devices()
    jobs.work()
    assert heard == [("cpu:0", "gpu:0")]


def test_a_closed_session_abandons_all_its_jobs(viewer, stack, session, segment, jobs, estimating):
    session.ask_devices()
    session.estimator.ask(question())
    segment(stack(viewer))
    session.close()
    assert jobs.abandoned == {1, 2, 3}


def test_only_predictions_are_asked_of_the_worker_by_a_click(viewer, stack, segment, jobs, worker):
    segment(stack(viewer))
    jobs.work()
    assert [type(job) for job in worker.jobs] == [PredictJob]


COARSE, LEARNED = (50, 16, 16), (50, 4, 4)


def test_it_is_said_by_how_much_pixels_are_resampled(session, jobs, estimating, worker):
    asked = replace(question(), voxel_size_nm=COARSE, network_voxel_size_nm=LEARNED)
    session.estimator.ask(asked)
    jobs.work()
    assert worker.jobs == [WarmUpJob("probe", "auto", PredictConfig(), (24, 32), COARSE)]
    assert session.message == (
        "4 slices of 3 tiles will take about 8.0 s and 1 MiB with a test. "
        "Pixels are 16 nm, the model learned at 4 nm: slices are resampled by 4."
    )
    by_hand = replace(asked, config=PredictConfig(pixel_size_nm=4))
    session.estimator.count(by_hand)
    assert "resampled" not in session.message


def test_where_nobody_knows_the_pixel_size_it_is_asked_for(session, jobs, estimating):
    session.estimator.ask(replace(question(), network_voxel_size_nm=LEARNED))
    jobs.work()
    assert "The pixel size of the stack is unknown" in session.message
    assert "4 nm" in session.message


def test_pixels_too_far_from_those_of_the_model_are_said_before_the_click(
    session, jobs, estimating
):
    far = replace(question(), voxel_size_nm=(50, 400, 400), network_voxel_size_nm=LEARNED)
    session.estimator.ask(far)
    jobs.work()
    assert "at most a factor of 8" in session.message


def test_the_worker_learns_the_voxel_size_of_the_stack(viewer, stack, segment, jobs, worker):
    image = stack(viewer)
    image.voxel_size_nm = COARSE
    segment(image)
    jobs.work()
    assert worker.jobs[0].voxel_size_nm == COARSE


def test_another_level_of_the_same_layer_gets_layers_of_its_own(
    viewer, stack, session, segment, jobs
):
    image = stack(viewer)
    segment(image)
    jobs.work()
    fine = session.prediction
    coarse = type(image)(viewer, "em", image.pixels[:, ::2, ::2])
    coarse.layer = image.layer
    segment(coarse)
    jobs.work()
    assert session.prediction is not fine
    assert session.prediction.mask.shape == (4, 12, 16)


def test_a_session_that_comes_later_takes_up_the_newest_prediction(
    viewer, stack, session, segment, jobs, executor, workspace
):
    segment(stack(viewer))
    jobs.work()
    image, made = session.prediction.image, session.prediction
    session.close()
    later = SegmentSession(jobs, executor, workspace)
    assert later.prediction is None
    assert later.take_up(image) is made
    assert later.take_up(image) is None, "it has it already"
    rules = Rules(("mask",), MaskConfig(0.9, 4))
    later.apply(rules)
    np.testing.assert_array_equal(
        viewer["em [probe] mask"].array, to_mask(made.probability, rules[1])
    )
    later.close()


def test_a_session_that_comes_later_fills_the_same_layers_and_hears_how_many_cells(
    viewer, stack, session, segment, jobs, executor, workspace, package
):
    image, rules = stack(viewer), Rules(("cells",), RULES.mask)
    segment(image, slices=lambda _: [1], rules=rules)
    jobs.work()
    made = session.prediction
    session.close()
    later = SegmentSession(jobs, executor, workspace)
    assert later.take_up(image.layer) is made
    later.apply(Rules(("cells",), MaskConfig(0.4, 4)))
    assert later.message == f"{made.count.cells} cells."
    later.apply(rules)
    settings = PredictionSettings(package, "auto", PredictConfig())
    later.segment([image], lambda _: [2], settings, rules)
    jobs.work()
    assert later.prediction is made
    assert made.done == {1, 2}
    assert made.cells[2].any()
    later.close()


def test_a_session_that_comes_later_goes_on_by_the_same_rules(
    viewer, stack, session, segment, jobs, executor, workspace, package
):
    image = stack(viewer)
    segment(image, slices=lambda _: [1])
    jobs.work()
    made = session.prediction
    session.close()
    later = SegmentSession(jobs, executor, workspace)
    later.segment(
        [image], lambda _: [2], PredictionSettings(package, "auto", PredictConfig()), RULES
    )
    jobs.work()
    np.testing.assert_array_equal(made.mask[2], to_mask(made.probability[2], RULES[1]))
    later.close()
