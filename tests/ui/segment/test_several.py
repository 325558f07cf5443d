"""*Selected layers*: several stacks one after the other, with the real worker."""

from __future__ import annotations

import re

import numpy as np
import pytest
from napari.utils.notifications import notification_manager

from napari_emseg.types import Finished

JOB_TIMEOUT_MS = 90_000
PLACE = re.compile(r"Stack \d+ of \d+, [^:]+: ")


@pytest.fixture
def stacks(viewer):
    """Two stacks of two slices, and one of so many that it is not done before a test has acted."""
    numbers = np.random.default_rng(0)
    shapes = {"one": (2, 64, 80), "two": (2, 64, 64), "long": (600, 256, 256)}
    return {
        name: viewer.add_image(numbers.integers(0, 255, shape, np.uint8), name=name)
        for name, shape in shapes.items()
    }


@pytest.fixture
def said(monkeypatch):
    """Notifications, which are not shown."""
    monkeypatch.setattr(notification_manager, "notification_ready", lambda _: None)
    before = len(notification_manager.records)
    return lambda: [record.message for record in notification_manager.records[before:]]


@pytest.fixture
def ended(dock, ends_of):
    return ends_of(dock)


def names(viewer):
    return {layer.name for layer in viewer.layers}


def test_every_selected_image_gets_its_results(viewer, dock, stacks, ended, qtbot):
    messages = []
    dock.session.events.message.connect(messages.append)
    viewer.layers.selection = {stacks["one"], stacks["two"]}
    dock.buttons.selected.native.click()
    assert not dock.buttons.selected.enabled
    ended.wait()

    assert [type(event) for event in ended] == [Finished]
    for name in ("one", "two"):
        probability = viewer.layers[f"{name} [default] probability"].data
        assert probability.shape == stacks[name].data.shape
        assert probability.any(axis=(1, 2)).all()
        assert viewer.layers[f"{name} [default] mask"].data.any()
    assert "long [default] mask" not in names(viewer)
    places = [found[0] for found in map(PLACE.match, messages) if found]
    assert list(dict.fromkeys(places)) == ["Stack 1 of 2, one: ", "Stack 2 of 2, two: "]
    assert dock.status.message.value.startswith("2 of 2 stacks segmented, 4 slices in ")
    assert dock.buttons.selected.enabled

    masks = [viewer.layers[f"{name} [default] mask"] for name in ("one", "two")]
    dock.fields.threshold.value = 0
    qtbot.waitUntil(lambda: all(mask.data.all() for mask in masks), timeout=10_000)


def test_what_cannot_be_segmented_is_reported_and_the_next_goes_on(
    viewer, dock, stacks, ended, said, qtbot
):
    data = stacks["one"].data
    coarse, fine = (
        viewer.add_image(data, name=f"{edge} nm", scale=(50, edge, edge), units="nm")
        for edge in (400, 0.04)
    )
    viewer.layers.move(viewer.layers.index(coarse), 0)
    viewer.layers.selection = {coarse, stacks["one"], fine}
    dock.buttons.selected.native.click()
    ended.wait()

    assert viewer.layers["one [default] mask"].data.any()
    lines = dock.status.message.value.split("\n")
    assert lines[0].startswith("1 of 3 stacks segmented")
    assert "400 nm" in lines[1]
    assert "0.04" in lines[2]
    told = [each for each in said() if each.startswith("pixel size: expected")]
    assert ["400 nm" in each for each in told] == [True, False]
    assert dock.buttons.selected.enabled


def test_stop_stops_all_the_rest_and_keeps_finished_slices(viewer, dock, stacks, ended, qtbot):
    viewer.layers.move(viewer.layers.index(stacks["two"]), 3)  # to the top, after the long one
    viewer.layers.selection = set(stacks.values())
    dock.buttons.selected.native.click()
    qtbot.waitUntil(lambda: "long [default] mask" in viewer.layers, timeout=JOB_TIMEOUT_MS)
    dock.status.stop.native.click()
    ended.wait()

    assert viewer.layers["one [default] probability"].data.any(axis=(1, 2)).all()
    done = viewer.layers["long [default] probability"].data.any(axis=(1, 2)).sum()
    assert 0 < done < 600
    assert "two [default] mask" not in names(viewer)
    lines = dock.status.message.value.split("\n")
    assert lines[0].startswith("1 of 3 stacks segmented")
    assert lines[1].startswith("long: Stopped after")
    assert lines[2] == "Not begun: two."


@pytest.mark.parametrize("select", ["nothing", "a result"])
def test_without_a_selected_image_it_says_what_to_do(viewer, dock, stacks, said, select):
    result = viewer.add_image(np.zeros((4, 4)), metadata={"napari_emseg": {"source": "one"}})
    viewer.layers.selection = {result} if select == "a result" else set()
    dock.buttons.selected.native.click()
    assert "click on images in the layer list" in dock.status.message.value
    assert said() == [dock.status.message.value]
    assert dock.buttons.selected.enabled
    viewer.layers.selection = {viewer.layers["one"]}
    assert "click on images in the layer list" not in dock.status.message.value
