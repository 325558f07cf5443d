"""A window's work on Tuesday: saved, closed, and back in another window, by real clicks."""

from __future__ import annotations

import json
import zipfile

import numpy as np
import pytest
import tifffile
from qtpy.QtCore import QTimer
from qtpy.QtWidgets import QFileDialog

from napari_emseg.core.classes import to_class_map
from napari_emseg.core.config.prediction import MaskConfig
from napari_emseg.core.correct.edits import Edits
from napari_emseg.core.segment.postprocess import to_mask
from napari_emseg.io.folders import recovery_folder
from napari_emseg.io.layer_metadata import LayerMetadata, metadata_of
from napari_emseg.session.stack_choice import StackChoice
from napari_emseg.ui.painting.autosave import autosave_of
from napari_emseg.ui.painting.edit_tracker import tracker_of
from napari_emseg.ui.prediction.reopened import take_up_saved
from napari_emseg.ui.project.commands import project_of
from napari_emseg.ui.stacks.plain_layer import put_plain_layer
from napari_emseg.ui.viewer.predictions import newest_prediction
from napari_emseg.ui.viewer.workspace import workspace_of

SHAPE = (5, 64, 80)
NM = ("nm",) * 3
PLUGIN = "napari-emseg"


def about(kind, made=2.0, model="/models/default"):
    return LayerMetadata(source="em", model=model, kind=kind, made=made).stored()


def smooth() -> np.ndarray:
    """A probability with values of all sizes."""
    y, x = np.mgrid[: SHAPE[1], : SHAPE[2]]
    return np.stack([(np.sin(x / 6 + z) * np.cos(y / 5) + 1) / 2 for z in range(5)]).astype("f4")


def predicted(viewer, made=2.0, model="/models/default"):
    """Probability and mask, as the dock Segment leaves them."""
    place = {"scale": (50, 4, 4), "units": NM}
    shown = viewer.add_image(
        smooth(), name="em [default] probability", metadata=about("probability", made, model),
        visible=False, **place,
    )  # fmt: skip
    mask = viewer.add_labels(
        (smooth() > 0.5).astype(np.uint8), name="em [default] mask",
        metadata=about("mask", made, model), **place,
    )  # fmt: skip
    return shown, mask


def corrected(viewer):
    """Labels of a person with a stroke and a reviewed slice."""
    layer = viewer.add_labels(
        (smooth() > 0.5).astype(np.uint8), name="em corrected", scale=(50, 4, 4), units=NM,
        metadata=LayerMetadata(source="em", kind="mask", edits=Edits()).stored(),
    )  # fmt: skip
    autosave_of(viewer)
    tracker = tracker_of(layer)
    layer.paint((2, 10, 10), 3)
    tracker.review(4, reviewed=True)
    return layer


def on_disk(tmp_path, image):
    path = tmp_path / "em.tif"
    tifffile.imwrite(
        path, image, imagej=True, resolution=(250, 250),
        metadata={"axes": "ZYX", "unit": "um", "spacing": 0.05},
    )  # fmt: skip
    return path


@pytest.fixture
def said(monkeypatch):
    said = []
    for name in ("show_warning", "show_info", "show_error"):
        monkeypatch.setattr(f"napari_emseg.ui.project.commands.{name}", said.append)
    return said


def save(viewer, path, qtbot, then=lambda: None):
    """As a person saves it who goes on meanwhile."""
    project, heard = project_of(viewer), []
    project.session.saved.connect(heard.append)
    project.save(path)
    then()
    qtbot.waitUntil(lambda: bool(heard), timeout=20_000)
    return heard[0]


def open_again(viewer, path, qtbot):
    """As a person opens it who waits until all of it is there."""
    heard = []
    project_of(viewer).session.opened.connect(heard.append)
    viewer.open(path, plugin=PLUGIN)
    qtbot.waitUntil(lambda: bool(heard), timeout=60_000)


@pytest.fixture
def told(monkeypatch):
    """What the writer of single layers says is not kept."""
    told = []
    monkeypatch.setattr("napari_emseg.io.napari_writer.tell", lambda *about: told.append(about))
    return told


@pytest.fixture
def tuesday(make_napari_viewer, tmp_path, image, qtbot, said):
    """A project of an image on disk, a prediction, corrections, and two open docks."""
    viewer = make_napari_viewer(show=True)
    viewer.open(on_disk(tmp_path, image), plugin=PLUGIN)
    predicted(viewer)
    layer = corrected(viewer)
    _, segment = viewer.window.add_plugin_dock_widget(PLUGIN, "Segment")
    viewer.window.add_plugin_dock_widget(PLUGIN, "Correct")
    segment.fields.threshold.value = 0.7
    viewer.layers["em [default] mask"].visible = False
    viewer.dims.set_current_step(0, 3)
    autosave_of(viewer).wait()
    assert list(recovery_folder().glob("*/slice-*.npz"))
    path = save(viewer, tmp_path / "work.emseg", qtbot)
    autosave_of(viewer).wait()
    assert not list(recovery_folder().glob("*/slice-*.npz")), "it is stored now"
    return path, layer.data.copy()


def test_all_of_it_comes_back(make_napari_viewer, tuesday, qtbot, said):
    path, labels = tuesday
    viewer = make_napari_viewer(show=True)
    open_again(viewer, path, qtbot)
    assert [layer.name for layer in viewer.layers] == [
        "em", "em [default] probability", "em [default] mask", "em corrected",
    ]  # fmt: skip
    back = viewer.layers["em corrected"]
    np.testing.assert_array_equal(back.data, labels)
    np.testing.assert_allclose(back.scale, (50, 4, 4))
    assert tracker_of(back).edits.slices == (2, 4)
    assert tracker_of(back).edits.reviewed == (4,)
    docks = {name.partition(" (")[0]: each for name, each in viewer.window.dock_widgets.items()}
    segment, correct = docks["Segment"], docks["Correct"]
    assert segment.fields.threshold.value == pytest.approx(0.7)
    assert not viewer.layers["em [default] mask"].visible, "as it was"
    assert correct.fields.labels.value is back
    assert correct.session.tracker is tracker_of(back)
    assert viewer.dims.current_step[0] == 3
    correct.regions.next.native.click()
    qtbot.waitUntil(lambda: "row" in correct.regions.message.value, timeout=20_000)
    segment.fields.threshold.value = 0.9
    mask = viewer.layers["em [default] mask"]
    config = segment.fields.rules[1]
    expected = to_mask(smooth()[0], config)
    qtbot.waitUntil(lambda: np.array_equal(mask.data[0], expected), timeout=20_000)
    viewer.layers.remove(back)  # untouched: nobody says that it is not saved
    autosave_of(viewer).wait()
    assert autosave_of(viewer).session.left_behind() == []


def test_a_level_that_was_segmented_comes_back_with_its_pixels(
    make_napari_viewer, tmp_path, qtbot, said, told
):
    viewer = make_napari_viewer()
    fine = np.random.default_rng(0).integers(0, 255, (5, 128, 160), np.uint8)
    em = viewer.add_image(
        [fine, fine[:, ::2, ::2]], name="em", multiscale=True, scale=(50, 2, 2), units=NM
    )
    plain = put_plain_layer(viewer, em, StackChoice(1))
    about = LayerMetadata(source=plain.name, model="/models/default", kind="probability", made=1.0)
    viewer.add_image(smooth(), name="em, level 1 [default] probability", metadata=about.stored())
    path = save(viewer, tmp_path / "work.emseg", qtbot)

    other = make_napari_viewer()
    open_again(other, path, qtbot)
    back = other.layers["em, level 1"]
    np.testing.assert_array_equal(back.data, fine[:, ::2, ::2])
    corners = (0, -0.5, -0.5), (4, 63.5, 79.5)
    for corner in corners:
        np.testing.assert_allclose(back.data_to_world(corner), plain.data_to_world(corner))
    assert not back.visible
    take_up_saved(other)
    assert workspace_of(other).newest(back).done == set(range(5))
    assert not told, "a project keeps where layers lie"


def test_a_stack_that_was_moved_is_asked_for(
    make_napari_viewer, tuesday, tmp_path, qtbot, said, monkeypatch
):
    path, _ = tuesday
    moved = tmp_path / "elsewhere" / "renamed.tif"
    moved.parent.mkdir()
    (tmp_path / "em.tif").rename(moved)
    asked = []

    def ask(_, title, *__):
        asked.append(title)
        return (str(moved) if len(asked) == 2 else "", "")

    monkeypatch.setattr(QFileDialog, "getOpenFileName", ask)
    viewer = make_napari_viewer()
    open_again(viewer, path, qtbot)
    assert asked == ["em.tif is not where it was: where is it now?"]
    assert "em" not in viewer.layers
    assert "'em' is left out" in said[-1]
    other = make_napari_viewer()
    open_again(other, path, qtbot)
    assert other.layers["em"].data.shape == SHAPE


def test_what_is_painted_while_it_is_saved_stays_in_the_recovery(viewer, tmp_path, qtbot, said):
    layer = corrected(viewer)
    autosave_of(viewer).wait()
    save(viewer, tmp_path / "work.emseg", qtbot, lambda: layer.paint((0, 20, 20), 5))
    autosave_of(viewer).wait()
    assert list(recovery_folder().glob("*/slice-*.npz"))


def test_file_save_all_layers_writes_a_project(viewer, image, tmp_path, said):
    viewer.add_image(image, name="em")
    corrected(viewer)
    written = viewer.layers.save(str(tmp_path / "all.emseg"), plugin=PLUGIN)
    assert written == [str(tmp_path / "all.emseg")]


def test_a_project_is_read_beside_the_window(make_napari_viewer, tuesday, qtbot, said):
    path, _ = tuesday
    viewer = make_napari_viewer()
    project = project_of(viewer)
    project.open(path)
    assert not viewer.layers, "it is still being read"
    project.save(path)
    assert said[-1] == "A project is being opened: save when all of it is there."
    seen = set()
    viewer.layers.events.inserted.connect(lambda: QTimer.singleShot(0, count))

    def count():
        seen.add(len(viewer.layers))

    qtbot.waitUntil(lambda: project.session.phase == "idle", timeout=60_000)
    assert seen == {1, 2, 3, 4}, "the window answers between the layers"


def test_what_cannot_be_shown_is_said_and_the_rest_comes(
    make_napari_viewer, tuesday, tmp_path, qtbot, said
):
    path, _ = tuesday
    damaged = tmp_path / "damaged.emseg"
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(damaged, "w") as new:
        noted = json.loads(old.read("project.json"))
        noted["layers"][-1]["blending"] = "no such blending"
        for name in {*old.namelist()} - {"project.json"}:
            new.writestr(name, old.read(name))
        new.writestr("project.json", json.dumps(noted))
    viewer = make_napari_viewer()
    open_again(viewer, damaged, qtbot)
    assert len(viewer.layers) == 3
    assert "em corrected" not in viewer.layers
    assert "'em corrected' is left out: expected what a layer looks like" in said[-1]
    assert {name.partition(" (")[0] for name in viewer.window.dock_widgets} >= {
        "Segment", "Correct",
    }  # fmt: skip
    save(viewer, tmp_path / "again.emseg", qtbot)


def test_a_window_may_close_while_a_project_is_opened(make_napari_viewer, tuesday, said):
    viewer = make_napari_viewer()
    project_of(viewer).open(tuesday[0])
    viewer.close()


@pytest.mark.parametrize("ending", [".tif", ".zarr"])
def test_the_button_save_keeps_all_in_either_format(
    viewer, image, tmp_path, said, monkeypatch, ending
):
    viewer.add_image(image, name="em")
    layer = corrected(viewer)
    _, correct = viewer.window.add_plugin_dock_widget(PLUGIN, "Correct")
    kind = {".tif": "TIFF (*.tif)", ".zarr": "OME-Zarr (*.zarr)"}[ending]
    monkeypatch.setattr(
        QFileDialog, "getSaveFileName", lambda *_: (str(tmp_path / "em corrected"), kind)
    )
    first = correct.save.fill().actions()[0]
    assert first.text() == "em corrected ..."
    first.trigger()
    autosave_of(viewer).wait()
    assert not list(recovery_folder().glob("*/slice-*.npz"))
    viewer.layers.remove(layer)
    viewer.open(tmp_path / f"em corrected{ending}", plugin=PLUGIN)
    back = viewer.layers["em corrected"]
    assert tracker_of(back).edits.slices == (2, 4)
    assert correct.fields.labels.value is back, "picked up by what is stored with it"
    assert correct.review.strip.total == 5


def test_a_saved_probability_is_taken_up(viewer, image):
    viewer.add_image(image, name="em")
    predicted(viewer, made=1.0)
    shown, mask = predicted(viewer, made=5.0, model="/models/mine")
    take_up_saved(viewer)
    take_up_saved(viewer)
    found = workspace_of(viewer).newest(viewer.layers["em"])
    assert found.made == 5.0
    assert found.done == set(range(5))
    assert np.shares_memory(found.mask, mask.data)
    assert newest_prediction(viewer, viewer.layers["em"]) is shown
    assert metadata_of(shown).is_prediction


def test_saved_classes_are_taken_up_and_follow_the_threshold(qtbot, viewer, image):
    names = ("membrane", "cell", "mitochondrion")
    viewer.add_image(image, name="em")
    predicted(viewer)
    within = np.full(SHAPE, 2, np.uint8)
    within[:, :30] = 3
    made = viewer.add_labels(
        to_class_map(smooth() > 0.5, within), name="em [default] classes",
        metadata=LayerMetadata(
            source="em", model="/models/default", kind="classes", made=2.0, class_names=names
        ).stored(),
    )  # fmt: skip
    take_up_saved(viewer)
    found = workspace_of(viewer).newest(viewer.layers["em"])
    assert (found.class_names, found.kinds) == (names, ("mask", "cells", "classes"))
    for threshold in (0.9, 0.5, 0.3):
        found.apply(("classes",), MaskConfig(threshold, smallest_cell_px=0))
        qtbot.waitUntil(lambda at=threshold: ((made.data > 1) == (smooth() > at)).all())
    was_cell = smooth() > 0.5
    np.testing.assert_array_equal(made.data[was_cell], within[was_cell])
    assert (made.data[(smooth() > 0.3) & ~was_cell] == 2).all()
