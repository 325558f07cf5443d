"""What the dock *Train* decides, without a window and without a worker."""

from __future__ import annotations

import queue
import threading
from dataclasses import replace

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from napari_emseg.core.config.augmentation import AugmentConfig
from napari_emseg.core.config.recipe import Recipe
from napari_emseg.core.config.terms import TermsConfig
from napari_emseg.core.config.training import TrainConfig
from napari_emseg.engine.jobs import StepTimeJob, TrainJob
from napari_emseg.engine.train.interrupted_run import interrupted_runs
from napari_emseg.engine.train.request import TrainingData
from napari_emseg.errors import ReadError, SettingError
from napari_emseg.io.folders import library_folder, runs_folder
from napari_emseg.session.direct_executor import DirectExecutor
from napari_emseg.session.thread_lane import ThreadLane
from napari_emseg.session.train.form import TrainSettings
from napari_emseg.session.train.patch_preview import READING
from napari_emseg.session.train.session import Phase
from napari_emseg.session.train.setup import TrainSetup
from napari_emseg.types import Cancelled, Failed, Finished, Log, Progress, Stack, noted_names


class Threads(DirectExecutor):
    """Works in threads as the window does; what is handed over waits for `turn`."""

    def __init__(self):
        super().__init__()
        self._calls = queue.Queue()
        self._lanes = []

    def lane(self, name):
        self._lanes.append(ThreadLane(name, self._calls.put))
        return self._lanes[-1]

    def turn(self):
        """Wait for the next call and make it."""
        self._calls.get(timeout=10)()

    def stop(self):
        for lane in self._lanes:
            lane.stop(wait=True)


class SlowReader:
    """Files that take their time; it notes in which thread they are read."""

    def __init__(self, data):
        self.data = data
        self.go_on, self.threads = threading.Event(), []

    def __call__(self):
        self.threads.append(threading.current_thread())
        self.go_on.wait(10)
        if isinstance(self.data, Exception):
            raise self.data
        return self.data


@pytest.fixture
def slow(jobs, data, make_form):
    """A setup whose data are being read from the moment that somebody wants them."""
    threads, reader = Threads(), SlowReader(data)
    made = TrainSetup(threads, jobs, make_form(reader))
    made.give_name("mine")
    yield made, threads, reader
    reader.go_on.set()
    threads.stop()


# -- data ----------------------------------------------------------------------------------------


def test_what_is_there_is_looked_at_when_the_dock_opens(setup, data):
    assert setup.data is data
    assert setup.about == "4 slices of 32 x 32 px, 50 x 4 x 4 nm; 4 labelled."
    assert (setup.meaning, setup.is_guessed) == ("mask", True)
    assert setup.total == 4
    assert setup.split.labelled == (0, 1, 2, 3)
    assert setup.split.validation
    assert setup.name == "em"


def test_data_that_change_are_looked_at_once_they_are_calm(setup, executor, form, make_data):
    other = make_data(slices=5)
    form.read = lambda: other
    setup.change_data()
    assert setup.data is None
    assert setup.total == 4  # shown until it is known anew
    executor.pass_time()
    assert setup.data is other
    assert setup.total == 5


def test_a_meaning_is_guessed_until_a_person_chooses(setup, executor, form, data):
    scribbled = TrainingData(data.images, Stack(data.labels.data * 2, kind="labels"))
    scribbled.labels.data[0, :2] = 1
    form.read = lambda: scribbled
    setup.change_data()
    executor.pass_time()
    assert setup.meaning == "scribbles"
    setup.choose_meaning("instances")
    setup.change_data()
    executor.pass_time()
    assert (setup.meaning, setup.is_guessed) == ("instances", False)
    setup.choose_data()
    executor.pass_time()
    assert (setup.meaning, setup.is_guessed) == ("scribbles", True)


def test_it_is_said_what_labels_are_taken_for(setup, executor, form, data):
    assert setup.taken_for.startswith("Labels are read as mask: ")
    assert "in 4 of 4 slices." in setup.taken_for
    setup.choose_meaning("instances")
    assert setup.taken_for.startswith("By their looks labels would be read as mask: ")
    setup.choose_meaning("mask")
    noted = replace(data.labels, name="painted", notes=("It has no voxel size.",))
    form.read = lambda: TrainingData(data.images, noted)
    setup.change_data()
    executor.pass_time()
    assert setup.taken_for.endswith(" painted: It has no voxel size.")


def test_remarks_on_labels_are_said(setup, executor, form, make_data):
    data = make_data(size=128)
    swapped = TrainingData(data.images, Stack(1 - data.labels.data, kind="labels"))
    form.read = lambda: swapped
    setup.change_data()
    executor.pass_time()
    remarks = swapped.summary(2).remarks
    assert remarks
    assert setup.taken_for.endswith(" ".join(remarks))


def test_a_picture_for_labels_is_said_and_other_labels_can_be_chosen(
    setup, executor, form, make_data
):
    data = make_data(size=128)
    noise = gaussian_filter(np.random.default_rng(0).normal(size=data.labels.shape), (0, 2, 2))
    picture = (128 + 40 * noise / noise.std()).clip(0, 255).astype(np.uint8)
    form.read = lambda: TrainingData(data.images, Stack(picture, kind="labels"))
    setup.choose_data()
    executor.pass_time()
    assert setup.data is None
    assert "picture" in setup.about
    assert setup.taken_for == ""
    setup.train()
    assert setup.training.message == setup.about
    assert not setup.training.is_busy
    form.read = lambda: data
    setup.choose_data()
    executor.pass_time()
    assert setup.data is data
    assert setup.taken_for.startswith("Labels are read as mask")


def test_what_is_missing_is_said_and_found_when_it_comes(setup, executor, form):
    form.missing = "Labels: choose a labels layer."
    setup.choose_data()
    executor.pass_time()
    assert setup.about == "Labels: choose a labels layer."
    assert (setup.total, setup.split.labelled, setup.data) == (0, (), None)
    form.missing = ""
    setup.choose_data()
    executor.pass_time()
    assert setup.total == 4


def test_a_split_by_hand_is_kept_when_labels_change(setup, executor):
    by_hand = setup.split.turned(0)
    setup.choose_split(by_hand)
    setup.change_data()
    executor.pass_time()
    assert setup.split == by_hand
    setup.change_settings()
    assert setup.split == by_hand


def test_another_fraction_spreads_the_slices_anew(setup, form):
    assert len(setup.split.validation) == 1
    form.val_fraction = 0.5
    setup.change_settings()
    assert len(setup.split.validation) == 2


def test_a_suggested_name_gives_way_to_one_by_hand(setup):
    setup.suggest_name("em")
    setup.suggest_name("other")
    assert setup.name == "other"
    setup.give_name("mine")
    setup.suggest_name("em")
    assert setup.name == "mine"


# -- training ------------------------------------------------------------------------------------


def test_train_asks_for_what_is_chosen(setup, form, jobs, recipe):
    form.chosen = TrainSettings(recipe, None, "cpu", TermsConfig("A. Painter"))
    form.augmentation = AugmentConfig(zoom=0.3)
    setup.give_name("mine ")
    setup.train()
    (job,) = jobs.jobs
    assert isinstance(job, TrainJob)
    assert (job.name, job.device, job.terms.author) == ("mine", "cpu", "A. Painter")
    assert job.recipe == replace(recipe, augment=AugmentConfig(zoom=0.3))
    assert job.stacks[0].validation == setup.split.validation
    setup.train()
    assert len(jobs.jobs) == 1


def test_a_name_that_is_taken_gets_the_next_number(setup, jobs):
    for name in ("mine", "mine 2"):
        (library_folder() / name).mkdir(parents=True)
    setup.give_name("mine 2")
    setup.train()
    assert setup.name == jobs.jobs[0].name == "mine 3"


@pytest.mark.parametrize("name", ["default", "a/b", ""])
def test_a_name_that_is_impossible_is_said(setup, jobs, name):
    setup.give_name(name)
    setup.train()
    assert "not possible" in setup.training.message
    assert not setup.training.is_busy
    assert not jobs.jobs


def test_settings_that_do_not_fit_are_said(setup, form, monkeypatch):
    def wrong():
        raise SettingError("elastic_alpha_min: expected less")

    monkeypatch.setattr(form, "augment", wrong)
    setup.train()
    assert setup.training.message == "elastic_alpha_min: expected less"


def test_without_data_it_is_said_at_once(setup, form):
    form.missing = "Image: open or choose an image layer first."
    setup.choose_data()
    setup.train()
    assert setup.training.message == form.missing
    assert not setup.training.is_busy


def test_after_a_training_what_was_interrupted_is_offered(setup, jobs):
    setup.train()
    jobs.tell(Log("Begun."), Failed("killed by SIGKILL", crashed=True))
    assert setup.offer.run is not None
    assert "The training of 'em' was interrupted" in setup.offer.text
    assert "after 0 epochs" in setup.offer.text
    setup.resume()
    assert setup.offer.run is None
    assert jobs.jobs[-1].resume
    setup.train()  # one at a time
    assert len(jobs.jobs) == 2
    jobs.tell(Log("Begun."), Failed("killed by SIGKILL", crashed=True))
    (run,) = interrupted_runs()
    setup.offer.discard()
    assert not run.folder.exists()
    assert setup.offer.run is None


def test_what_another_window_has_taken_up_is_not_discarded(setup, jobs):
    setup.train()
    jobs.tell(Log("Begun."), Failed("killed by SIGKILL", crashed=True))
    run = setup.offer.run
    run.take_up()
    setup.offer.discard()
    assert run.folder.exists()
    assert setup.offer.run is None


def test_what_is_offered_waits_for_the_training_that_runs(setup, executor, jobs, form):
    setup.train()
    jobs.tell(Log("Begun."), Failed("killed by SIGKILL", crashed=True))
    setup.train()
    setup.resume()
    assert len(jobs.jobs) == 2
    assert setup.offer.run is not None


# -- pressed early -------------------------------------------------------------------------------


def test_train_pressed_early_returns_at_once_and_begins_when_all_is_read(slow, jobs):
    setup, threads, reader = slow
    setup.train()
    assert (setup.training.phase, setup.training.message) == (Phase.READING, READING)
    assert not jobs.jobs
    reader.go_on.set()
    threads.turn()
    assert setup.training.phase is Phase.PREPARING
    assert jobs.jobs[0].name == "mine"
    assert threading.current_thread() not in reader.threads


def test_preview_pressed_early_returns_at_once_and_shows_when_all_is_read(slow):
    setup, threads, reader = slow
    setup.preview()
    assert setup.patches.message == READING
    reader.go_on.set()
    while setup.patches.shown is None:
        threads.turn()
    assert setup.patches.message == "Steps 1 to 2 of the training."
    assert threading.current_thread() not in reader.threads


def test_what_both_wait_for_is_read_once(slow):
    setup, threads, reader = slow
    setup.preview()
    setup.train()
    reader.go_on.set()
    threads.turn()
    assert setup.training.phase is Phase.PREPARING
    assert len(reader.threads) == 1


def test_what_is_wrong_with_files_is_said_and_they_are_read_anew(slow, jobs, data):
    setup, threads, reader = slow
    reader.data = ReadError("a.tif: no such file or folder")
    reader.go_on.set()
    for _ in range(2):
        setup.train()
        assert setup.training.phase is Phase.READING
        while setup.training.is_busy:
            threads.turn()
        assert setup.training.message == "a.tif: no such file or folder"
        assert setup.about == "a.tif: no such file or folder"
    reader.data = data  # somebody has put the file there
    setup.train()
    while setup.training.phase is Phase.READING:
        threads.turn()
    assert setup.training.phase is Phase.PREPARING


def test_stopped_before_all_is_read_it_does_not_begin(slow, jobs):
    setup, threads, reader = slow
    setup.train()
    setup.training.stop()
    assert not setup.training.is_busy
    reader.go_on.set()
    threads.turn()
    assert setup.data is reader.data
    assert not setup.training.is_busy
    assert not jobs.jobs


def test_of_data_that_have_changed_meanwhile_the_newest_count(slow, jobs, make_data):
    setup, threads, reader = slow
    setup.train()
    other = make_data(slices=6, name="other")
    setup.choose_data()
    setup._form.read = lambda: other
    reader.go_on.set()
    threads.pass_time()  # calm
    while setup.training.phase is Phase.READING:
        threads.turn()
    assert setup.data is other
    assert jobs.jobs[0].stacks[0].slices == (0, 1, 2, 3, 4, 5)


def test_closed_before_all_is_read_nothing_comes_of_it(slow, jobs):
    setup, threads, reader = slow
    setup.train()
    setup.close()
    reader.go_on.set()
    threads.stop()
    while not threads._calls.empty():
        threads.turn()
    assert setup.data is None
    assert not jobs.jobs


# -- preview of the augmentation -----------------------------------------------------------------


def test_patches_are_made_from_preview_to_remove(setup, form):
    patches = setup.patches
    assert patches.shown is None
    setup.preview()
    first = patches.shown
    images, classes, weights = first.batch
    assert images.shape[:3] == classes.shape == weights.shape == (8, 16, 16)
    assert patches.message == "Steps 1 to 2 of the training."
    patches.again()
    assert patches.message == "Steps 3 to 4 of the training."
    form.augmentation = AugmentConfig(noise_probability=1.0)
    patches.renew()
    assert patches.shown is not first
    patches.show_count(3)
    assert len(patches.shown.batch[0]) == 3
    patches.end()
    assert (patches.shown, patches.message) == (None, "")
    patches.renew()
    assert patches.shown is None
    patches.again()
    assert patches.message == "Steps 1 to 1 of the training."


def test_patches_follow_data_and_split(setup, executor):
    setup.preview()
    before = setup.patches.shown
    setup.choose_split(setup.split.turned(0))
    assert setup.patches.shown is not before
    setup.change_data()
    setup.patches.renew()
    assert setup.patches.message == READING
    executor.pass_time()
    assert setup.patches.message == "Steps 1 to 2 of the training."


def test_why_there_are_no_patches_is_said(setup, executor, form, data):
    ones = TrainingData(data.images, Stack(np.ones_like(data.labels.data), kind="labels"))
    form.read = lambda: ones
    setup.choose_data()
    setup.preview()
    assert "no membrane is painted" in setup.patches.message
    form.missing = "Labels: choose a labels layer."
    setup.choose_data()
    setup.preview()
    assert setup.patches.message == form.missing


# -- time ----------------------------------------------------------------------------------------


@pytest.fixture
def _nothing_measured(tmp_path, monkeypatch):
    monkeypatch.setenv("EMSEG_CACHE_DIR", str(tmp_path))


@pytest.mark.usefixtures("_nothing_measured")
def test_time_is_told_once_it_was_measured(executor, jobs, form, recipe):
    setup = TrainSetup(executor, jobs, form)
    estimate = setup.estimate
    estimate.measure()
    assert (estimate.text, jobs.jobs) == ("", [])
    setup.open()
    executor.pass_time()
    assert "not measured yet" in estimate.text
    assert estimate.is_unknown
    estimate.measure()
    estimate.measure()
    assert estimate.text.startswith("Measuring;")
    assert estimate.is_measuring
    jobs.tell(Progress(3, 7, "steps"))
    assert estimate.text == "Measuring: 3 of 7 steps ..."
    assert jobs.jobs == [StepTimeJob(recipe, "auto")]
    jobs.tell(Finished(0.5))
    assert estimate.text.startswith("Measured on this machine: ")
    assert not estimate.is_unknown
    assert not estimate.is_measuring
    form.missing = "Image: open or choose an image layer first."
    setup.choose_data()
    executor.pass_time()
    assert estimate.text == ""


@pytest.mark.usefixtures("_nothing_measured")
@pytest.mark.parametrize("event", [Failed("no memory"), Cancelled("stopped")])
def test_what_could_not_be_measured_is_said_and_can_be_again(executor, jobs, form, event):
    setup = TrainSetup(executor, jobs, form)
    setup.open()
    executor.pass_time()
    setup.estimate.measure()
    jobs.tell(event)
    assert setup.estimate.text == event.message
    assert setup.estimate.is_unknown
    assert not setup.estimate.is_measuring


@pytest.mark.usefixtures("_nothing_measured")
def test_measuring_can_be_stopped(executor, jobs, form):
    setup = TrainSetup(executor, jobs, form)
    setup.open()
    executor.pass_time()
    setup.estimate.measure()
    setup.estimate.stop()
    assert jobs.abandoned == [1]
    assert "not measured yet" in setup.estimate.text
    assert not setup.estimate.is_measuring


def test_where_minutes_are_given_there_is_nothing_to_measure(setup, form):
    form.chosen = TrainSettings(Recipe(train=TrainConfig(minutes=30.0)))
    setup.change_settings()
    assert (setup.estimate.text, setup.estimate.is_unknown) == ("", False)


@pytest.mark.usefixtures("_nothing_measured")
def test_a_training_does_not_wait_for_the_measuring(executor, jobs, form):
    setup = TrainSetup(executor, jobs, form)
    setup.open()
    executor.pass_time()
    setup.estimate.measure()
    setup.train()
    assert jobs.abandoned == [1]
    assert not setup.estimate.is_measuring
    assert isinstance(jobs.jobs[-1], TrainJob)


# -- the end -------------------------------------------------------------------------------------


def test_closing_lets_a_training_write_its_best(setup, jobs):
    heard = []
    setup.training.events.message.connect(heard.append)
    setup.train()
    setup.close()
    assert jobs.cancelled == [(1, 600.0)]
    heard.clear()
    jobs.tell(Log("Written."), Cancelled("Stopped."))
    assert not heard
    assert list(runs_folder().iterdir()) == []


def test_closing_after_stop_does_not_end_the_worker_while_it_writes(setup, jobs):
    setup.train()
    setup.training.stop()
    setup.close()
    assert jobs.cancelled == [(1, 600.0)]


def test_two_setups_do_not_mix(executor, data, make_jobs, make_form):
    one, other = (TrainSetup(executor, make_jobs(), make_form(lambda: data)) for _ in range(2))
    one.open()
    executor.pass_time()
    assert one.data is data
    assert other.data is None
    assert not other.training.is_busy


def test_classes_that_labels_hold_are_suggested_and_read_for(setup, executor, form, data):
    seen = []
    setup.events.class_names.connect(seen.append)
    tile = np.ones((8, 8), np.uint8)
    tile[1:7, 1:7], tile[3:5, 3:5] = 2, 3
    z, y, x = data.labels.shape
    labels = np.tile(tile, (z, -(-y // 8), -(-x // 8)))[:, :y, :x]
    edits = noted_names(("membrane", "cell", "mitochondrion"))
    named = Stack(labels, kind="labels", edits=edits)
    form.read = lambda: TrainingData(data.images, named)
    setup.change_data()
    executor.pass_time()
    assert seen == [("membrane", "cell", "mitochondrion")]
    assert "Of these 2 are learned; set classes to 3" in setup.taken_for
    form.classes = 3  # as the dock does
    setup.change_settings()
    executor.pass_time()
    assert setup.meaning == "scribbles"
    assert "They hold 3 classes: membrane, cell, mitochondrion." in setup.taken_for
    assert "set classes" not in setup.taken_for
    form.read = lambda: data  # a mask
    setup.choose_data()
    executor.pass_time()
    assert seen[-1] == ()
