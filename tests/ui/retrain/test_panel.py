"""The panel *Retrain* in a real window: a small net, the real worker, the whole loop."""

from __future__ import annotations

import sys

import numpy as np
import pytest
from napari.utils.notifications import notification_manager

from napari_emseg.core.correct.edits import SliceEdits
from napari_emseg.core.segment.postprocess import to_mask
from napari_emseg.errors import LabelsError
from napari_emseg.model.packages.library import find_model, list_models
from napari_emseg.session.retrain.session import Phase
from napari_emseg.types import Cancelled, Failed, Finished
from napari_emseg.ui.retrain.corrections import Corrections
from napari_emseg.ui.retrain.panel import RetrainPanel
from napari_emseg.ui.viewer.layers import is_ours
from napari_emseg.ui.viewer.workspace import workspace_of

JOB_TIMEOUT_MS = 240_000
PLACE = {"scale": (50, 4, 4), "units": "nm"}


@pytest.fixture(autouse=True)
def _notifications_raise_nothing(viewer, monkeypatch):
    monkeypatch.setattr(notification_manager, "notification_ready", lambda _: None)


class Person:
    """What somebody has segmented and corrected."""

    def __init__(self, viewer, dock, image, truth):
        self.viewer, self.dock = viewer, dock
        self.image = viewer.add_image(image, name="em", **PLACE)
        painted = truth.copy()
        painted[[0, 1, 3, 4, 5]] = 0
        self.labels = viewer.add_labels(painted, name="corrected", **PLACE)
        self.slices = (2,)

    def __call__(self):
        if not self.slices:
            raise LabelsError("labels: nothing is corrected yet; paint on a slice first")
        known = dict.fromkeys(self.slices, SliceEdits(reviewed=True))
        return Corrections(self.image, self.labels, known)


@pytest.fixture
def person(viewer, dock, tiny, wandering_cells):
    dock.fields.model.reset_choices()
    dock.fields.choose_model(tiny.folder)
    return Person(viewer, dock, *wandering_cells())


@pytest.fixture
def panel(viewer, person):
    panel = RetrainPanel(viewer, person)
    viewer.window.add_dock_widget(panel, name="Correct", area="right")
    panel.config["minutes"].value = 0.05
    return panel


@pytest.fixture
def segmented(person, ends_of):
    """The stack, segmented by the tiny model."""
    ended = ends_of(person.dock)
    person.dock.fields.slices.value = "1:6"
    person.dock.buttons.whole.native.click()
    assert isinstance(ended.wait(), Finished), ended
    return person.dock.prediction


@pytest.fixture
def ended(panel, ends_of):
    return ends_of(panel)


@pytest.fixture
def retrain(panel, ended):
    """Click, and wait for the end."""

    def retrain():
        panel.run.start.native.click()
        return ended.wait()

    return retrain


@pytest.fixture
def go_back(panel, qtbot):
    """Click on *Revert*, and wait until all layers are gone."""

    def go_back():
        panel.revert.native.click()
        assert not panel.revert.enabled
        qtbot.waitUntil(lambda: not panel.session.is_busy, timeout=JOB_TIMEOUT_MS)

    return go_back


def eyes(viewer) -> dict[str, bool]:
    return {layer.name: layer.visible for layer in viewer.layers}


@pytest.mark.slow
def test_the_whole_loop(viewer, person, segmented, panel, retrain, go_back):
    assert panel.model.value.folder.name == "tiny"
    painted, before = person.labels.data.copy(), eyes(viewer)
    viewer.layers.selection.active = person.labels

    event = retrain()

    assert isinstance(event, Finished), event
    child = find_model("tiny, corrected 1")
    assert child.info.parent == "tiny"
    assert panel.model.value.folder == person.dock.fields.model.value.folder == child.folder
    assert "em quick preview" not in viewer.layers
    new = viewer.layers["em [tiny, corrected 1] mask"]
    assert new.visible
    assert not viewer.layers["em [tiny] mask"].visible
    assert not person.labels.visible, "its colours would add to those of the new mask"
    np.testing.assert_allclose(new.scale, (50, 4, 4))
    assert person.dock.prediction.done == {1, 2, 3, 4, 5}
    overlay = viewer.layers["em changed"]
    old = np.asarray(viewer.layers["em [tiny] mask"].data) != 0
    expected = np.where(new.data != 0, 1, 2) * ((new.data != 0) != old)
    np.testing.assert_array_equal(overlay.data, expected)
    assert not overlay.editable
    for words in ("V_rand", "before", "right part of slice 2, reviewed", "changed"):
        assert words in panel.run.message.value
    np.testing.assert_array_equal(person.labels.data, painted)
    assert viewer.layers.selection.active is person.labels
    assert not {"tensorflow", "keras"} & set(sys.modules)

    go_back()

    assert eyes(viewer) == before
    assert panel.model.value.folder.name == person.dock.fields.model.value.folder.name == "tiny"
    assert person.dock.prediction is segmented
    assert not panel.revert.enabled
    assert "tiny, corrected 1" in [package.folder.name for package in list_models()]


@pytest.mark.slow
def test_round_after_round(viewer, person, segmented, panel, retrain, go_back):
    retrain()
    go_back()
    person.slices = (2, 3)
    person.labels.data[3] = person.labels.data[2]
    assert isinstance(retrain(), Finished)
    assert find_model("tiny, corrected 2").info.parent == "tiny"
    assert "on slice 3, reviewed and held out" in panel.run.message.value
    assert isinstance(retrain(), Finished)
    assert find_model("tiny, corrected 3").info.parent == "tiny, corrected 2"
    assert [name for name in eyes(viewer) if "changed" in name] == ["em changed"]


@pytest.mark.slow
def test_the_threshold_of_the_dock_applies_to_the_new_prediction(
    viewer, person, segmented, retrain, qtbot
):
    retrain()
    mask = viewer.layers["em [tiny, corrected 1] mask"].data[1:]
    person.dock.fields.threshold.value = 0.0
    qtbot.waitUntil(mask.all)
    person.dock.fields.threshold.value = 1.0
    qtbot.waitUntil(lambda: not mask.any())


@pytest.mark.slow
def test_nothing_corrected_is_said(person, panel):
    person.slices = ()
    panel.run.start.native.click()
    assert "paint on a slice first" in panel.run.message.value
    assert panel.run.start.enabled


@pytest.mark.slow
def test_without_a_prediction_the_corrected_slice_is_segmented(
    viewer, tiny, panel, retrain, go_back
):
    panel.model.reset_choices()
    panel.model.value = next(each for each in panel.model.choices if each.folder == tiny.folder)
    assert isinstance(retrain(), Finished)
    assert "em changed" not in viewer.layers
    after = workspace_of(viewer).newest()
    assert after.done == {2}
    assert after.probability[2].any()
    expected = to_mask(after.probability[2], after.rules[1])  # of 3 s of learning: maybe no cell
    np.testing.assert_array_equal(viewer.layers["em [tiny, corrected 1] mask"].data[2], expected)
    assert "before" not in panel.run.message.value
    go_back()
    assert [layer.name for layer in viewer.layers] == ["em", "corrected"]


@pytest.mark.slow
def test_stop_leaves_all_as_it_was(viewer, segmented, panel, ended, qtbot):
    before = eyes(viewer)
    panel.config["minutes"].value = 60
    panel.run.start.native.click()
    assert panel.run.stop.enabled
    qtbot.waitUntil(lambda: panel.session.done is not None, timeout=JOB_TIMEOUT_MS)
    panel.run.stop.native.click()
    assert isinstance(ended.wait(), Cancelled)
    assert "Everything is as it was" in panel.run.message.value
    assert eyes(viewer) == before
    assert panel.model.value.folder.name == "tiny"
    assert not panel.revert.enabled


@pytest.mark.slow
def test_a_quick_preview_comes_and_goes(viewer, person, segmented, panel, ended, qtbot):
    viewer.layers.selection.active = person.labels
    name = "em quick preview"
    panel.config["minutes"].value = 60
    panel.run.start.native.click()
    qtbot.waitUntil(lambda: name in viewer.layers, timeout=JOB_TIMEOUT_MS)
    layer = viewer.layers[name]
    qtbot.waitUntil(lambda: layer.data[2].any(), timeout=JOB_TIMEOUT_MS)
    assert not layer.data[[0, 1, 3, 4, 5]].any(), "these were not corrected"
    assert not layer.editable
    assert is_ours(layer), "it is no stack to segment"
    assert viewer.layers.selection.active is person.labels
    np.testing.assert_allclose(layer.scale, (50, 4, 4))
    panel.run.stop.native.click()
    assert isinstance(ended.wait(), Cancelled)
    assert name not in viewer.layers
    assert "em [tiny] mask" in viewer.layers


@pytest.mark.slow
def test_an_image_that_is_removed_is_not_segmented_again(
    viewer, person, segmented, panel, ended, qtbot
):
    panel.run.start.native.click()
    qtbot.waitUntil(lambda: panel.session.phase is Phase.LEARNING)
    qtbot.waitUntil(lambda: panel.session.done is not None, timeout=JOB_TIMEOUT_MS)
    viewer.layers.remove(person.image)
    assert isinstance(ended.wait(), Failed)
    assert "image was removed" in panel.run.message.value
    assert "tiny, corrected 1" in panel.run.message.value


@pytest.mark.slow
def test_what_a_person_painted_on_a_new_mask_stays(viewer, segmented, panel, retrain, go_back):
    retrain()
    mask = viewer.layers["em [tiny, corrected 1] mask"]
    mask.paint((2, 10, 10), 7)
    go_back()
    assert mask in viewer.layers
    assert mask.data[2, 10, 10] == 7


@pytest.mark.slow
def test_a_flat_image(viewer, dock, tiny, wandering_cells, ends_of):
    grey, truth = wandering_cells(1)
    image, labels = viewer.add_image(grey[0], name="one"), viewer.add_labels(truth[0], name="own")
    known = {0: SliceEdits(reviewed=True)}
    panel = RetrainPanel(viewer, lambda: Corrections(image, labels, known))
    viewer.window.add_dock_widget(panel, name="Correct")
    panel.config["minutes"].value = 0.05
    panel.model.value = next(each for each in panel.model.choices if each.folder == tiny.folder)
    ended = ends_of(panel)
    panel.run.start.native.click()
    assert isinstance(ended.wait(), Finished), ended
    assert viewer.layers["one [tiny, corrected 1] mask"].data.shape == grey[0].shape
