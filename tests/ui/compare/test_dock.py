"""The dock *Compare* in a real window: every view, every click."""

from __future__ import annotations

import csv
import json

import numpy as np
import pytest
from napari._qt.widgets.qt_keyboard_settings import ShortcutEditor
from napari.utils.notifications import notification_manager
from PIL import Image as PillowImage
from qtpy.QtCore import Qt

from napari_emseg.core.scores.metrics import score_slice, score_stack
from napari_emseg.core.scores.segmentation_error import (
    FALSE_NEGATIVE,
    FALSE_POSITIVE,
    MERGER,
    SPLIT,
    TRUE_POSITIVE,
)
from napari_emseg.io.layer_metadata import KEY
from napari_emseg.model.packages.library import shipped_folder
from napari_emseg.model.packages.package import read_package
from napari_emseg.session.words import V_RAND
from napari_emseg.ui.viewer.layers import current_slice

CELL, BORDER = 20, 3
STEP = CELL + BORDER
SLICES = 7
PLACE = {"scale": (50, 4, 4), "units": "nm"}
WAIT_MS = 20_000


@pytest.fixture(autouse=True)
def _notifications_raise_nothing(viewer, monkeypatch):
    monkeypatch.setattr(notification_manager, "notification_ready", lambda _: None)
    notification_manager.records.clear()


@pytest.fixture
def truth():
    """Square cells (Z, Y, X) with membranes between them, 0 and 1."""
    tile = np.zeros((STEP, STEP), np.uint8)
    tile[:CELL, :CELL] = 1
    return np.stack([np.tile(tile, (4, 4))] * SLICES)


@pytest.fixture
def probability(truth):
    """The truth, softened, with a gap in slice 2, a false membrane in 3, and both in 4."""
    mask = truth.copy()
    mask[[2, 4], 8:12, CELL:STEP] = 1
    mask[[3, 4], STEP : STEP + CELL, 8:10] = 0
    return np.where(mask, np.float32(0.75), np.float32(0.25))


@pytest.fixture
def compare(viewer, qtbot):
    _, widget = viewer.window.add_plugin_dock_widget("napari-emseg", "Compare")
    qtbot.waitUntil(lambda: "Prediction" in widget.run.message.value)
    return widget


@pytest.fixture
def layers(viewer, compare, truth, probability, qtbot):
    """Image, truth and prediction, as the dock has chosen or been given them."""
    image = viewer.add_image(np.random.default_rng(0).integers(0, 255, truth.shape, np.uint8),
                             name="em", **PLACE)  # fmt: skip
    labels = viewer.add_labels(truth.copy(), name="truth", **PLACE)
    prediction = viewer.add_image(probability, name="probability", **PLACE)
    compare.fields.truth.value, compare.fields.prediction.value = labels, prediction
    viewer.dims.set_current_step(0, 0)
    wait_for_slice(compare, qtbot, 0)
    qtbot.waitUntil(lambda: compare.error_layer.layer is not None, timeout=WAIT_MS)
    return image, labels, prediction


def known(compare):
    scores = compare.session.scores
    return {} if scores is None else scores.at(compare.session.config)


def wait_for_slice(compare, qtbot, z, check=lambda _: True):
    """Until a slice is known, as `check` wants it."""
    qtbot.waitUntil(lambda: z in known(compare) and bool(check(known(compare)[z])), timeout=WAIT_MS)


def wait_for_layers(compare, qtbot, prediction, truth):
    """Until the dock compares these."""

    def begun():
        pair = compare.session.pair
        return (
            pair is not None and pair.prediction.layer is prediction and pair.truth.layer is truth
        )

    qtbot.waitUntil(begun, timeout=WAIT_MS)


def score_all(compare, qtbot, slices=SLICES):
    compare.run.start.native.click()
    qtbot.waitUntil(lambda: len(known(compare)) == slices, timeout=WAIT_MS)
    qtbot.waitUntil(lambda: not compare.run.stop.enabled, timeout=WAIT_MS)


def said():
    return [record.message for record in notification_manager.records]


def title_shown(layer):
    return layer.visible and layer.name_overlay.visible


# --- what is chosen ------------------------------------------------------------------------------


def test_layers_are_offered_as_they_come_go_and_are_renamed(viewer, compare, layers):
    def names():
        return [str(choice) for choice in compare.fields.prediction.choices]

    assert "errors" in [layer.name for layer in viewer.layers]
    offered = [layer.name for layer in compare.fields.truth.choices if layer is not None]
    assert set(offered) == {"truth", "em", "probability"}
    layers[2].name = "renamed"
    assert compare.fields.prediction.get_choice("renamed") == layers[2]
    assert compare.fields.prediction.value == layers[2]
    viewer.layers.remove(layers[2])
    assert "renamed" not in names()
    assert compare.fields.prediction.value is None


def test_a_prediction_of_ours_is_chosen_with_the_threshold_of_its_model(
    viewer, compare, truth, probability, qtbot
):
    viewer.add_labels(truth, name="truth", **PLACE)
    about = {"source": "em", "model": str(shipped_folder())}
    prediction = viewer.add_image(probability, name="ours", metadata={KEY: about}, **PLACE)
    qtbot.waitUntil(lambda: bool(known(compare)), timeout=WAIT_MS)
    assert compare.fields.prediction.value == prediction
    threshold = read_package(shipped_folder()).info.threshold
    assert compare.fields.threshold.value == pytest.approx(threshold)


def test_other_shapes_are_refused_in_words(viewer, compare, layers, truth, qtbot):
    other = viewer.add_labels(truth[:3], name="part", **PLACE)
    compare.fields.truth.value = other
    qtbot.waitUntil(lambda: "expected equal shapes" in compare.run.message.value)
    assert "(7, 92, 92) and (3, 92, 92)" in compare.run.message.value
    assert not known(compare)
    compare.run.start.native.click()
    assert any("expected equal shapes" in message for message in said())


def test_a_shift_by_translation_is_honoured(viewer, compare, layers, truth, qtbot):
    part = viewer.add_labels(
        truth[2:5, STEP:, STEP:], name="part", translate=(100, 92, 92), **PLACE
    )
    compare.fields.truth.value = part
    wait_for_layers(compare, qtbot, layers[2], part)
    viewer.dims.set_current_step(0, 2)
    score_all(compare, qtbot, 3)
    assert list(known(compare)) == [2, 3, 4]
    expected = score_slice(layers[2].data[3, STEP:, STEP:], truth[3, STEP:, STEP:], 0.5)
    assert known(compare)[3].scores == expected
    part.translate = (100, 93, 92)  # a quarter of a pixel
    qtbot.waitUntil(lambda: "whole pixels" in compare.run.message.value)
    part.translate, part.scale = (100, 92, 92), (50, 5, 4)
    qtbot.waitUntil(lambda: "equal pixel sizes" in compare.run.message.value)


def test_what_a_partial_truth_leaves_unknown_counts_nowhere(viewer, compare, layers, truth, qtbot):
    scribbles = np.where(truth, 2, 1).astype(np.uint8)
    scribbles[:, :STEP] = 0
    scribbles[1] = 0
    compare.fields.truth.value = viewer.add_labels(scribbles, name="scribbles", **PLACE)
    compare.fields.meaning.value = "scribbles"
    viewer.dims.set_current_step(0, 2)
    wait_for_slice(compare, qtbot, 2)
    assert known(compare)[2].errors == ()  # the gap lies where nobody knows
    viewer.dims.set_current_step(0, 1)
    qtbot.waitUntil(lambda: "nothing is painted" in compare.scores.here.value, timeout=WAIT_MS)


def test_one_slice_alone_can_be_compared(viewer, compare, truth, probability, qtbot):
    labels = viewer.add_labels(truth[2], name="flat truth")
    prediction = viewer.add_image(probability[2], name="flat")
    compare.fields.truth.value, compare.fields.prediction.value = labels, prediction
    wait_for_slice(compare, qtbot, 0)
    assert [error.kind for error in known(compare)[0].errors] == ["merger"]
    assert compare.error_layer.layer.data.shape == truth[2].shape


# --- following -----------------------------------------------------------------------------------


def test_scores_are_those_of_the_core(compare, layers, truth, probability, qtbot):
    score_all(compare, qtbot)
    scores = score_stack(probability, truth)
    sweep = compare.session.scores.sweep()
    assert sweep.sweep == scores.sweep
    for z, each in known(compare).items():
        assert each.scores == score_slice(probability[z], truth[z], 0.5)
    assert f"{known(compare)[0].scores.v_rand:.4f}" in compare.scores.here.value
    assert "Mean of 7 of 7 slices" in compare.scores.stack.value


def test_the_threshold_is_followed_on_the_slice_and_then_on_all(compare, layers, qtbot):
    score_all(compare, qtbot)
    before = compare.session.scores.sweep()
    compare.fields.threshold.value = 0.8
    wait_for_slice(compare, qtbot, 0, lambda each: each.scores.recall == 0)
    qtbot.waitUntil(lambda: len(known(compare)) == SLICES, timeout=WAIT_MS)
    assert compare.session.scores.sweep() == before  # which no threshold changes
    assert all(each.scores.recall == 0 for each in known(compare).values())


def test_the_slider_is_followed(viewer, compare, layers, qtbot):
    viewer.dims.set_current_step(0, 2)
    wait_for_slice(compare, qtbot, 2)
    assert [error.kind for error in known(compare)[2].errors] == ["merger"]


def test_the_brush_is_followed(viewer, compare, layers, truth, qtbot):
    mask = viewer.add_labels(truth.copy(), name="mask", **PLACE)
    compare.fields.prediction.value = mask
    wait_for_layers(compare, qtbot, mask, layers[1])
    wait_for_slice(compare, qtbot, 0)
    assert not compare.fields.threshold.enabled
    assert known(compare)[0].scores.v_rand == pytest.approx(1)
    qtbot.waitUntil(lambda: compare.session.scores.has_sweep(0), timeout=WAIT_MS)
    mask.brush_size = 6
    mask.paint((0, 10, CELL + 1), 1)
    wait_for_slice(compare, qtbot, 0, lambda each: each.errors)
    assert known(compare)[0].errors[0].kind == "merger"

    def swept_anew():
        sweep = compare.session.scores.sweep()
        return sweep is not None and sweep.sweep[5].mean.v_rand < 1

    qtbot.waitUntil(swept_anew, timeout=WAIT_MS)
    mask.undo()
    wait_for_slice(compare, qtbot, 0, lambda each: not each.errors)


def test_painting_the_truth_is_followed_too(compare, layers, qtbot):
    layers[1].brush_size = 6
    layers[1].paint((0, 10, CELL + 1), 1)
    wait_for_slice(compare, qtbot, 0, lambda each: each.errors)
    assert known(compare)[0].errors[0].kind == "split"


def test_stop_keeps_what_is_scored(viewer, compare, qtbot):
    many = np.ones((200, 128, 128), np.uint8)
    many[:, ::16] = many[:, :, ::16] = 0
    noise = np.random.default_rng(0).random(many.shape, np.float32)
    labels = viewer.add_labels(many, name="truth")
    compare.fields.truth.value = labels
    compare.fields.prediction.value = viewer.add_image(noise, name="probability")
    qtbot.waitUntil(lambda: compare.session.pair is not None)
    compare.run.start.native.click()
    qtbot.waitUntil(lambda: len(known(compare)) > 2, timeout=WAIT_MS)
    qtbot.waitUntil(lambda: compare.run.bar.visible)
    compare.run.stop.native.click()
    count = len(known(compare))
    assert compare.run.start.enabled
    qtbot.wait(500)
    assert count <= len(known(compare)) <= count + 1  # the slice that is seen
    assert len(known(compare)) < 200


# --- errors --------------------------------------------------------------------------------------


def test_the_error_layer_shows_what_is_wrong(viewer, compare, layers, truth, qtbot):
    score_all(compare, qtbot)
    layer = compare.error_layer.layer
    assert (layer.data[0] == np.where(truth[0], TRUE_POSITIVE, 0)).all()
    assert (layer.data[2, 8:12, CELL:STEP] == MERGER).all()
    assert (layer.data[3, STEP : STEP + CELL, 8:10] == SPLIT).all()
    assert set(np.unique(layer.data)) == {0, TRUE_POSITIVE, MERGER, SPLIT}
    colors = layer.colormap.color_dict
    shown = [
        tuple(colors[value])
        for value in (TRUE_POSITIVE, FALSE_NEGATIVE, FALSE_POSITIVE, MERGER, SPLIT)
    ]
    assert len(set(shown)) == 5
    assert not layer.editable
    np.testing.assert_array_equal(layer.scale, layers[2].scale)


def test_which_errors_are_coloured_is_chosen(viewer, compare, layers, qtbot):
    layer = compare.error_layer.layer
    compare.views.errors.value = "merged and split cells"
    assert layer.colormap.color_dict.get(TRUE_POSITIVE) is None
    assert MERGER in layer.colormap.color_dict
    compare.views.errors.value = "nothing"
    assert not layer.visible
    compare.views.errors.value = "pixels and cells"
    assert layer.visible


def test_an_error_layer_that_is_removed_does_not_come_back(viewer, compare, layers, qtbot):
    viewer.layers.remove(compare.error_layer.layer)
    assert compare.views.errors.value == "nothing"
    viewer.dims.set_current_step(0, 2)
    wait_for_slice(compare, qtbot, 2)
    assert "errors" not in viewer.layers
    compare.views.errors.value = "pixels and cells"
    qtbot.waitUntil(lambda: "errors" in viewer.layers, timeout=WAIT_MS)


def test_that_no_errors_are_wanted_is_remembered(viewer, compare, truth, probability, qtbot):
    compare.views.errors.value = "nothing"
    viewer.window.remove_dock_widget(compare)
    _, again = viewer.window.add_plugin_dock_widget("napari-emseg", "Compare")
    assert again.views.errors.value == "nothing"
    labels = viewer.add_labels(truth, name="truth", **PLACE)
    prediction = viewer.add_image(probability, name="probability", **PLACE)
    again.fields.truth.value, again.fields.prediction.value = labels, prediction
    wait_for_layers(again, qtbot, prediction, labels)
    wait_for_slice(again, qtbot, again.session.pair.seen_slice)
    assert "errors" not in viewer.layers


def test_errors_are_listed_and_a_click_goes_there(viewer, compare, layers, qtbot):
    score_all(compare, qtbot)
    compare.tabs.setCurrentIndex(2)
    errors = compare.errors
    costs = [error.cost_px for _, error in errors.listed]
    assert costs == sorted(costs, reverse=True)
    assert len(costs) == 4
    assert errors.count.text().startswith("2 mergers, 2 splits.")
    z, error = errors.listed[-1]
    assert errors.table.text_at(3, 0) == error.kind == "split"
    errors.table.selectRow(3)
    assert current_slice(viewer, layers[2]) == z
    center = viewer.scene.camera.center[-2:]
    np.testing.assert_allclose(center, np.multiply(error.position, 4))
    seen = min(viewer.canvas.viewbox_size(viewer.layers)) / viewer.scene.camera.zoom / 4
    assert seen == pytest.approx(error.extent_px)
    mark = viewer.canvas.overlays["emseg_error"]
    middle = np.divide(viewer.canvas.viewbox_size(viewer.layers), 2)
    assert mark.visible
    np.testing.assert_allclose(np.mean(mark.position, axis=0), middle)
    viewer.scene.camera.center = (0, center[0] + 40, center[1])  # it stays where it is
    up = np.mean(mark.position, axis=0)[0] - middle[0]
    assert up == pytest.approx(-40 * viewer.scene.camera.zoom)
    errors.only_here.setChecked(True)
    qtbot.waitUntil(lambda: {at for at, _ in errors.listed} == {z})
    viewer.dims.set_current_step(0, 0)
    assert not mark.visible
    qtbot.waitUntil(lambda: not errors.listed)


def test_keys_lead_through_the_errors_and_stand_in_the_list_of_napari(
    viewer, compare, layers, qtbot
):
    editor = ShortcutEditor()
    qtbot.addWidget(editor)
    listed = editor.key_bindings_strs[ShortcutEditor.VIEWER_KEYBINDINGS]
    assert {"napari-emseg:next_error", "napari-emseg:previous_error"} <= set(listed)
    canvas, alt = viewer.window._qt_viewer.canvas.native, Qt.KeyboardModifier.AltModifier
    qtbot.keyClick(canvas, Qt.Key.Key_E, alt)  # before there is any
    score_all(compare, qtbot)
    slices = [z for z, _ in compare.errors.listed]
    seen = []
    compare.errors.picked.connect(lambda z, _: seen.append(z))
    for _ in range(5):
        qtbot.keyClick(canvas, Qt.Key.Key_E, alt)
    assert seen == [*slices, slices[-1]]
    assert current_slice(viewer, layers[2]) == slices[-1]
    qtbot.keyClick(canvas, Qt.Key.Key_E, alt | Qt.KeyboardModifier.ShiftModifier)
    assert seen[-1] == slices[-2]
    assert compare.errors.table.chosen == compare.errors.listed[-2]
    viewer.window.remove_dock_widget(compare)
    qtbot.keyClick(canvas, Qt.Key.Key_E, alt)
    assert len(seen) == 6


def test_a_click_goes_to_an_error_under_rolled_axes(viewer, compare, layers, qtbot):
    score_all(compare, qtbot)
    viewer.dims.order = (1, 0, 2)
    z, error = compare.errors.listed[-1]
    compare.errors.table.selectRow(3)
    y, x = np.multiply(error.position, 4)
    assert viewer.scene.camera.center == pytest.approx((0, 50 * z, x))
    assert viewer.dims.point[1] == pytest.approx(y)
    mark = viewer.canvas.overlays["emseg_error"]
    assert mark.visible
    middle = np.divide(viewer.canvas.viewbox_size(viewer.layers), 2)
    np.testing.assert_allclose(np.mean(mark.position, axis=0), middle)


# --- tables and plots ----------------------------------------------------------------------------


def test_the_table_sorts_by_value_and_a_row_goes_to_its_slice(viewer, compare, layers, qtbot):
    score_all(compare, qtbot)
    table = compare.scores.table
    assert table.model().rowCount() == SLICES
    table.sortByColumn(1, Qt.SortOrder.AscendingOrder)
    v_rand = [float(table.text_at(row, 1)) for row in range(SLICES)]
    assert v_rand == sorted(v_rand)
    assert table.text_at(0, 0) == "4"
    table.selectRow(0)
    assert current_slice(viewer, layers[2]) == 4
    viewer.dims.set_current_step(0, 6)
    qtbot.waitUntil(lambda: table.chosen == 6)
    tooltip = Qt.ItemDataRole.ToolTipRole
    columns = range(table.model().columnCount())
    assert all(table.model().headerData(c, Qt.Orientation.Horizontal, tooltip) for c in columns)


def test_the_sweep_marks_the_best_and_the_present_threshold(compare, layers, qtbot):
    score_all(compare, qtbot)
    compare.fields.threshold.value = 0.9
    qtbot.waitUntil(lambda: len(known(compare)) == SLICES, timeout=WAIT_MS)
    axes = compare.scores.plot.axes
    labels = [text.get_text() for text in axes.get_legend().get_texts()]
    best = compare.session.scores.sweep().threshold
    assert f"best {best:g}" in labels
    assert "present 0.9" in labels


def test_plots_follow_the_theme(viewer, compare, layers, qtbot):
    score_all(compare, qtbot)
    colors = []
    for theme in ("dark", "light"):
        viewer.theme = theme
        colors.append(compare.scores.plot.axes.get_facecolor())
    assert colors[0] != colors[1]


def test_scores_are_saved_with_what_reproduces_them(compare, layers, probability, tmp_path, qtbot):
    score_all(compare, qtbot)
    for ending in ("csv", "json", "png"):
        path = tmp_path / f"scores.{ending}"
        compare.session.save(path)
        qtbot.waitUntil(path.exists, timeout=WAIT_MS)
    qtbot.waitUntil(lambda: any("scores.png" in message for message in said()))
    saved = json.loads((tmp_path / "scores.json").read_text())
    assert [row["slice"] for row in saved["slices"]] == list(range(SLICES))
    assert saved["slices"][2]["v_rand"] == known(compare)[2].scores.v_rand
    assert saved["stack"]["threshold"] == 0.5
    assert len(saved["errors"]) == 4
    assert saved["about"]["settings"]["piece_radius_px"] == 3
    lines = (tmp_path / "scores.csv").read_text().splitlines()
    rows = list(csv.DictReader(line for line in lines if not line.startswith("#")))
    assert [float(row["v_rand"]) for row in rows[:-1]] == [row["v_rand"] for row in saved["slices"]]
    about = json.loads(PillowImage.open(tmp_path / "scores.png").text["Description"])
    assert about["prediction"] == saved["about"]["prediction"]
    assert len(about["truth"]["pixels_sha256"]) == 64


# --- views ---------------------------------------------------------------------------------------


@pytest.fixture
def turn(compare, qtbot):
    """Click on a button, and wait until the view is there, or left."""

    def turn(button):
        button.click()
        wait_for_view(compare, qtbot)

    return turn


def wait_for_view(compare, qtbot):
    views = compare.views
    qtbot.waitUntil(lambda: views.turns.is_idle and views.side.isEnabled(), timeout=WAIT_MS)


def arranged(viewer, compare) -> list[int]:
    """How often napari arranges all layers, or makes names anew, in each turn, until it is done."""
    turns, counts = compare.views.turns, []
    layers = viewer.layers.events.reordered, *(layer.events.visible for layer in viewer.layers)
    grid, names = viewer.canvas.grid.events, [layer.name_overlay for layer in viewer.layers]

    def count(times=1):
        counts[-1] += times

    for event in (*layers, grid.shape, *(name.events.visible for name in names)):
        event.connect(lambda: count())
    grid.enabled.connect(lambda: count(1 + sum(name.visible for name in names)))
    while not turns.is_idle:
        counts.append(0)
        turns._do_next()
    turns._next.stop()
    return [each for each in counts if each]


def test_no_turn_arranges_more_than_a_layer_or_the_grid(viewer, compare, layers):
    """napari arranges its whole scene for each eye, and for the grid, which hung the window."""
    viewer.layers.move(0, 2)
    for _ in range(2):
        for button in (compare.views.side, compare.views.blink, compare.views.blink):
            button.click()
            assert not button.isEnabled(), "a second click would come in between"
            most = arranged(viewer, compare)
            assert most
            assert max(most) <= 2, most
            assert button.isEnabled()
            assert button.isChecked() == (
                compare.views.panes.is_shown or compare.views.blinking.is_on
            )


def test_side_by_side_and_back(viewer, compare, layers, turn):
    image, truth, prediction = layers
    viewer.layers.move(0, 2)  # the image above the truth
    order, eyes = list(viewer.layers), [layer.visible for layer in viewer.layers]
    camera = viewer.scene.camera.center, viewer.scene.camera.zoom
    turn(compare.views.side)
    grid = viewer.canvas.grid
    assert grid.enabled
    panes = [indices for _, indices in grid.iter_viewboxes(viewer.layers) if indices]
    assert [[viewer.layers[k] for k in each] for each in panes] == [[image], [truth], [prediction]]
    assert all(title_shown(layer) for layer in layers)
    assert not compare.error_layer.layer.visible
    np.testing.assert_allclose(viewer.scene.camera.center, camera[0])
    assert viewer.scene.camera.zoom < camera[1]
    turn(compare.views.side)
    assert not grid.enabled
    assert list(viewer.layers) == order
    assert [layer.visible for layer in viewer.layers] == eyes
    assert not any(layer.name_overlay.visible for layer in viewer.layers)
    assert viewer.scene.camera.zoom == pytest.approx(camera[1])


def test_panes_show_the_layers_themselves(viewer, compare, layers, turn):
    """No pixel is copied, so that what is painted in a pane is painted."""
    before = list(viewer.layers)
    turn(compare.views.side)
    assert set(viewer.layers) == set(before)
    layers[1].paint((0, 5, 5), 7)
    turn(compare.views.side)
    assert layers[1].data[0, 5, 5] == 7


def test_the_cursor_is_seen_in_every_pane(viewer, compare, layers, turn):
    turn(compare.views.side)
    viewer.cursor.position = (0, 4 * 40, 4 * 30)
    cursor = compare.views.panes.cursor
    assert cursor.is_shown
    assert cursor.place[:2] == (160, 120)
    mark = viewer.canvas.overlays["emseg_cursor"]
    assert mark.gridded  # napari draws it in every pane, at the same place of each
    camera = viewer.scene.camera
    middle = np.divide(viewer.canvas.viewbox_size(viewer.layers), 2)
    from_middle = (np.array([160, 120]) - camera.center[-2:]) * camera.zoom
    np.testing.assert_allclose(np.mean(mark.position, axis=0), middle + from_middle)
    viewer.layers.selection.active = layers[1]
    layers[1].mode, layers[1].brush_size = "paint", 9
    viewer.cursor.position = (0, 4 * 41, 4 * 30)
    assert cursor.place == (164, 120, 36)
    turn(compare.views.side)
    assert not cursor.is_shown


def test_four_panes_with_a_second_prediction(viewer, compare, layers, probability, turn):
    second = viewer.add_image(probability, name="second", **PLACE)
    compare.fields.second.value = second
    turn(compare.views.side)
    panes = [each for _, each in viewer.canvas.grid.iter_viewboxes(viewer.layers) if each]
    assert [viewer.layers[k] for (k,) in panes] == [*layers, second]


@pytest.mark.parametrize("view", ["side", "blink"])
def test_long_names_fit_where_they_are_written(viewer, compare, layers, turn, view):
    layers[1].name, before = "stack [a model] probability", layers[1].name_overlay.font_size
    viewer.window.resize(1024, 768)
    layers[2].name = "a name of a hundred letters " * 4
    button = getattr(compare.views, view)
    turn(button)
    assert layers[2].name_overlay.font_size == 6  # smaller, it could not be read
    assert 6 <= layers[1].name_overlay.font_size <= before
    turn(button)
    assert {layer.name_overlay.font_size for layer in layers} == {before}


def test_a_pane_whose_layer_is_removed_closes(viewer, compare, layers, turn, qtbot):
    turn(compare.views.side)
    viewer.layers.remove(layers[0])
    assert compare.views.side.isChecked()
    viewer.layers.remove(layers[2])
    wait_for_view(compare, qtbot)
    assert not compare.views.side.isChecked()
    assert not viewer.canvas.grid.enabled


def test_blink_shows_truth_and_prediction_in_turn(viewer, compare, layers, qtbot, turn):
    image, truth, prediction = layers
    eyes = [layer.visible for layer in viewer.layers]
    compare.views.period.setValue(150)
    turn(compare.views.blink)
    seen = []
    for _ in range(4):
        shown = [layer for layer in (truth, prediction) if title_shown(layer)]
        assert len(shown) == 1
        assert image.visible
        seen.append(shown[0])
        qtbot.waitUntil(lambda now=shown[0]: not now.visible, timeout=5000)
    assert seen[0] is seen[2]
    assert {*seen} == {truth, prediction}
    turn(compare.views.side)  # one view at a time
    assert not compare.views.blink.isChecked()
    turn(compare.views.side)
    assert [layer.visible for layer in viewer.layers] == eyes


def test_a_view_of_one_layer_is_told_in_words(viewer, compare, truth, turn):
    viewer.add_labels(truth, name="alone")
    turn(compare.views.side)
    assert not compare.views.side.isChecked()
    assert any("at least two layers" in message for message in said())


# --- two predictions -----------------------------------------------------------------------------


def test_two_predictions_against_each_other(viewer, compare, layers, truth, qtbot):
    gaps = truth.copy()
    for z in range(SLICES):
        gaps[z, 1 : 3 + z, CELL:STEP] = 1
    worse = viewer.add_image(gaps.astype(np.float32), name="worse", **PLACE)
    compare.fields.second.value = worse
    qtbot.waitUntil(lambda: compare.session.pair is not None)
    compare.tabs.setCurrentIndex(3)
    compare.paired_test.start.click()
    page, test = compare.paired_test, compare.session.paired_test
    qtbot.waitUntil(
        lambda: test.tested is not None and len(test.tested.rows) == SLICES, timeout=WAIT_MS
    )
    qtbot.waitUntil(lambda: page.table.model().rowCount() == SLICES)
    paired = test.tested.paired
    expected = score_slice(gaps[0], truth[0]).v_rand - 1
    assert paired.differences[0] == pytest.approx(expected)
    assert "probability is better on" in page.verdict.value
    assert page.verdict.value.endswith(V_RAND)
    assert paired.p_value is not None or "Too few" in page.verdict.value
    page.score.value = "pixel_accuracy"
    qtbot.waitUntil(lambda: page.verdict.value.startswith("Pixel accuracy"))
    assert V_RAND not in page.verdict.value
    page.table.selectRow(5)
    assert current_slice(viewer, layers[2]) == 5


def test_a_missing_second_prediction_is_told(compare, layers):
    compare.paired_test.start.click()
    assert any("Second: choose a layer" in message for message in said())


# --- the end -------------------------------------------------------------------------------------


def test_closing_the_dock_restores_the_view(viewer, compare, layers, qtbot):
    compare.views.side.click()
    viewer.window.remove_dock_widget(compare)
    assert not viewer.canvas.grid.enabled
    viewer.dims.set_current_step(0, 3)
    layers[1].paint((3, 5, 5), 7)
    viewer.theme = "light"
    qtbot.wait(100)
    assert 3 not in known(compare)


def test_a_prediction_of_some_slices_is_scored_on_these(compare, layers, viewer, qtbot):
    _, labels, prediction = layers
    data = prediction.data.copy()
    data[3:] = 0
    partly = viewer.add_image(
        data, name="partly", metadata={KEY: {"model": "probe", "predicted": (0, 1, 2)}}, **PLACE
    )
    compare.fields.prediction.value = partly
    wait_for_layers(compare, qtbot, partly, labels)
    score_all(compare, qtbot, slices=3)
    text = compare.scores.stack.value
    assert text.startswith("Mean of 3 of 7 slices: V_rand ")
    assert text.endswith("Not predicted, and not scored: slices 3 to 6.")
    viewer.dims.set_current_step(0, 5)
    qtbot.waitUntil(
        lambda: "Slice 5 is not predicted" in compare.scores.here.value, timeout=WAIT_MS
    )
