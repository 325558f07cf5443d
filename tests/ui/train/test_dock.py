"""The dock *Train* in a real window: a small net, the real worker."""

from __future__ import annotations

import os
import signal
import sys
import threading

import numpy as np
import pytest
from matplotlib.backends.backend_qtagg import FigureCanvasQTAgg
from napari.utils.notifications import notification_manager
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QAbstractSpinBox, QComboBox, QLabel

from napari_emseg.core.config.terms import TermsConfig
from napari_emseg.engine.train.interrupted_run import interrupted_runs
from napari_emseg.io.folders import runs_folder
from napari_emseg.io.read import read_stack
from napari_emseg.io.write import write_stack
from napari_emseg.model.packages.library import SHIPPED, list_models
from napari_emseg.session.words import V_RAND
from napari_emseg.types import Cancelled, EpochDone, Failed, Finished, Stack
from napari_emseg.ui.background.job_runner import job_runner
from napari_emseg.ui.train import data_form
from napari_emseg.ui.train import dock as train_module
from napari_emseg.ui.viewer.predictions import image_looked_at

JOB_TIMEOUT_MS = 240_000
PLACE = {"scale": (50, 4, 4), "units": "nm"}
SCORES = ("loss", "accuracy", "v_rand")
ROW = {"epoch": 1.0, "seconds": 2.0, "learning_rate": 1e-3}
ROW |= dict.fromkeys((*SCORES, *(f"val_{name}" for name in SCORES)), 0.5)


@pytest.fixture(autouse=True)
def _notifications_raise_nothing(viewer, monkeypatch):
    monkeypatch.setattr(notification_manager, "notification_ready", lambda _: None)


@pytest.fixture
def trainer(viewer):
    """The dock *Train*, set to a training of seconds."""
    return open_dock(viewer)


def open_dock(viewer, **changes):
    _, widget = viewer.window.add_plugin_dock_widget("napari-emseg", "Train")
    small = {"epochs": 2, "patch_size": 64, "batch_size": 1, "validate_every": 1, **changes}
    for name, value in small.items():
        widget.model.train[name].value = value
    widget.model.network["depth"].value = 2
    widget.model.network["base_filters"].value = 2
    return widget


@pytest.fixture
def layers(viewer, trainer, qtbot, wandering_cells):
    """An image layer and its labels, of which four slices are painted, as the dock has them."""
    image, mask = wandering_cells()
    mask[[2, 4]] = 0
    image = viewer.add_image(image, name="em", **PLACE)
    labels = viewer.add_labels(mask, name="painted", **PLACE)
    qtbot.waitUntil(lambda: bool(trainer.setup.split.labelled))
    return image, labels


@pytest.fixture
def wait(trainer, ends_of):
    return ends_of(trainer).wait


@pytest.fixture
def endless(trainer, layers, qtbot):
    """A training that has done an epoch and would go on for hours."""
    trainer.model.train["epochs"].value = 100_000
    trainer.run.start.native.click()
    qtbot.waitUntil(lambda: bool(trainer.session.history), timeout=JOB_TIMEOUT_MS)
    return trainer


def test_it_is_said_what_labels_are_taken_for_and_that_they_lie_elsewhere(
    viewer, trainer, layers, qtbot
):
    said = trainer.data.taken_for
    qtbot.waitUntil(lambda: said.value.startswith("Labels are read as mask: "))
    assert "does not lie on" not in said.value
    layers[1].scale = (1, 1, 1)
    qtbot.waitUntil(lambda: "'painted' does not lie on 'em'" in said.value)
    layers[1].scale = layers[0].scale
    qtbot.waitUntil(lambda: said.value and "does not lie on" not in said.value)


def test_layers_that_were_there_before_the_dock_are_followed(viewer, qtbot, wandering_cells):
    image, mask = wandering_cells()
    viewer.add_image(image, name="em", **PLACE)
    painted = viewer.add_labels(np.zeros_like(mask), name="painted", **PLACE)
    trainer = open_dock(viewer)
    qtbot.waitUntil(lambda: "0 labelled" in trainer.data.about.value)
    painted.data = mask
    qtbot.waitUntil(lambda: "6 labelled" in trainer.data.about.value)
    painted.data_setitem((np.array([3]), np.array([4]), np.array([5])), 2)
    qtbot.waitUntil(lambda: trainer.data.meaning.value == "scribbles")


def test_the_page_of_the_model_is_there_before_there_are_labels(viewer, qtbot, image):
    viewer.add_image(image)
    _, widget = viewer.window.add_plugin_dock_widget("napari-emseg", "Train")
    qtbot.waitUntil(lambda: bool(widget.tabs.widget(2).findChildren(QComboBox)))


def test_every_page_fits_into_the_dock_of_a_small_screen(viewer, trainer):
    viewer.window.resize(1280, 800)
    for k in range(trainer.tabs.count()):
        page = trainer.tabs.widget(k)
        assert page.widget().minimumSizeHint().width() <= 290, trainer.tabs.tabText(k)


def test_no_advanced_setting_is_cut_off(viewer, trainer, qtbot):
    viewer.window.resize(1280, 800)
    trainer.tabs.setCurrentIndex(2)
    trainer.model.advanced.expand()
    qtbot.wait(500)  # until it is laid out
    numbers = trainer.model.findChildren(QAbstractSpinBox)
    choices = trainer.model.findChildren(QComboBox)
    assert len(numbers) > 15
    assert all(each.isVisible() for each in numbers)
    room = [(each.lineEdit(), each.text()) for each in numbers]
    room += [(each, each.currentText()) for each in choices]
    assert not [
        text for field, text in room
        if field.width() < field.fontMetrics().horizontalAdvance(text)
    ]  # fmt: skip


@pytest.mark.slow
def test_from_labels_to_a_model_in_the_library(viewer, trainer, layers, wait):
    assert "4 labelled" in trainer.data.about.value
    assert "50 x 4 x 4 nm" in trainer.data.about.value
    assert trainer.setup.split.validation
    _, segment = viewer.window.add_plugin_dock_widget("napari-emseg", "Segment")
    trainer.model.name.value = "mine"
    trainer.model.terms["license"].value = "CC-BY-4.0"
    trainer.model.terms["data_terms"].value = "for teaching"
    trainer.run.start.native.click()
    assert not trainer.run.start.enabled

    event = wait()

    assert isinstance(event, Finished), getattr(event, "details", event)
    assert "mine" in [package.info.name for package in list_models()]
    assert segment.fields.model.value.info.name == "mine"
    assert segment.fields.model.value.info.voxel_size_nm == (50.0, 4.0, 4.0)
    terms = segment.fields.model.value.info.terms
    assert terms == TermsConfig(license="CC-BY-4.0", data_terms="for teaching")
    assert len(trainer.session.history) == 2
    assert "V_rand" in trainer.run.message.value
    assert str(event.result.package) in trainer.run.message.value
    assert [V_RAND in each.text() for each in trainer.findChildren(QLabel)].count(True) == 1
    preview = viewer.layers["Training preview"]
    assert preview.data.shape == (1, 96, 96)
    assert viewer.layers.selection.active is not preview  # whoever paints goes on painting
    assert image_looked_at(viewer) is viewer.layers["em"]
    z = trainer.setup.split.validation[0]
    np.testing.assert_allclose(preview.translate, (50 * z, 0, 0))
    (run,) = runs_folder().iterdir()
    assert not (run / "data").exists()
    assert interrupted_runs() == []
    assert not {"tensorflow", "keras"} & set(sys.modules)


@pytest.mark.slow
def test_stop_keeps_the_best_so_far(endless, wait):
    endless.run.stop.native.click()
    event = wait()
    assert isinstance(event, Finished), event
    assert event.result.stopped
    assert "Stopped after" in endless.run.message.value
    assert "em" in [package.info.name for package in list_models()]
    assert endless.run.start.enabled


@pytest.mark.slow
def test_painting_and_removing_layers_do_no_harm_to_a_training(
    viewer, endless, layers, wait, qtbot
):
    _, labels = layers
    qtbot.waitUntil(lambda: "Training preview" in viewer.layers, timeout=JOB_TIMEOUT_MS)
    epochs = len(endless.session.history)
    labels.paint((0, 10, 10), 7)
    for layer in (*layers, viewer.layers["Training preview"]):
        viewer.layers.remove(layer)
    endless.run.stop.native.click()
    assert isinstance(wait(), Finished)
    assert len(endless.session.history) >= epochs
    assert "Training preview" not in viewer.layers


@pytest.mark.slow
def test_a_killed_worker_is_said_and_the_training_goes_on(endless, wait, qtbot):
    assert not endless.offer.visible
    os.kill(job_runner().training_pid, signal.SIGKILL)
    event = wait()
    assert isinstance(event, Failed)
    assert event.crashed
    assert "SIGKILL" in endless.run.message.value
    assert endless.offer.visible
    assert "'em'" in endless.offer.text.value

    before = len(endless.setup.offer.run.history)
    endless.offer.accept.native.click()
    qtbot.waitUntil(lambda: len(endless.session.history) > before, timeout=JOB_TIMEOUT_MS)
    assert not endless.offer.visible
    endless.run.stop.native.click()
    assert isinstance(wait(), Finished)
    epochs = [row["epoch"] for row in endless.session.history]
    assert epochs == list(range(1, len(epochs) + 1))
    assert "em" in [package.info.name for package in list_models()]


@pytest.mark.slow
def test_stop_pressed_twice_ends_it_at_once_and_it_can_go_on(endless, wait):
    endless.session.stop()
    endless.session.stop()
    assert isinstance(wait(), Cancelled | Finished)
    assert endless.run.start.enabled


@pytest.mark.slow
def test_a_dock_opened_later_offers_what_was_interrupted(viewer, endless, wait):
    os.kill(job_runner().training_pid, signal.SIGKILL)
    wait()
    (run,) = interrupted_runs()
    other = train_module.TrainWidget(viewer)
    assert other.setup.offer.run == run
    other.offer.discard.native.click()
    other.offer.delete.native.click()
    assert not run.folder.exists()
    assert other.setup.offer.run is None
    other.close()
    other.deleteLater()


@pytest.mark.slow
@pytest.mark.parametrize("answer", [False, True])
def test_closing_the_dock_while_it_trains_asks(viewer, endless, monkeypatch, answer, qtbot):
    asked = []
    monkeypatch.setattr(train_module, "ask", lambda _, *text: bool(asked.append(text)) or answer)
    dock = endless.parentWidget()
    dock.title.close_button.click()
    assert len(asked) == 1
    assert ("Train" in " ".join(viewer.window.dock_widgets)) != answer
    if not answer:
        assert endless.session.is_busy
        monkeypatch.setattr(train_module, "ask", lambda *_: True)
        dock.title.close_button.click()
    qtbot.waitUntil(lambda: bool(list_models()[len(SHIPPED) :]), timeout=JOB_TIMEOUT_MS)
    qtbot.waitUntil(lambda: not interrupted_runs() and not endless.session.is_running)


@pytest.mark.slow
def test_closing_napari_while_it_trains_asks(viewer, endless, monkeypatch, wait):
    asked = []
    monkeypatch.setattr(train_module, "ask", lambda _, *text: bool(asked.append(text)))
    window = endless.window()
    window.close()
    assert len(asked) == 1
    assert window.isVisible()
    endless.run.stop.native.click()
    wait()
    assert len(asked) == 1


# -- what will not do ----------------------------------------------------------------------------


def test_labels_of_one_class_are_said(viewer, trainer, layers, wait):
    _, labels = layers
    labels.data = np.ones_like(labels.data)
    trainer.data.meaning.value = "mask"
    trainer.run.start.native.click()
    event = wait()
    assert isinstance(event, Failed)
    assert event.details is None
    assert "no membrane is painted" in trainer.run.message.value
    assert list(runs_folder().iterdir()) == []
    assert trainer.run.start.enabled


def test_what_cannot_begin_does_not_show_the_curves_of_the_training_before(
    trainer, layers, wait, qtbot
):
    def has_curves():
        canvases = trainer.curves.findChildren(FigureCanvasQTAgg)
        return any(canvas.isVisible() for canvas in canvases)

    _, labels = layers
    for spoil in (
        lambda: setattr(trainer.model.name, "value", "a/b"),  # seen before anything is begun
        lambda: setattr(labels, "data", np.ones_like(labels.data)),  # seen by what reads the data
    ):
        trainer.model.name.value = "mine"
        trainer.tabs.setCurrentIndex(trainer.tabs.count() - 1)
        trainer.session.hear(EpochDone(1, ROW))
        qtbot.waitUntil(has_curves)
        spoil()
        trainer.run.start.native.click()
        if trainer.session.is_busy:
            assert isinstance(wait(), Failed)
        assert not has_curves()
        assert not trainer.curves.save_csv.isEnabled()


def test_layers_of_different_shapes_are_said(viewer, trainer, layers, qtbot):
    viewer.add_labels(np.ones((6, 50, 50), np.uint8), name="other")
    trainer.data.labels.value = viewer.layers["other"]
    qtbot.waitUntil(lambda: "expected the image's shape" in trainer.data.about.value)
    trainer.run.start.native.click()
    assert "expected the image's shape" in trainer.run.message.value
    assert not trainer.session.is_busy


def test_without_layers_it_says_what_to_do(trainer):
    trainer.run.start.native.click()
    assert "choose an image layer" in trainer.run.message.value


def test_a_name_that_is_impossible_is_said(trainer, layers):
    for name, words in (("default", "not possible"), ("a/b", "not possible")):
        trainer.model.name.value = name
        trainer.run.start.native.click()
        assert words in trainer.run.message.value


def test_a_folder_that_cannot_be_written_is_said(trainer, layers, wait, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("EMSEG_RUNS_DIR", str(tmp_path / "file"))
    trainer.run.start.native.click()
    assert isinstance(wait(), Failed)
    assert "choose another path" in trainer.run.message.value


# -- several stacks ------------------------------------------------------------------------------


def click(qtbot, widget):
    widget = getattr(widget, "native", widget)
    qtbot.mouseClick(widget, Qt.MouseButton.LeftButton)


@pytest.fixture
def pairs(viewer, trainer, layers, tmp_path, qtbot, wandering_cells):
    """The first pair is two layers; the second, of other pixels, is in files, and listed, too."""
    image, mask = wandering_cells(3, 80)
    write_stack(tmp_path / "fine.tif", Stack(image, (30, 2.5, 2.5)))
    write_stack(tmp_path / "ids.tif", Stack(mask * 255, kind="labels"))
    click(qtbot, trainer.more.toggleButton())
    click(qtbot, trainer.more.list.add)
    trainer.data.source.value = "files"
    trainer.data.image_path.value = tmp_path / "fine.tif"
    trainer.data.labels_path.value = tmp_path / "ids.tif"
    qtbot.waitUntil(lambda: "3 slices of 80 x 80" in trainer.data.about.value)
    click(qtbot, trainer.more.list.add)
    return trainer


def cells_of(table):
    rows, columns = table.model().rowCount(), table.model().columnCount()
    return [[table.text_at(row, column) for column in range(columns)] for row in range(rows)]


def test_layers_and_files_are_put_on_a_list_weighed_and_taken_off(pairs, qtbot):
    part = pairs.more.list
    assert cells_of(part.table) == [["em", "painted", "3 + 1", "1"], ["fine", "ids", "2 + 1", "1"]]
    assert pairs.more.text() == "More stacks (2)"
    assert "Learns from 2 stacks: fine (chosen above), em." in part.message.value
    assert "em: Pixels are 4 nm, the network learns at 2.5 nm" in part.message.value
    qtbot.mouseClick(
        part.table.viewport(), Qt.MouseButton.LeftButton,
        pos=part.table.visualRect(part.table.model().index(0, 0)).center(),
    )  # fmt: skip
    part.weight.value = 2.5
    assert cells_of(part.table)[0] == ["em", "painted", "3 + 1", "2.5"]
    click(qtbot, part.remove)
    assert cells_of(part.table) == [["fine", "ids", "2 + 1", "1"]]
    assert part.weight.value == 1
    click(qtbot, part.add)
    assert len(part.table.rows.keys) == 1
    click(qtbot, part.remove)
    assert not part.table.isVisible()
    assert not part.remove.enabled
    assert pairs.more.text() == "More stacks"


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_the_list_fits_into_a_small_screen_and_train_stays_in_sight(viewer, pairs, theme, qtbot):
    viewer.theme = theme
    window = viewer.window._qt_window
    window.resize(1024, 768)
    qtbot.wait(300)
    assert (window.width(), window.height()) == (1024, 768)
    page = pairs.tabs.widget(0)
    assert page.widget().minimumSizeHint().width() <= 290
    button = pairs.run.start.native
    assert button.isVisible()
    assert window.rect().contains(button.mapTo(window, button.rect().bottomRight()))


@pytest.mark.slow
def test_a_training_on_layers_and_files_of_other_pixels(pairs, wait):
    pairs.model.minutes.value = 0.3
    pairs.run.start.native.click()
    event = wait()
    assert isinstance(event, Finished), getattr(event, "details", event)
    row = pairs.session.history[-1]
    assert {"val_v_rand em", "val_v_rand fine", "val_loss em", "val_loss fine"} <= set(row)
    assert row["seconds"] < 60
    assert "Worst stack: " in pairs.run.message.value
    package = next(each for each in list_models() if each.info.name == "fine")
    assert package.info.voxel_size_nm == pytest.approx((30, 2.5, 2.5))
    sources = package.info.training["sources"]
    assert [(each["name"], each["weight"]) for each in sources] == [("fine", 1), ("em", 1)]


# -- other sources -------------------------------------------------------------------------------


@pytest.mark.slow
def test_from_files_with_slices_chosen_by_hand(trainer, wait, tmp_path, qtbot, wandering_cells):
    image, mask = wandering_cells(4)
    write_stack(tmp_path / "image.tif", Stack(image, (50, 4, 4)))
    write_stack(tmp_path / "labels.tif", Stack(mask * 255, kind="labels"))
    trainer.data.source.value = "files"
    trainer.data.image_path.value = tmp_path / "image.tif"
    trainer.data.labels_path.value = tmp_path / "labels.tif"
    qtbot.waitUntil(lambda: bool(trainer.setup.split.labelled))
    assert trainer.model.name.value == "image"
    trainer.strip.changed.emit(trainer.setup.split.turned(0).turned(0))
    trainer.run.start.native.click()
    event = wait()
    assert isinstance(event, Finished), event
    package = next(each for each in list_models() if each.info.name == "image")
    assert package.info.training["train_slices"] == [1, 3]
    assert package.info.training["validation_slices"] == [2]


@pytest.fixture
def slow_files(trainer, tmp_path, monkeypatch, wandering_cells):
    """Files are chosen that are read only once the event is set; gives it, and the readers."""
    image, mask = wandering_cells(4)
    write_stack(tmp_path / "image.tif", Stack(image, (50, 4, 4)))
    write_stack(tmp_path / "labels.tif", Stack(mask * 255, kind="labels"))
    go_on, threads = threading.Event(), []

    def read(*args, **kwargs):
        threads.append(threading.current_thread())
        go_on.wait(30)
        return read_stack(*args, **kwargs)

    monkeypatch.setattr(data_form, "read_stack", read)
    monkeypatch.setattr(train_module, "ask", lambda *_: True)
    trainer.data.source.value = "files"
    trainer.data.image_path.value = tmp_path / "image.tif"
    trainer.data.labels_path.value = tmp_path / "labels.tif"
    yield go_on, threads
    go_on.set()


def test_train_and_preview_pressed_early_wait_beside_the_window(viewer, trainer, slow_files, qtbot):
    go_on, threads = slow_files
    qtbot.waitUntil(lambda: trainer._turns.is_idle)  # all pages are made
    trainer.model.name.value = "early"
    trainer.augmentation.preview.native.click()
    trainer.run.start.native.click()
    qtbot.waitUntil(lambda: trainer.run.message.value.startswith("Reading"))
    assert trainer.augmentation.status.value.startswith("Reading")
    assert trainer.run.stop.enabled
    assert not trainer.run.start.enabled
    go_on.set()
    qtbot.waitUntil(lambda: trainer.session.is_running)
    trainer.run.stop.native.click()
    qtbot.waitUntil(lambda: "Augmented" in viewer.layers, timeout=20_000)
    qtbot.waitUntil(lambda: not trainer.session.is_busy, timeout=JOB_TIMEOUT_MS)
    assert threading.current_thread() not in threads


@pytest.mark.slow
def test_going_on_from_a_model_of_the_library(trainer, layers, wait):
    trainer.model.name.value = "first"
    trainer.run.start.native.click()
    wait()
    trainer.model.start.value = next(
        package for _, package in beginnings(trainer) if package and package.info.name == "first"
    )
    assert not trainer.model.network["depth"].enabled
    trainer.model.name.value = "second"
    trainer.run.start.native.click()
    assert isinstance(wait(), Finished)
    names = [package.info.name for package in list_models()]
    assert {"first", "second"} <= set(names)


def beginnings(trainer):
    return [(None, choice) for choice in trainer.model.start.choices]


# -- the window ----------------------------------------------------------------------------------


def test_choices_follow_layers_that_come_go_and_are_renamed(viewer, trainer, layers, qtbot):
    image, labels = layers
    assert trainer.data.image.choices == (image,)
    image.name = "renamed"
    combo = trainer.data.image.native
    assert "renamed" in [combo.itemText(k) for k in range(combo.count())]
    viewer.layers.remove(labels)
    assert trainer.data.labels.choices == ()
    qtbot.waitUntil(lambda: "choose a labels layer" in trainer.data.about.value)
    assert trainer.strip.total == 0


def test_painting_another_slice_shows_it_in_the_strip(trainer, layers, qtbot):
    _, labels = layers
    assert trainer.setup.split.of(2) == "not labelled"
    labels.paint((2, 40, 40), 1)
    qtbot.waitUntil(lambda: trainer.setup.split.of(2) != "not labelled")
    assert "5 labelled" in trainer.data.about.value


def test_the_strip_goes_to_slices_and_frames_the_one_that_is_seen(viewer, trainer, layers, qtbot):
    strip = trainer.strip
    for z in (4, 1):
        qtbot.mouseClick(strip, Qt.MouseButton.LeftButton, pos=strip.box_of(z).center())
        assert viewer.dims.current_step[0] == z
        assert strip._here == z
    assert trainer.setup.split.of(1) in ("train", "validate")


@pytest.mark.slow
def test_segment_predicts_while_a_training_runs(viewer, endless, layers, ends_of):
    _, segment = viewer.window.add_plugin_dock_widget("napari-emseg", "Segment")
    wait = ends_of(segment).wait
    segment.fields.image.value = layers[0]
    segment.buttons.current.native.click()
    assert isinstance(wait(), Finished)
    assert endless.session.is_running
    endless.session.stop()


def test_minutes_stand_beside_the_button(trainer):
    minutes = trainer.model.minutes.native
    assert minutes.isVisible()
    assert minutes.text() == "all epochs"
    minutes.setValue(30)
    assert minutes.text() == "30.0 min"


def test_shapes_say_what_is_reviewed(viewer, trainer, layers, qtbot):
    corners = np.array([(1, 10, 10), (1, 10, 60), (1, 60, 60), (1, 60, 10)])
    shapes = viewer.add_shapes([corners], shape_type="rectangle", name="seen", **PLACE)
    trainer.data.reviewed.value = shapes
    qtbot.waitUntil(lambda: trainer.setup.split.labelled == (1,))
    assert "1 labelled" in trainer.data.about.value
    shapes.add_polygons([corners + np.array([2, 0, 0])])
    qtbot.waitUntil(lambda: trainer.setup.split.labelled == (1, 3))
    trainer.data.reviewed.value = None
    qtbot.waitUntil(lambda: trainer.setup.split.labelled == (0, 1, 3, 5))


def test_patches_follow_the_settings_and_go_with_one_click(viewer, trainer, layers, qtbot):
    names = [layer.name for layer in viewer.layers]
    trainer.augmentation.count.value = 4
    trainer.augmentation.preview.native.click()
    qtbot.waitUntil(lambda: "Augmented" in viewer.layers, timeout=20_000)
    before = viewer.layers["Augmented"].data
    qtbot.waitUntil(lambda: "Steps 1 to 4" in trainer.augmentation.status.value)
    trainer.augmentation.settings.transforms["noise"].probability.value = 1.0
    qtbot.waitUntil(lambda: viewer.layers["Augmented"].data is not before)
    trainer.augmentation.again.native.click()
    qtbot.waitUntil(lambda: "Steps 5 to 8" in trainer.augmentation.status.value)
    trainer.augmentation.weights.value = True
    qtbot.waitUntil(lambda: "Augmented weights" in viewer.layers)
    trainer.augmentation.remove.native.click()
    qtbot.waitUntil(lambda: [layer.name for layer in viewer.layers] == names)


@pytest.mark.slow
def test_a_single_slice_image_can_be_trained_on(viewer, trainer, wait, qtbot, wandering_cells):
    image, mask = wandering_cells(1, 160)
    viewer.add_image(image[0], name="flat")
    viewer.add_labels(mask[0], name="painted")
    qtbot.waitUntil(lambda: bool(trainer.setup.split.labelled))
    assert trainer.setup.split.of(0) == "both"
    trainer.run.start.native.click()
    assert isinstance(wait(), Finished)
    assert viewer.layers["Training preview"].data.shape == (160, 160)


def test_dock_stands_in_both_menus(viewer):
    from napari._app_model import get_app_model

    menus = get_app_model().menus
    in_layers = [item.command.id for item in menus.get_menu("napari/layers/segment")]
    assert "napari-emseg.train" in in_layers


def test_settings_are_as_they_were_left_and_names_are_not(viewer):
    docked, before = viewer.window.add_plugin_dock_widget("napari-emseg", "Train")
    before.model.train["learning_rate"].value = 0.002
    before.augmentation.settings.by_name["zoom"].value = 0.35
    before.model.terms["author"].value = "A. Painter"
    before.model.terms["data_terms"].value = "for teaching"
    before.model.name.value = "mine"
    viewer.window.remove_dock_widget(docked)
    _, again = viewer.window.add_plugin_dock_widget("napari-emseg", "Train")
    assert again is not before
    assert again.model.train["learning_rate"].value == pytest.approx(0.002)
    assert again.augmentation.settings.by_name["zoom"].value == pytest.approx(0.35)
    assert again.model.terms_config() == TermsConfig("A. Painter")  # other data, other terms
    assert again.model.name.value != "mine"
