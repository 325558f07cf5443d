"""What a prediction does with slices that come, with rules, and with what a person does to it."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from napari_emseg.core.config.cells import CellsConfig
from napari_emseg.core.config.network import NetworkConfig
from napari_emseg.core.config.prediction import MaskConfig, PredictConfig
from napari_emseg.core.segment.cell_count import CellCount
from napari_emseg.core.segment.postprocess import to_cells, to_mask
from napari_emseg.model.packages.package import ModelPackage, PackageInfo
from napari_emseg.session.prediction.prediction import Prediction, PredictionSettings
from napari_emseg.session.prediction.results import ResultMaker
from napari_emseg.session.prediction.shown import nearest_first
from napari_emseg.session.retrain.round import NOW_OTHER_CLASS, changes
from napari_emseg.session.thread_lane import ThreadLane

LINKED = CellsConfig(link="slices")
RULES = ("mask", "cells"), MaskConfig(0.5, smallest_cell_px=4), LINKED


@pytest.fixture
def image(viewer, stack):
    return stack(viewer)


@pytest.fixture
def prediction(image, package, scratch, executor):
    """With the worker's side of it done: brightness."""
    made = Prediction(image, package, scratch, executor)
    made.apply(*RULES)
    made.probability[:] = image.pixels / np.float32(255)
    return made


def accept(prediction, *slices):
    prediction.expect()
    prediction.add_layer()
    for z in slices:
        prediction.accept(z)


def test_layers_follow_the_first_slice(viewer, prediction):
    prediction.expect()
    prediction.add_layer()
    assert viewer.names == ["em", "em [probe] probability"]
    prediction.accept(2)
    assert viewer.names == ["em", "em [probe] probability", "em [probe] mask", "em [probe] cells"]
    np.testing.assert_array_equal(prediction.mask[2], to_mask(prediction.probability[2], RULES[1]))
    assert not prediction.mask[[0, 1, 3]].any()


def test_the_newest_is_the_newest_where_the_clock_was_set_back(
    image, package, scratch, executor, monkeypatch
):
    before = Prediction(image, package, scratch, executor)
    monkeypatch.setattr(time, "time", lambda: 1.0)
    assert Prediction(image, package, scratch, executor).made > before.made


def test_only_the_kinds_that_are_wanted_are_made(viewer, prediction):
    prediction.apply(("cells",), RULES[1])
    accept(prediction, 0)
    assert viewer.names == ["em", "em [probe] probability", "em [probe] cells"]
    prediction.apply(("mask",), RULES[1])
    assert not viewer["em [probe] cells"].visible
    assert viewer["em [probe] mask"].array[0].any()


def test_what_takes_long_before_a_layer_comes_is_done_in_the_lane_of_its_slices(
    viewer, image, package, scratch, executor
):
    prediction = Prediction(image, package, scratch, executor)
    prediction.apply(("cells",), RULES[1])
    cells, mask = (prediction._results[kind] for kind in ("cells", "mask"))
    assert cells.is_prepared
    assert not mask.is_prepared
    assert viewer.names == ["em"]


def test_slices_that_come_out_of_turn_are_linked_in_the_end(prediction):
    accept(prediction, 2, 0)
    accept(prediction, 3, 1)
    told = []
    prediction.finish(then=lambda: told.append(True))
    assert told
    linked = to_cells(prediction.probability, RULES[1])
    np.testing.assert_array_equal(prediction.cells > 0, linked > 0)
    pairs = {*zip(prediction.cells.ravel(), linked.ravel(), strict=True)}
    assert len(pairs) == linked.max() + 1


def test_rules_that_change_apply_to_what_is_done_and_to_what_comes(prediction):
    accept(prediction, 0, 1)
    rules = ("mask",), MaskConfig(0.785, smallest_cell_px=4)  # between slices 0 and 3
    assert prediction.apply(*rules)
    accept(prediction, 3)
    expected = to_mask(prediction.probability, rules[1])
    expected[2] = 0
    np.testing.assert_array_equal(prediction.mask, expected)
    assert expected[3].any()
    assert not expected[0].any()


def test_without_a_slice_nothing_is_left(viewer, prediction):
    accept(prediction)
    prediction.finish(then=lambda: None)
    assert viewer.names == ["em"]
    assert not prediction.is_open


def test_an_edited_result_is_never_written_to(viewer, image, package, prediction):
    accept(prediction, 0, 1)
    viewer["em [probe] mask"].is_edited = True
    before, drawn = prediction.mask.copy(), list(viewer["em [probe] mask"].drawn)
    assert not prediction.apply(("mask", "cells"), MaskConfig(0.9))
    np.testing.assert_array_equal(prediction.mask, before)
    assert viewer["em [probe] mask"].drawn == drawn
    assert not prediction.cells.any(), "cells, which nobody has edited, follow"
    assert not prediction.can_extend(image, package)
    viewer["em [probe] mask"].is_edited = False
    assert prediction.can_extend(image, package)


@pytest.mark.parametrize("name", ["em [probe] probability", "em [probe] mask"])
def test_a_removed_layer_closes_it(viewer, image, package, prediction, name):
    accept(prediction, 0)
    assert prediction.can_extend(image, package)
    viewer.layers.remove(viewer[name])
    assert not prediction.can_extend(image, package)
    assert prediction.is_shown


def test_other_pixels_another_image_and_another_model_are_another_prediction(
    viewer, image, package, stack, prediction
):
    other = ModelPackage(Path("other"), package.info)
    assert not prediction.can_extend(image, other)
    assert not prediction.can_extend(stack(viewer), package)
    image.pixels = image.pixels.copy()
    assert not prediction.can_extend(image, package)


def test_hide_and_show_leave_closed_eyes_closed(viewer, prediction):
    accept(prediction, 0)
    viewer["em [probe] cells"].visible = False
    prediction.hide()
    assert not any(
        viewer[f"em [probe] {kind}"].visible for kind in ("probability", "mask", "cells")
    )
    prediction.show()
    assert viewer["em [probe] mask"].visible
    assert not viewer["em [probe] cells"].visible


def test_removing_it_leaves_what_a_person_has_edited(viewer, prediction):
    accept(prediction, 0)
    viewer["em [probe] mask"].is_edited = True
    prediction.remove()
    assert viewer.names == ["em", "em [probe] mask"]
    assert not prediction.out_path.exists()
    prediction.apply(("mask",), MaskConfig(0.1))  # and what is gone is not made anew


def test_who_waits_for_one_that_is_removed_is_told(prediction):
    accept(prediction, 0)
    told = []
    prediction.remove()
    prediction.finish(then=lambda: told.append("finish"))
    prediction.when_shown(lambda: told.append("shown"))
    assert told == ["finish", "shown"]


@pytest.mark.parametrize(
    ("input_slices", "wanted", "copied"), [(1, [2], [2]), (3, [1], [0, 1, 2]), (3, [3], [2, 3])]
)
def test_what_the_network_sees_is_copied_and_no_more(
    image, package, scratch, executor, input_slices, wanted, copied
):
    image.pixels += 1
    info = PackageInfo("probe", network=NetworkConfig(input_slices=input_slices))
    prediction = Prediction(image, replace(package, info=info), scratch, executor)
    job = prediction.job(wanted, PredictionSettings(package, "cpu", PredictConfig()))
    assert [z for z in range(4) if prediction.source[z].any()] == copied
    assert (job.slices, job.device, job.out) == ((wanted[0],), "cpu", prediction.out_path)


def test_settings_are_those_that_all_slices_have_in_common(image, package, prediction):
    part = PredictionSettings(package, "cpu", PredictConfig(), (slice(0, 8), slice(0, 8)))
    prediction.job([0], part)
    assert prediction.settings == part
    prediction.job([1], replace(part, region=None))
    assert prediction.settings == replace(part, region=None)
    prediction.job([2], part)
    assert prediction.settings == replace(part, region=None)


def test_nearest_first():
    assert nearest_first(range(5), 3) == [3, 2, 4, 1, 0]


class Turns:
    """An executor with a real thread, whose results wait for `turn`."""

    def __init__(self):
        self.calls = []

    def lane(self, name):
        return ThreadLane(name, self.deliver)

    def deliver(self, call):
        self.calls.append(call)

    def until(self, is_done):
        while not is_done():
            if self.calls:
                self.calls.pop(0)()
            time.sleep(0.001)


def test_who_waits_is_told_even_where_rules_change_or_it_is_stopped_meanwhile():
    turns, put, told = Turns(), [], []
    maker = ResultMaker(np.ones((9, 8, 8), np.float32), lambda z, _: put.append(z), turns)
    maker.begin(("mask",), MaskConfig(0.5, 1))
    maker.make(range(9))
    maker.after(lambda: told.append("first"))
    maker.begin(("mask",), MaskConfig(0.6, 1))
    maker.make([4])
    maker.after(lambda: told.append("second"))
    maker.stop()
    maker.make([5])
    turns.until(lambda: len(told) == 2)
    assert told == ["first", "second"]
    assert not put
    maker.after(lambda: told.append("late"))
    turns.until(lambda: told[-1] == "late")


# -- more classes -------------------------------------------------------------------------------


@pytest.fixture
def class_package(tmp_path):
    network = NetworkConfig(classes=3, class_names="membrane,cell,mitochondrion")
    return ModelPackage(tmp_path / "mito", PackageInfo("mito", network))


@pytest.fixture
def classed(image, class_package, scratch, executor):
    """With the worker's side of it done: brightness, the right half being mitochondria."""
    made = Prediction(image, class_package, scratch, executor)
    made.probability[:] = image.pixels / np.float32(255)
    made.within[:] = 2
    made.within[..., made.within.shape[-1] // 2 :] = 3
    return made


def test_classes_follow_the_threshold_as_the_mask_does(viewer, classed):
    for threshold in (0.3, 0.7):
        rules = MaskConfig(threshold, smallest_cell_px=4)
        classed.apply(("mask", "classes"), rules)
        accept(classed, 0)
        mask, classes = classed.mask[0], classed.classes[0]
        np.testing.assert_array_equal(classes > 1, mask == 1)
        np.testing.assert_array_equal(classes[mask == 1], classed.within[0][mask == 1])
    assert "em [mito] classes" in viewer.names


def test_of_what_was_not_predicted_no_class_is_known(classed):
    classed.within[0, :10] = 0
    classed.apply(("classes",), RULES[1])
    accept(classed, 0)
    assert not classed.classes[0, :10].any()
    assert classed.classes[0, 10:].all()


def test_the_worker_is_asked_for_classes_where_there_are_more(image, classed, prediction):
    settings = PredictionSettings(classed.package, "cpu", PredictConfig())
    job = classed.job([0], settings)
    assert job.within_cells.exists()
    assert job.class_doubt.exists()
    classed.release()
    assert not job.within_cells.exists()
    job = prediction.job([0], settings)
    assert (job.within_cells, job.class_doubt) == (None, None)


def test_a_model_of_two_classes_shows_the_mask_in_their_place(prediction):
    prediction.apply(("classes",), RULES[1])
    assert prediction.rules[0] == ("mask",)


def test_pixels_of_a_cell_that_have_another_class_now_are_changed(
    image, class_package, classed, scratch, executor
):
    after = Prediction(image, class_package, scratch, executor)
    after.probability[:], after.within[:] = classed.probability, classed.within
    after.within[0, :10] = 2
    changed = changes(classed, after, [0])
    cell = to_mask(np.asarray(classed.probability[0]), classed.rules[1]) != 0
    expected = cell & (np.asarray(classed.within[0]) != after.within[0])
    assert expected.any()
    np.testing.assert_array_equal(changed[0], NOW_OTHER_CLASS * expected)


def with_a_speck(image, *slices):
    """A cell in the first column of all slices, and another in these alone."""
    image.pixels[:] = 0
    image.pixels[:, 2:20, 2:10] = 200
    image.pixels[list(slices), 2:20, 20:28] = 200


@pytest.mark.parametrize(
    ("predicted", "specks", "left"),
    [([0, 1, 2, 3], [1], []), ([2, 1, 3, 0], [1], []), ([1], [1], [1]), ([0, 1, 2, 3], [3], [3]),
     ([0, 1], [1], [1]), ([0, 1, 2, 3], [1, 2], [1, 2])],
)  # fmt: skip
def test_cells_of_one_slice_are_left_out_where_both_sides_are_seen(
    image, package, scratch, executor, predicted, specks, left
):
    with_a_speck(image, *specks)
    prediction = Prediction(image, package, scratch, executor)
    prediction.apply(("mask", "cells"), MaskConfig(least_slices=2), LINKED)
    prediction.probability[:] = image.pixels / np.float32(255)
    accept(prediction, *predicted)
    prediction.finish(then=lambda: None)
    assert [z for z in range(4) if prediction.cells[z, 10, 24]] == left
    assert prediction.cells[predicted, 10, 5].all()
    assert prediction.mask[specks, 10, 24].all()
    assert prediction.count == CellCount(1 + bool(left), 0)
    prediction.apply(("cells",), MaskConfig(least_slices=1), LINKED)
    assert [z for z in range(4) if prediction.cells[z, 10, 24]] == specks
    assert prediction.count == CellCount(2, int(not left))
