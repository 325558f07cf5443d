"""A round of retraining with every ending, and the way back."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise
from typing import ClassVar

import numpy as np
import pytest
import yaml
from psygnal import Signal, SignalGroupDescriptor

from napari_emseg.core.config.correction import RetrainConfig
from napari_emseg.core.config.prediction import MaskConfig, PredictConfig
from napari_emseg.core.correct.edits import Edits, SliceEdits
from napari_emseg.core.segment.postprocess import to_mask
from napari_emseg.engine.train.request import TrainingData
from napari_emseg.io.folders import library_folder
from napari_emseg.model.packages.package import RDF, WEIGHTS, PackageInfo, read_package
from napari_emseg.model.train.history import TrainResult
from napari_emseg.session.direct_executor import DirectExecutor
from napari_emseg.session.prediction.prediction import Prediction, PredictionSettings
from napari_emseg.session.prediction.rules import Rules
from napari_emseg.session.retrain.round import (
    Comparison,
    CorrectedStack,
    JudgedDrawn,
    JudgedReviewed,
)
from napari_emseg.session.retrain.session import Phase, RetrainSession
from napari_emseg.session.workspace import library_events
from napari_emseg.types import Cancelled, Failed, Finished, QuickPreview, Stack

AS_IT_WAS = "Everything is as it was."
CHILD = "mine, corrected 1"
LEARNED = f" What was learned by then is the model {CHILD}."


class TurnsAtOnce(DirectExecutor):
    """One whose timers do not wait, unless the test says so; `pass_turn` then calls the next."""

    waits = False

    def timer(self, call, delay_s=0.0):
        timer = super().timer(call, delay_s)
        wait = timer.start

        def start():
            wait()
            if not self.waits:
                timer.fire()

        timer.start = start
        return timer

    def pass_turn(self):
        next(timer for timer in self._timers if timer.is_active).fire()


def in_library(name, **about):
    """A model package of that name, which nobody can predict with."""
    folder = library_folder() / name
    folder.mkdir(parents=True)
    config = PackageInfo(name, **about).to_config()
    (folder / RDF).write_text(yaml.safe_dump({"config": {"napari_emseg": config}}))
    (folder / WEIGHTS).touch()
    return read_package(folder)


@dataclass(eq=False)
class ScriptedTraining:
    """A `Training` that tells what a test says."""

    events: ClassVar = SignalGroupDescriptor()
    ended: ClassVar = Signal(object)
    message: str = ""
    done: float = 0.0
    result: TrainResult | None = None
    quick_preview: QuickPreview | None = None
    is_running: bool = False
    stops: int = 0
    requests: tuple = ()

    def start(self, request):
        self.requests = (*self.requests, request)
        self.is_running, self.result = True, None
        self.message = "Copying the slices ..."

    def stop(self):
        self.stops += self.is_running

    def learn(self, *, stopped=False, threshold=0.3):
        """It has come to its end, or was stopped, with a model."""
        model = in_library(self.requests[-1].name, threshold=threshold)
        self.result = TrainResult(model.folder, {}, stopped)
        library_events.added.emit(model.folder)  # as the session of Train does
        self.end(Finished(self.result))

    def end(self, event):
        self.is_running = False
        self.ended.emit(event)


@pytest.fixture
def parent():
    return in_library("mine", threshold=0.5)


@pytest.fixture
def training():
    return ScriptedTraining()


@pytest.fixture
def turns():
    """The executor that gives the session its turns; as a window does, save that none is waited."""
    return TurnsAtOnce()


@pytest.fixture
def session(jobs, turns, workspace, training, viewer):
    return RetrainSession(jobs, turns, workspace, training, viewer)


@pytest.fixture
def ended(session):
    events = []
    session.ended.connect(events.append)
    return events


@pytest.fixture
def chosen(workspace):
    """Names of the models that became the present one."""
    names = []
    workspace.chosen.connect(lambda folder: names.append(folder.name))
    return names


@pytest.fixture
def image(viewer, stack):
    return stack(viewer)


@pytest.fixture
def before(image, parent, scratch, executor, workspace):
    """What was segmented before, save the last slice; its threshold is the model's."""
    made = Prediction(image, parent, scratch, executor)
    made.job([0, 1, 2], PredictionSettings(parent, "gpu:0", PredictConfig(tta=True)))
    made.apply(("mask",), MaskConfig(0.5, 4))
    made.probability[:3] = 0.4
    made.add_layer()
    for z in (0, 1, 2):
        made.accept(z)
    workspace.add(made)
    return made


@pytest.fixture
def painted(paint_layer, image):
    return paint_layer("em corrected", (image.pixels > 100).astype(np.uint8))


@pytest.fixture
def corrected(image, painted):
    data = TrainingData(Stack(image.pixels), Stack(painted.array, kind="labels"))
    return CorrectedStack(image, data, painted, reviewed(1))


def reviewed(*slices):
    return {z: SliceEdits(reviewed=True) for z in slices}


@pytest.fixture
def start(session, corrected, parent):
    return lambda package=parent: session.start(corrected, package, RetrainConfig())


def eyes(viewer):
    return {layer.name: getattr(layer, "visible", True) for layer in viewer.layers}


def test_a_whole_round(
    viewer, image, before, session, training, jobs, worker, workspace, start, ended, chosen
):
    viewer.active, phases, segmented, added = image, [], [], []
    session.events.phase.connect(phases.append)
    workspace.segmented.connect(segmented.append)
    library_events.added.connect(added.append)
    start()
    assert session.phase is Phase.LEARNING
    assert training.requests[0].name == CHILD
    assert training.requests[0].device == "gpu:0"
    training.done, training.message = 0.5, "Epoch 3"
    assert (session.message, session.done) == ("Epoch 3", 0.5)
    training.learn()
    library_events.added.disconnect(added.append)
    assert session.phase is Phase.SEGMENTING
    jobs.work()

    job = worker.jobs[0]
    assert (job.slices, job.device, job.config.tta) == ((0, 1, 2), "gpu:0", True)
    assert phases == [Phase.LEARNING, Phase.SEGMENTING, Phase.COMPARING, Phase.IDLE]
    after = workspace.newest()
    assert segmented == [after]
    assert after.rules == Rules(("mask",), MaskConfig(0.3, 4)), (
        "the old model's threshold is replaced"
    )
    assert [folder.name for folder in added] == chosen == [CHILD]
    assert not viewer["em [mine] mask"].visible
    assert not viewer["em corrected"].visible, "its colours would add to those of the new mask"
    mask = viewer[f"em [{CHILD}] mask"]
    assert mask.visible
    new = to_mask(after.probability[:3], MaskConfig(0.3, 4))
    np.testing.assert_array_equal(viewer["changed"].array[:3], new)
    assert isinstance(ended[0], Finished)
    assert session.message == str(ended[0].result)
    assert f"{CHILD}: V_rand" in session.message
    assert "before" in session.message
    assert "right part of slice 1, reviewed and held out" in session.message
    assert session.rounds == 1
    assert viewer.active is image


def test_the_way_back(viewer, image, before, session, training, jobs, workspace, start, chosen):
    shown, segmented = eyes(viewer), []
    workspace.segmented.connect(segmented.append)
    viewer.active = image
    start()
    training.learn()
    jobs.work()
    viewer.active = viewer[f"em [{CHILD}] mask"]
    session.revert()
    assert eyes(viewer) == shown
    assert chosen == [CHILD, "mine"]
    assert segmented[-1] is before
    assert workspace.newest() is before
    assert session.rounds == 0
    assert session.message == f"Back at mine; {CHILD} stays in the library."
    assert viewer.active is image, "which a person worked on, as the present one is gone"


def test_layers_go_in_turns_as_napari_takes_long_for_each(
    viewer, before, session, turns, training, jobs, start
):
    start()
    training.learn()
    jobs.work()
    turns.waits, counts = True, [len(viewer.layers)]
    session.revert()
    while session.is_busy:
        assert session.phase is Phase.REVERTING
        turns.pass_turn()
        counts.append(len(viewer.layers))
    assert {a - b for a, b in pairwise(counts)} == {0, 1}
    assert counts[0] - counts[-1] == 3


def test_stopped_layers_go_in_turns_too(
    viewer, before, session, turns, training, jobs, worker, start
):
    def stop():
        session.stop()
        turns.waits = True

    worker.before[2] = stop
    start()
    training.learn()
    jobs.work()
    counts = [len(viewer.layers)]
    while session.is_busy:
        turns.pass_turn()
        counts.append(len(viewer.layers))
    assert {a - b for a, b in pairwise(counts)} == {0, 1}
    assert counts[0] - counts[-1] == 2


def test_closing_waits_for_no_turn(viewer, before, session, turns, training, jobs, start):
    start()
    training.learn()
    jobs.work()
    turns.waits = True
    session.revert()
    session.close()
    assert f"em mask ({CHILD})" not in viewer.names


def test_the_way_back_leaves_what_was_painted_since(viewer, before, session, training, jobs, start):
    start()
    training.learn()
    jobs.work()
    mask = viewer[f"em [{CHILD}] mask"]
    mask.is_edited = True
    viewer.active = mask
    session.revert()
    assert mask in viewer.layers
    assert f"em [{CHILD}] probability" not in viewer.names
    assert viewer.active is mask


def test_round_after_round(viewer, before, session, training, jobs, workspace, start):
    start()
    training.learn()
    jobs.work()
    start(read_package(library_folder() / CHILD))
    training.learn()
    jobs.work()
    assert session.rounds == 2
    assert viewer.names.count("changed") == 1
    assert workspace.newest().package.folder.name == "mine, corrected 2"
    session.revert()
    session.revert()
    assert workspace.newest() is before
    assert viewer["em [mine] mask"].visible


def test_a_threshold_of_the_persons_own_stays(before, session, training, jobs, workspace, start):
    before.apply(("cells",), MaskConfig(0.42, 7))
    start()
    training.learn()
    jobs.work()
    assert workspace.newest().rules == Rules(("cells",), MaskConfig(0.42, 7))


def test_without_a_prediction_the_corrected_slice_is_segmented(
    viewer, session, training, jobs, worker, workspace, start
):
    start()
    training.learn()
    jobs.work()
    assert worker.jobs[0].slices == (1,)
    assert worker.jobs[0].device == "auto"
    assert "changed" not in viewer.names
    assert "before" not in session.message
    session.revert()
    assert viewer.names == ["em", "em corrected"]
    assert workspace.newest() is None


def test_slices_that_are_held_out_but_were_not_predicted_are_segmented_too(
    before, session, training, jobs, workspace, corrected, parent
):
    session.start(replace(corrected, edits=reviewed(2, 3)), parent, RetrainConfig())
    held_out = training.requests[0].split.validation
    training.learn()
    jobs.work()
    assert workspace.newest().done == {0, 1, 2} | set(held_out)


# -- what is shown while it learns -----------------------------------------------------------


@pytest.fixture
def preview(training, tmp_path):
    """Has the training say something of a slice before it learns."""

    def preview(z=1, cell=0.9):
        probability = np.full((24, 32), cell, np.float32)
        probability[:, :16] = 0.1
        np.save(path := tmp_path / f"{z}.npy", probability)
        training.quick_preview = QuickPreview(path, z)

    return preview


def test_the_slice_looked_at_is_previewed_first(image, session, training, start, corrected, parent):
    image.here = 2
    start()
    assert training.requests[0].preview_near == 2
    training.end(Cancelled("Stopped."))
    session.start(corrected, parent, RetrainConfig(preview=False))
    assert training.requests[1].preview_near is None


def test_a_preview_grows_and_goes_with_the_first_slice_of_the_result(
    viewer, before, training, jobs, worker, start, preview
):
    start()
    preview(1)
    preview(0)
    shown = viewer["quick preview"].array
    np.testing.assert_array_equal(shown[:2, :, 16:], 1)
    assert not shown[:2, :, :16].any()
    assert not shown[2:].any()
    assert viewer.names.count("quick preview") == 1
    training.learn()
    assert "quick preview" in viewer.names, "there is nothing better yet"
    jobs.work()
    assert "quick preview" not in viewer.names


def test_a_preview_goes_when_the_training_is_stopped(
    viewer, before, session, training, start, preview, ended
):
    start()
    preview()
    session.stop()
    training.end(Cancelled("Stopped before the first epoch."))
    assert "quick preview" not in viewer.names


def test_a_preview_goes_when_the_training_fails(viewer, before, training, start, preview):
    start()
    preview()
    training.end(Failed("no room"))
    assert "quick preview" not in viewer.names
    preview(2)
    assert "quick preview" not in viewer.names, "what comes late is not shown"


def test_a_preview_goes_with_the_dock(viewer, before, session, start, preview):
    start()
    preview()
    session.close()
    assert "quick preview" not in viewer.names


def test_a_preview_that_a_person_removed_does_not_come_back(viewer, before, start, preview):
    start()
    preview(1)
    viewer["quick preview"].remove()
    preview(0)
    assert "quick preview" not in viewer.names


def test_a_preview_whose_file_is_gone_is_not_shown(viewer, before, training, start, tmp_path):
    start()
    training.quick_preview = QuickPreview(tmp_path / "gone.npy", 1)
    assert "quick preview" not in viewer.names


# -- what does not come to its end -----------------------------------------------------------


@pytest.fixture
def as_it_was(viewer, before):
    """Asserts that layers and eyes are those from before the click."""
    shown = eyes(viewer)

    def as_it_was():
        assert eyes(viewer) == shown

    return as_it_was


def test_stop_while_it_learns(session, training, start, ended, chosen, as_it_was):
    start()
    session.stop()
    session.stop()
    assert training.stops == 2, "the second time at once"
    assert session.is_busy
    training.end(Cancelled("Stopped before the first epoch."))
    assert isinstance(ended[0], Cancelled)
    assert session.message == f"Stopped before the first epoch. {AS_IT_WAS}"
    assert not chosen
    assert session.rounds == 0
    as_it_was()


def test_stop_while_it_learns_with_something_learned(
    session, training, start, ended, chosen, as_it_was
):
    start()
    session.stop()
    training.learn(stopped=True)
    assert isinstance(ended[0], Cancelled)
    assert session.message == f"Stopped. {AS_IT_WAS}{LEARNED}"
    assert chosen == [CHILD, "mine"]
    as_it_was()


@pytest.mark.parametrize("z", [0, 2])
def test_stop_while_it_segments(
    session, training, jobs, worker, start, ended, chosen, as_it_was, z
):
    def stop():
        session.stop()
        assert session.message == "Stopping ..."

    worker.before[z] = stop
    start()
    training.learn()
    jobs.work()
    assert isinstance(ended[0], Cancelled)
    assert session.message == f"Stopped after {z} of 3 slices. {AS_IT_WAS}{LEARNED}"
    assert chosen[-1] == "mine"
    as_it_was()


class HeldLane:
    """A lane whose work is done when the test says so."""

    def __init__(self):
        self.works = []

    def latest(self, make, then=None, failed=None):
        self.works = [(make, then)]

    def drop(self):
        self.works = []

    def stop(self, *, wait=False):
        self.drop()

    def work(self):
        for make, then in self.works:
            then(make())


@pytest.fixture
def held(session):
    session._lane = HeldLane()
    return session._lane


def test_stop_before_it_learns(session, held, training, start, ended, as_it_was):
    start()
    assert session.message == "Looking at the corrected slices ..."
    session.stop()
    held.work()
    assert not training.requests
    assert session.message == f"Stopped. {AS_IT_WAS}"
    assert isinstance(ended[0], Cancelled)
    as_it_was()


def test_stop_while_it_compares(session, held, training, jobs, start, ended, chosen, as_it_was):
    start()
    held.work()
    training.learn()
    jobs.work()
    assert session.phase is Phase.COMPARING
    session.stop()
    held.work()
    assert len(ended) == 1
    assert session.message == f"Stopped. {AS_IT_WAS}{LEARNED}"
    assert chosen[-1] == "mine"
    as_it_was()


def test_nothing_to_learn_from_is_a_failure_in_words(
    session, training, corrected, parent, ended, as_it_was
):
    told = []
    session.failed.connect(told.append)
    session.start(replace(corrected, edits={}), parent, RetrainConfig())
    assert isinstance(ended[0], Failed)
    assert told == ended
    assert session.message.endswith(AS_IT_WAS)
    assert not session.is_busy
    as_it_was()


def test_a_training_that_fails(session, training, start, ended, chosen, as_it_was):
    start()
    training.end(Failed("The memory is full."))
    assert isinstance(ended[0], Failed)
    assert session.message == f"The memory is full. {AS_IT_WAS}"
    assert not chosen
    as_it_was()


def test_a_segmentation_that_fails(
    session, training, jobs, worker, start, ended, chosen, as_it_was
):
    start()
    worker.failing = {str(library_folder() / CHILD)}
    training.learn()
    jobs.work()
    assert isinstance(ended[0], Failed)
    assert session.message.endswith(f"is damaged {AS_IT_WAS}{LEARNED}")
    assert chosen[-1] == "mine"
    as_it_was()


def test_an_image_that_is_removed_is_not_segmented_again(
    viewer, image, before, session, training, jobs, start, ended
):
    start()
    viewer.layers.remove(image)
    training.learn()
    jobs.work()
    assert isinstance(ended[0], Failed)
    assert session.message == (
        f"The image was removed, so it is not segmented again. {AS_IT_WAS}{LEARNED}"
    )


def test_a_new_mask_that_is_removed_while_it_grows_stops_the_round(
    viewer, session, training, jobs, worker, start, ended, as_it_was
):
    worker.before[1] = lambda: viewer.layers.remove(viewer[f"em [{CHILD}] mask"])
    start()
    training.learn()
    jobs.work()
    assert isinstance(ended[0], Cancelled)
    as_it_was()


def test_what_a_person_paints_on_a_new_mask_while_it_grows_stays(
    viewer, before, session, training, jobs, worker, start, ended
):
    def paint():
        viewer[f"em [{CHILD}] mask"].is_edited = True

    worker.before[1] = paint
    start()
    training.learn()
    jobs.work()
    assert isinstance(ended[0], Cancelled)
    assert viewer[f"em [{CHILD}] mask"].array[0].any()
    assert viewer["em [mine] mask"].visible


@pytest.mark.parametrize("when", ["learning", "segmenting"])
def test_a_session_that_is_closed_tells_nobody(session, training, jobs, worker, start, ended, when):
    start()
    if when == "learning":
        session.close()
        assert training.stops == 1, "what it has learned is written all the same"
        training.learn(stopped=True)
    else:
        worker.before[1] = session.close
        training.learn()
    jobs.work()
    assert not ended


def test_what_is_refused_is_told(session):
    told = []
    session.failed.connect(lambda failed: told.append(failed.message))
    session.refuse("labels: nothing is corrected yet")
    assert told == [session.message] == ["labels: nothing is corrected yet"]
    assert not session.is_busy


# -- in words --------------------------------------------------------------------------------


def compared(before, after, changed=0.031):
    judged = JudgedReviewed("on slice 3, reviewed and held out", before, after)
    return str(Comparison("mine, corrected 2", (judged,), changed))


def test_before_and_after():
    assert compared(0.9124, 0.9581) == (
        "mine, corrected 2: V_rand 0.912 before, 0.958 after (on slice 3, reviewed and held out). "
        "3.1 % of pixels changed."
    )


def test_what_has_become_worse_names_the_way_out():
    assert "Revert" in compared(0.95, 0.94)
    assert "Revert" not in compared(0.95, 0.95)
    assert "Revert" not in compared(0.99991, 0.99989), "nobody sees a difference"


def test_without_a_corrected_pixel_that_took_no_part_there_is_no_verdict():
    said = str(Comparison("mine, corrected 2", (), 0.031))
    assert said.startswith("mine, corrected 2: no corrected pixel was held out")
    assert said.endswith("3.1 % of pixels changed.")


def test_drawn_pixels_are_judged_alone(
    before, session, training, jobs, image, corrected, parent, ended
):
    """The rest of the slice is what the old model said, which would always be right."""
    labels, edits = corrected.data.labels.data, Edits()
    edits.begin(1, labels[1].copy())
    labels[1, :4] = 1 - labels[1, :4]
    drawn = {1: edits.of(1)}
    stack = replace(corrected, edits=drawn)
    session.look(stack)
    assert session.learns_from == f"Learns from slice 1 ({4 * labels.shape[2]} pixels drawn)."
    session.start(stack, parent, RetrainConfig())
    training.learn()
    jobs.work()
    (judged,) = ended[0].result.judged
    assert isinstance(judged, JudgedDrawn)
    assert "corrected pixels on slice 1 that took no part" in judged.where
    assert judged.before is not None
    session.look(None)
    assert session.learns_from == ""


def test_ids_alone_are_nothing_to_learn_from(session, image, corrected, parent):
    labels, edits = corrected.data.labels.data, Edits()
    edits.begin(1, labels[1].copy())
    labels[1][labels[1] == 1] = 5
    stack = replace(corrected, edits={1: edits.of(1)})
    session.look(stack)
    assert session.learns_from.startswith("Nothing to learn from yet: only ids were changed")
    session.start(stack, parent, RetrainConfig())
    assert "teaches a network of membranes nothing" in session.message


DRAWN = "238 corrected pixels on slice 13 that took no part"


def test_corrected_pixels_were_wrong_before_by_definition():
    """Nobody is to read a 0 as the model's quality."""
    said = str(Comparison("mine, corrected 1", (JudgedDrawn(DRAWN, 0.0, 0.122),), 0.114))
    assert said == f"mine, corrected 1: of {DRAWN}, 12.2 % are right now. 11.4 % of pixels changed."


def test_what_an_earlier_round_has_mended_already_is_said():
    said = str(Comparison("mine, corrected 2", (JudgedDrawn(DRAWN, 0.122, 0.05),), None))
    assert f"of {DRAWN}, 5.0 % are right now (12.2 % before)." in said
    assert "Revert goes back" in said


def test_without_a_prediction_before():
    said = compared(None, 0.9, None)
    assert said == "mine, corrected 2: V_rand 0.900 (on slice 3, reviewed and held out)."


def test_each_phase_begins_without_knowing_how_long(before, session, training, jobs, start):
    known = {}
    session.events.phase.connect(lambda phase: known.setdefault(phase, session.done))
    messages = []
    session.events.message.connect(messages.append)
    start()
    training.done, training.message = 0.5, "Epoch 3"
    training.learn()
    jobs.work()
    session.revert()
    assert known == dict.fromkeys(Phase)
    assert "Segmenting again: 2 of 3 slices, 2.0 s left" in messages
