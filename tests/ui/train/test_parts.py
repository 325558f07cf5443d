"""The parts of the dock *Train*, each alone."""

from __future__ import annotations

import csv

import numpy as np
import pytest
from magicgui.widgets import PushButton
from matplotlib.backend_bases import MouseEvent
from napari.components import ViewerModel
from napari.layers import Image, Labels, Shapes
from qtpy.QtCore import QPoint, Qt, QTimer
from qtpy.QtGui import QColor
from qtpy.QtWidgets import QDockWidget

from napari_emseg.core.config.augmentation import AugmentConfig
from napari_emseg.core.config.network import NetworkConfig
from napari_emseg.core.config.presets import OTHER_MICROSCOPES
from napari_emseg.core.config.recipe import Recipe
from napari_emseg.core.config.training import TrainConfig
from napari_emseg.core.label_meaning import MEANINGS
from napari_emseg.core.train.slice_split import SliceSplit
from napari_emseg.errors import EmsegError, SettingError
from napari_emseg.model.train.step_time_book import (
    expected_seconds,
    keep_step_time,
    known_step_time,
)
from napari_emseg.session.train.time_estimate import TimeEstimate, TrainingPlan
from napari_emseg.session.words import duration
from napari_emseg.ui.background.idle_queue import IdleQueue
from napari_emseg.ui.background.job_runner import job_runner
from napari_emseg.ui.train.augmentation_form import AugmentationPanel
from napari_emseg.ui.train.augmentation_layers import AugmentationLayers
from napari_emseg.ui.train.curve_plots import Curves
from napari_emseg.ui.train.data_form import DataForm
from napari_emseg.ui.train.model_form import ModelForm
from napari_emseg.ui.train.split_strip import COLORS, SplitLegend, SplitStrip
from napari_emseg.ui.train.time_estimate import TimeEstimateRow
from napari_emseg.ui.viewer.layers import as_stack, regions_of
from napari_emseg.ui.viewer.predictions import image_looked_at


def row(epoch: int, **values: float) -> dict[str, float]:
    columns = ("loss", "accuracy", "v_rand")
    scores = {f"{part}{name}": 0.5 for part in ("", "val_") for name in columns}
    return {"epoch": epoch, "seconds": 1.0, "learning_rate": 1e-3, **scores, **values}


HISTORY = [row(1), row(2, loss=0.25, val_v_rand=0.9), row(3, val_v_rand=0.7)]


# -- strip ---------------------------------------------------------------------------------------


@pytest.fixture
def strip(qtbot):
    strip = SplitStrip()
    qtbot.addWidget(strip)
    strip.resize(100, 40)
    strip.show_split(SliceSplit.spread(range(1, 12), 0.1), 12)
    strip.show()
    return strip


def test_a_click_goes_there_and_a_right_click_gives_the_next_role(strip, qtbot):
    changed = []
    strip.changed.connect(changed.append)
    at = strip.box_of(8).center()
    assert strip.slice_at(at) == 8
    wanted = []
    strip.wanted.connect(wanted.append)
    qtbot.mouseClick(strip, Qt.MouseButton.LeftButton, pos=at)
    assert (wanted, changed) == ([8], [])
    qtbot.mouseClick(strip, Qt.MouseButton.RightButton, pos=at)
    assert strip.split.of(8) == "validate"
    assert changed == [strip.split]
    qtbot.mouseClick(strip, Qt.MouseButton.RightButton, pos=strip.box_of(0).center())
    assert changed == [strip.split]


def test_slices_wrap_into_rows(strip):
    strip.resize(60, 40)
    assert strip.box_of(11).y() > strip.box_of(0).y()
    assert strip.height() > strip.box_of(11).bottom()
    assert strip.slice_at(QPoint(59, 3)) in (3, None)
    assert strip.slice_at(QPoint(3, 1000)) is None


def test_boxes_have_the_colours_of_their_roles(strip):
    picture = strip.grab().toImage()
    for z in range(1, 12):
        drawn = picture.pixelColor(strip.box_of(z).center()).getRgb()
        wanted = QColor(COLORS[strip.split.of(z)]).getRgb()
        np.testing.assert_allclose(drawn, wanted, atol=8)  # the screen may have few colours


def test_the_legend_counts(qtbot):
    legend = SplitLegend()
    qtbot.addWidget(legend)
    legend.show_split(SliceSplit.spread(range(10), 0.1))
    text = legend._label.text()
    assert "train&nbsp;9" in text
    assert "validate&nbsp;1" in text


# -- data ----------------------------------------------------------------------------------------


def test_shapes_become_regions_where_they_lie():
    labels = Labels(np.ones((3, 40, 60), np.uint8), scale=(50, 4, 4), translate=(0, 8, 0))
    square = np.array([(50, 8, 0), (50, 8, 80), (50, 88, 80), (50, 88, 0)], float)  # in the world
    line = np.array([(0, 0, 0), (0, 5, 5)], float)
    shapes = Shapes([square, line], shape_type=["rectangle", "line"])
    regions = regions_of(shapes, labels)
    assert not regions.covers(0)
    inside = regions.mask(1, (40, 60))
    assert inside[10, 10]
    assert not inside[30, 10]
    assert not inside[10, 30]


def test_flat_shapes_count_on_all_slices():
    labels = Labels(np.ones((3, 40, 60), np.uint8))
    corners = np.array([(0, 0), (0, 20), (20, 20), (20, 0)], float)
    regions = regions_of(Shapes([corners], shape_type="ellipse"), labels)
    assert all(regions.covers(z) for z in range(3))
    mask = regions.mask(2, (40, 60))
    assert mask[10, 10]
    assert not mask[1, 1]


def test_a_layer_is_a_stack_of_the_same_pixels():
    data = np.zeros((3, 4, 5), np.uint8)
    stack = as_stack(Image(data, scale=(0.05, 0.004, 0.004), units="um"), "image")
    assert stack.data is data
    np.testing.assert_allclose(stack.voxel_size_nm, (50, 4, 4))
    assert as_stack(Image(data[0]), "image").shape == (1, 4, 5)


def test_each_meaning_is_explained(qtbot):
    chooser = DataForm(ViewerModel())
    qtbot.addWidget(chooser)
    chooser.meant.connect(lambda meaning: chooser.show_meaning(meaning, is_guessed=False))
    for meaning, text in MEANINGS.items():
        chooser.meaning.value = meaning
        assert chooser.explanation.value.startswith(text)


def test_files_that_are_missing_are_said(qtbot, tmp_path):
    chooser = DataForm(ViewerModel())
    qtbot.addWidget(chooser)
    chooser.source.value = "folders"
    with pytest.raises(EmsegError, match="Image: choose a file"):
        chooser.reader()()
    chooser.image_path.value = tmp_path / "none"
    chooser.labels_path.value = tmp_path / "none"
    with pytest.raises(EmsegError, match="no such file or folder"):
        chooser.reader()()


# -- augmentation --------------------------------------------------------------------------------


@pytest.fixture
def panel(qtbot):
    panel = AugmentationPanel()
    qtbot.addWidget(panel)
    return panel


def test_the_panel_begins_with_the_defaults(panel):
    assert panel.settings.config() == AugmentConfig()
    assert {each.name for each in AugmentConfig.settings()} <= set(panel.settings.by_name)


def test_a_transform_can_be_switched_and_ranged(panel):
    changed = []
    panel.changed.connect(lambda: changed.append(True))
    rotation = panel.settings.transforms["rotation"]
    rotation.strengths["rotation_deg"].value = 10.0
    assert panel.settings.config().rotation_deg == 10.0
    rotation.switch.value = False
    assert panel.settings.config().rotation_probability == 0
    assert not rotation.strengths["rotation_deg"].enabled
    rotation.switch.value = True
    assert panel.settings.config().rotation_probability == AugmentConfig().rotation_probability
    assert len(changed) == 3


@pytest.mark.parametrize(
    ("name", "often"),
    [("flip", 0.5), ("spectrum", OTHER_MICROSCOPES["spectrum_probability"]), ("missing", 0.1)],
)
def test_what_is_switched_on_happens(panel, name, often):
    transform = panel.settings.transforms[name]
    transform.switch.value = False
    transform.probability.value = 0.0
    transform.switch.native.click()
    assert transform.values()[f"{name}_probability"] == often
    transform.probability.value = 0.35
    for _ in range(2):
        transform.switch.native.click()
    assert transform.probability.value == 0.35  # as a person has chosen it


def test_ranges_that_cross_are_said(panel):
    panel.settings.transforms["elastic"].strengths["elastic_alpha_min"].value = 400.0
    with pytest.raises(SettingError, match="elastic_alpha_min"):
        panel.settings.config()


def batch(count: int) -> tuple:
    rng = np.random.default_rng(count)
    image = rng.normal(size=(count, 16, 16, 3)).astype(np.float32)
    return image, rng.integers(0, 2, (count, 16, 16), np.uint8), np.ones((count, 16, 16))


@pytest.fixture
def show(qtbot):
    """Shows patches, and waits until all layers are there."""

    def show(layers, *what, **wanted) -> None:
        layers.show(*what, **wanted)
        qtbot.waitUntil(lambda: layers._turns.is_idle)

    return show


def test_layers_stand_beside_the_image_and_go_with_one_click(show, qtbot):
    viewer = ViewerModel()
    image = viewer.add_image(np.zeros((3, 32, 32)), scale=(50, 4, 4))
    layers = AugmentationLayers(viewer)
    before = viewer.scene.camera.center
    show(layers, batch(4), image, weights=True, known=True)
    assert len(viewer.layers) == 5
    for layer in viewer.layers[1:]:
        assert layer.extent.world[0][-1] > image.extent.world[1][-1]
    show(layers, batch(2), image)
    assert [layer.name for layer in viewer.layers[1:]] == ["Augmented", "Augmented mask"]
    np.testing.assert_array_equal(viewer.layers["Augmented mask"].data[:, :16], batch(2)[1][0])
    np.testing.assert_array_equal(viewer.layers["Augmented"].data[:, :16], batch(2)[0][0, ..., 1])
    layers.remove()
    qtbot.waitUntil(lambda: layers._turns.is_idle)
    assert list(viewer.layers) == [image]
    assert viewer.scene.camera.center == before


def test_a_preview_is_no_image_that_is_looked_at(show):
    """Or docks would segment and compare it."""
    viewer = ViewerModel()
    image = viewer.add_image(np.zeros((3, 32, 32)))
    show(AugmentationLayers(viewer), batch(1), image)
    viewer.layers.selection.active = None
    assert image_looked_at(viewer) is image


def test_a_preview_layer_that_was_removed_comes_back_with_the_next(show):
    viewer = ViewerModel()
    layers = AugmentationLayers(viewer)
    show(layers, batch(1), None)
    viewer.layers.remove("Augmented")
    show(layers, batch(1), None)
    assert {layer.name for layer in viewer.layers} == {"Augmented", "Augmented mask"}


def test_whoever_paints_goes_on_painting_beside_a_preview(show, qtbot):
    viewer = ViewerModel()
    viewer.add_image(np.zeros((3, 32, 32)))
    painted = viewer.add_labels(np.zeros((3, 32, 32), np.uint8))
    layers = AugmentationLayers(viewer)
    show(layers, batch(1), None)
    assert viewer.layers.selection.active is painted
    layers.remove()
    qtbot.waitUntil(lambda: layers._turns.is_idle)
    assert viewer.layers.selection.active is painted


def test_layers_come_one_by_one_and_not_after_the_preview_is_removed(qtbot):
    viewer = ViewerModel()
    layers, seen = AugmentationLayers(viewer), []
    viewer.layers.events.inserted.connect(lambda: seen.append(len(viewer.layers)))
    between = QTimer()  # gets its turns between theirs
    between.timeout.connect(lambda: viewer.layers and layers.remove())
    between.start(0)
    layers.show(batch(1), None)
    qtbot.waitUntil(lambda: bool(seen))
    qtbot.wait(50)
    between.stop()
    assert seen == [1]
    assert not viewer.layers


# -- model ---------------------------------------------------------------------------------------


@pytest.fixture
def form(qtbot):
    form = ModelForm(QDockWidget(), PushButton())
    qtbot.addWidget(form)
    return form


def test_the_form_begins_with_the_defaults(form):
    assert form.recipe(AugmentConfig()) == Recipe()
    assert form.preset.value == "balanced"


def test_presets_set_settings_and_own_settings_are_told(form):
    form.preset.value = "fast"
    assert form.recipe(AugmentConfig()).train.epochs == 30
    form.train["epochs"].value = 31
    assert form.preset.value == "own settings"
    assert form.recipe(AugmentConfig()).train.epochs == 31


def test_with_minutes_no_epochs_are_promised(form):
    form.minutes.value = 30
    assert form.help.value == "As many epochs as fit into 30 min."
    assert form.minutes.native.text() == "30.0 min"
    assert not form.preset.enabled
    assert form.recipe(AugmentConfig()).train.minutes == 30
    form.minutes.value = 0
    assert form.preset.enabled
    assert "120 epochs" in form.help.value


def test_every_field_has_a_tooltip(form, panel):
    fields = [*form.train.values(), *form.network.values(), *panel.settings.by_name.values()]
    fields += [
        *form.terms.values(),
        form.name,
        form.start,
        form.preset,
        form.device,
        panel.count,
        panel.preview,
    ]
    assert all(field.tooltip for field in fields)


# -- time ----------------------------------------------------------------------------------------


@pytest.mark.slow
def test_time_is_told_once_it_was_measured(qtbot, tmp_path, monkeypatch):
    monkeypatch.setenv("EMSEG_CACHE_DIR", str(tmp_path))
    estimate = TimeEstimate(job_runner())
    row = TimeEstimateRow(estimate)
    qtbot.addWidget(row.native)
    row.native.show()
    network, train = NetworkConfig(depth=2, base_filters=2), TrainConfig(patch_size=64)
    plan = TrainingPlan(Recipe(network, train=train), "auto", ((128, 128),) * 4)
    estimate.show_plan(plan)
    assert "not measured" in row.text.value
    row.measure.native.click()
    qtbot.waitUntil(lambda: "Measured on" in row.text.value, timeout=120_000)
    assert not row.measure.visible
    seconds = known_step_time(plan.recipe, "auto")
    assert seconds is not None
    assert 0 < seconds < 10
    assert known_step_time(plan.recipe, "gpu") is None


def test_expected_time_grows_with_epochs_and_slices(tmp_path, monkeypatch):
    monkeypatch.setenv("EMSEG_CACHE_DIR", str(tmp_path))
    recipe = Recipe(train=TrainConfig(epochs=10, batch_size=2))
    keep_step_time(recipe, "cpu", 0.5)
    assert known_step_time(Recipe(train=TrainConfig(epochs=99, batch_size=2)), "cpu") == 0.5
    # 3 slices of 4 patches in batches of 2: 6 steps
    assert expected_seconds(recipe, 0.5, [(512, 512)] * 3) == pytest.approx(30 / 0.85)
    limited = Recipe(train=TrainConfig(minutes=2.0))
    assert expected_seconds(limited, 0.5, [(512, 512)] * 3) == 120


# -- curves --------------------------------------------------------------------------------------


def _drawn(curves) -> bool:
    return bool(curves._panels) and curves._turns.is_idle


def _axes(curves) -> list:
    return [panel.axes for panel in curves._panels]


@pytest.fixture
def curves(qtbot):
    curves = Curves("dark", IdleQueue())
    qtbot.addWidget(curves)
    curves.resize(340, 600)
    curves.show()
    curves.show_history(HISTORY)
    qtbot.waitUntil(lambda: _drawn(curves))
    return curves


def test_curves_of_training_and_validation_with_the_best_epoch(curves):
    for axes, column in zip(_axes(curves), ("loss", "accuracy", "v_rand"), strict=True):
        training, validation, best = axes.get_lines()
        np.testing.assert_allclose(training.get_ydata(), [each[column] for each in HISTORY])
        name = f"val_{column}"
        np.testing.assert_allclose(validation.get_ydata(), [each[name] for each in HISTORY])
        assert set(best.get_xdata()) == {2}


def test_loss_can_be_logarithmic(curves, qtbot):
    curves.log.setChecked(True)
    qtbot.waitUntil(lambda: _drawn(curves))
    assert [axes.get_yscale() for axes in _axes(curves)] == ["log", "linear", "linear"]


def test_values_are_read_by_pointing(curves):
    axes, canvas = _axes(curves)[0], curves._panels[0].canvas
    x, y = axes.transData.transform((2.2, 0.4))
    event = MouseEvent("motion_notify_event", canvas, x, y)
    canvas.callbacks.process("motion_notify_event", event)
    assert curves.values.text() == "Loss of epoch 2: training 0.2500, validation 0.5000"


def test_curves_follow_the_theme(curves, qtbot):
    figure = curves._panels[-1].figure
    dark = figure.get_facecolor()
    curves.show_theme("light")
    qtbot.waitUntil(lambda: _drawn(curves))
    assert sum(figure.get_facecolor()[:3]) > 2 > sum(dark[:3])


def test_curves_that_are_resized_are_drawn_in_turns(curves, qtbot):
    """And not while Qt paints them, which would be all in one stall."""
    qtbot.waitUntil(lambda: _drawn(curves))
    drawn = []
    for k, panel in enumerate(curves._panels):
        panel.canvas.mpl_connect("draw_event", lambda _, k=k: drawn.append(k))
    curves.resize(400, 620)
    assert not _drawn(curves)
    for panel in curves._panels:
        panel.canvas.repaint()
    assert drawn == []
    qtbot.waitUntil(lambda: _drawn(curves))
    assert drawn == [0, 1, 2]


def test_curves_and_values_are_saved(curves, tmp_path):
    curves.export_png(tmp_path / "c.png")
    assert (tmp_path / "c.png").read_bytes().startswith(b"\x89PNG")
    curves.export_csv(tmp_path / "h.csv")
    with (tmp_path / "h.csv").open() as file:
        assert [float(each["loss"]) for each in csv.DictReader(file)] == [0.5, 0.25, 0.5]
    with pytest.raises(EmsegError, match="does not exist"):
        curves.export_csv(tmp_path / "none" / "h.csv")


def test_curves_go_with_their_history_and_come_with_the_next(curves, qtbot):
    curves.log.toggle()  # a panel after the other is drawn anew
    curves.show_history(())
    curves.show_theme("light")
    qtbot.wait(100)
    assert not any(panel.canvas.isVisible() for panel in curves._panels)
    assert not curves.save_png.isEnabled()
    curves.show_history(HISTORY[:1])
    qtbot.waitUntil(lambda: all(panel.canvas.isVisible() for panel in curves._panels))
    training, *_ = _axes(curves)[0].get_lines()
    assert len(training.get_ydata()) == 1


OF_SOURCES = [
    {**each, **{f"{column} {name}": value for column in ("val_loss", "val_v_rand")
                for name, value in (("fly", 0.8), ("mouse cortex of a far lab", 0.6))}}
    for each in HISTORY
]  # fmt: skip


def test_one_epoch_of_several_stacks_is_seen(curves, qtbot):
    curves.show_history(OF_SOURCES[:1])
    qtbot.waitUntil(lambda: len(_axes(curves)[2].get_lines()) == 5)
    assert all(line.get_marker() == "." for line in _axes(curves)[2].get_lines()[:4])


def test_of_several_stacks_the_mean_is_bold_and_each_has_a_thin_line_and_a_name(curves, qtbot):
    heights = [panel.canvas.height() for panel in curves._panels]
    curves.show_history(OF_SOURCES)
    qtbot.waitUntil(lambda: len(_axes(curves)[2].get_lines()) == 5)
    _, mean, *sources, _ = _axes(curves)[2].get_lines()
    np.testing.assert_allclose(mean.get_ydata(), [each["val_v_rand"] for each in HISTORY])
    assert all(2 * each.get_linewidth() < mean.get_linewidth() for each in sources)
    assert len({each.get_color() for each in (mean, *sources)}) == 3
    first = curves._panels[0]
    (legend,) = first.figure.legends
    names = [each.get_text() for each in legend.get_texts()]
    assert names == ["training", "validation, mean", "fly", "mouse cortex o ..."]
    box = legend.get_window_extent()
    assert box.height + first.axes.get_window_extent().height < first.canvas.height()
    assert box.width <= first.canvas.width()
    assert first.canvas.height() > heights[0]
    values = curves._panels[2].values_of(OF_SOURCES[1])
    assert values.endswith("validation 0.9000 (fly 0.8000, mouse cortex of a far lab 0.6000)")
    curves.show_history(HISTORY)
    qtbot.waitUntil(lambda: first.canvas.height() == heights[0])


# -- words ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(3.21, "3.2 s"), (42, "42 s"), (65, "1 min 05 s"), (3 * 3600 + 300, "3 h 05 min")],
)
def test_durations(seconds, words):
    assert duration(seconds) == words


def test_classes_of_the_labels_are_suggested_until_a_person_chooses(form):
    names = form.network["class_names"]
    form.suggest_classes(("membrane", "cell", "mitochondrion"))
    assert form.classes == 3
    assert form.recipe(AugmentConfig()).network.names == ("membrane", "cell", "mitochondrion")
    form.suggest_classes(())
    assert (form.classes, names.value) == (2, "")
    form.network["classes"].value = 4
    form.suggest_classes(("membrane", "cell", "mitochondrion"))
    assert form.classes == 4
    assert {"classes", "class_names"}.isdisjoint(form.lasting)


def test_names_of_other_classes_than_there_are_do_not_stay(form):
    form.suggest_classes(("membrane", "cell", "mitochondrion"))
    form.network["classes"].value = 5
    assert form.recipe(AugmentConfig()).network.names[2] == "class 3"


def test_a_model_of_membrane_and_cell_may_learn_the_classes_of_the_labels(form):
    form.suggest_classes(("membrane", "cell", "mitochondrion"))
    form.start.value = next(each for each in form.start.choices if each is not None)
    assert not form.network["depth"].enabled
    network = form.recipe(AugmentConfig()).network
    assert network.names == ("membrane", "cell", "mitochondrion")
    assert network.depth == form.start_from.info.network.depth
    form.suggest_classes(())
    assert form.classes == 2
