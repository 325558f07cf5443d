"""A stack is sent to a cluster from the dock; its result becomes a layer."""

from __future__ import annotations

import numpy as np
import pytest
from napari.layers import Labels
from qtpy.QtWidgets import QFileDialog, QPushButton

import napari_emseg as em

TIMEOUT_MS = 120_000


@pytest.fixture
def source(tmp_path):
    image, _ = em.phantom()
    path = tmp_path / "raw.zarr"
    em.write_stack(path, image.with_data(image.data[:2]))
    return path


@pytest.fixture
def cluster(viewer, dock, source):
    """The dialog, of a dock in which a file is chosen."""
    viewer.open(source, plugin="napari-emseg")
    dock.buttons.cluster.native.click()
    assert dock.cluster.isVisible()
    return dock.cluster


def test_stack_of_the_dock_is_sent_and_comes_back_as_a_layer(viewer, dock, cluster, source, qtbot):
    pytest.importorskip("distributed")
    assert cluster.stack.value == str(source)
    assert cluster.out.value == str(source.with_name("raw-mask.zarr"))
    assert cluster.what.value == "mask"
    cluster.workers.value = 1
    cluster.send.native.click()
    assert cluster.is_busy
    qtbot.waitUntil(cluster.dashboard.isEnabled, timeout=TIMEOUT_MS)
    assert not cluster.send.enabled
    qtbot.waitUntil(lambda: not cluster.is_busy, timeout=TIMEOUT_MS)
    qtbot.waitUntil(lambda: len(viewer.layers) == 2, timeout=TIMEOUT_MS)
    made = viewer.layers[-1]
    assert isinstance(made, Labels)
    np.testing.assert_array_equal(made.scale, (50, 4, 4))
    assert 0.5 < np.asarray(made.data, bool).mean() < 0.95
    assert "Done in" in cluster.status.message.value
    assert not cluster.dashboard.isEnabled()


def test_a_stack_is_chosen_that_is_a_file_or_a_folder(cluster, source, tmp_path, monkeypatch):
    file = str(tmp_path / "raw.tif")
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (file, ""))
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(source))
    asks = {each.text(): each for each in cluster.findChildren(QPushButton)}
    for name, chosen in (("File ...", file), ("Folder ...", str(source))):
        asks[name].click()
        assert cluster.stack.value == chosen
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: ("", ""))
    asks["File ..."].click()
    assert cluster.stack.value == str(source)


def test_address_is_set_once(viewer, dock, cluster, qtbot):
    cluster.scheduler.value = "tcp://head:8786"
    from napari_emseg.ui.segment.cluster_dialog import ClusterDialog
    from napari_emseg.ui.widgets.remembered_fields import flush

    flush()
    other = ClusterDialog(dock, viewer, cluster.session, cluster._planned)
    assert other.scheduler.value == "tcp://head:8786"


def test_what_a_person_typed_stays(dock, cluster):
    cluster.stack.value = "s3://lab/raw.zarr"
    dock.buttons.cluster.native.click()
    assert cluster.stack.value == "s3://lab/raw.zarr"


def test_an_image_of_no_file_must_be_saved_first(viewer, dock, image, qtbot):
    viewer.add_image(image)
    dock.buttons.cluster.native.click()
    failed = []
    dock.cluster.session.failed.connect(lambda event: failed.append(event.message))
    dock.cluster.workers.value = 1
    dock.cluster.out.value = "out.zarr"
    dock.cluster.send.native.click()
    assert "save the image there first" in failed[0]
    assert not dock.cluster.is_busy
