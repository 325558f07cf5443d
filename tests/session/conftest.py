"""What sessions need of a window, in plain numpy; and a worker that does as a test says."""

from __future__ import annotations

from collections import deque
from itertools import count
from pathlib import Path

import numpy as np
import pytest

from napari_emseg.engine.jobs import PredictJob, PredictResult
from napari_emseg.errors import CancelledError, EmsegError, ShapeError
from napari_emseg.io.scratch import Scratch, attach
from napari_emseg.model.packages.package import ModelPackage, PackageInfo
from napari_emseg.session.direct_executor import DirectExecutor
from napari_emseg.session.workspace import Workspace
from napari_emseg.types import Cancelled, Failed, Finished, Progress, SliceDone


class PlainLayer:
    """A `GrowingLayer` in a list; ``drawn`` are the slices that it was told of."""

    def __init__(self, viewer, name, array):
        self.viewer, self.name, self.array = viewer, name, array
        self.is_edited = self.was_added = False
        self.visible, self._hidden, self.drawn = True, False, []
        self.is_prepared = False

    @property
    def is_shown(self):
        return self in self.viewer.layers

    @property
    def is_removed(self):
        return self.was_added and not self.is_shown

    def prepare(self):
        self.is_prepared = True

    def add(self):
        if not self.was_added:
            self.was_added = True
            self.viewer.layers.append(self)

    def filled(self, z, *, whole=True):
        self.add()
        self.drawn.append(z)

    def draw_thumbnail(self):
        self.drawn.append("thumbnail")

    def open_eye(self, opened):
        self.visible = opened

    def hide(self):
        if self.visible:
            self.visible, self._hidden = False, True

    def show(self):
        if self._hidden:
            self.visible, self._hidden = True, False

    def remove(self):
        if self.is_shown:
            self.viewer.layers.remove(self)


class PlainPreview(PlainLayer):
    """A `PreviewLayer`."""

    def fill(self, z, mask):
        self.array[z] = mask


class PlainImage:
    """A `SourceImage`: an array in a list of layers."""

    def __init__(self, viewer, name, array):
        self.viewer, self.name, self.pixels, self.layer = viewer, name, array, self
        self.here = 0
        self.voxel_size_nm, self.thickness_assumed, self.notes = None, False, ()
        viewer.layers.append(self)

    @property
    def shape(self):
        if self.pixels.ndim != 3:
            raise ShapeError(f"image: expected a stack (Z, Y, X), received {self.name!r}")
        return self.pixels.shape

    @property
    def dtype(self):
        return self.pixels.dtype

    @property
    def is_shown(self):
        return self in self.viewer.layers

    def slice(self, z):
        return self.pixels[z]

    def beside(self, kind, array, *, model, made, class_names=()):
        return PlainLayer(self.viewer, f"{self.name} [{Path(model).name}] {kind}", array)


class PlainViewer:
    """A list of layers, and the layer that a person works on."""

    def __init__(self):
        self.layers = []
        self._active = None

    def __getitem__(self, name):
        return next(layer for layer in self.layers if layer.name == name)

    @property
    def names(self):
        return [layer.name for layer in self.layers]

    @property
    def active(self):
        return self._active

    @active.setter
    def active(self, layer):
        if layer in self.layers:
            self._active = layer

    def show_preview(self, image):
        layer = PlainPreview(self, "quick preview", np.zeros(image.shape, np.uint8))
        layer.add()
        return layer

    def show_changes(self, prediction, changed):
        layer = PlainLayer(self, "changed", changed)
        layer.add()
        return layer


class ScriptedWorker:
    """Predicts brightness; what a test has it do before a slice is done there.

    Attributes
    ----------
    before : dict
        Something to call before a slice.
    failing : set of str
        Models that cannot be loaded.
    """

    def __init__(self):
        self.before, self.failing, self.jobs = {}, set(), []

    def __call__(self, job, emit, should_stop):
        self.jobs.append(job)
        if not isinstance(job, PredictJob):
            return self.before[type(job)](job)
        if job.model in self.failing:
            raise EmsegError(f"{job.model} is damaged")
        source, out = attach(job.source), attach(job.out, "r+")
        for done, z in enumerate(job.slices):
            self.before.get(z, lambda: None)()
            if should_stop():
                raise CancelledError(f"Stopped after {done} of {len(job.slices)} slices.")
            out[z] = source[z] / 255
            emit(SliceDone(z))
            emit(Progress(done + 1, len(job.slices), "slices", seconds_left=2.0))
        return PredictResult(len(job.slices), 1.0, "a test", 0.5)


class WaitingJobs:
    """As the window's `Jobs`: what is submitted is done later, when the test says `work`."""

    def __init__(self, do, scratch):
        self.scratch, self._do, self._tickets = scratch, do, count(1)
        self._waiting, self._stopped, self.abandoned = deque(), set(), set()

    beside = ""

    def submit(self, make_job, on_event):
        ticket = next(self._tickets)
        self._waiting.append((ticket, make_job, on_event))
        return ticket

    def cancel(self, ticket, *, grace_s=0.0):
        self._stopped.add(ticket)

    def abandon(self, ticket):
        self.abandoned.add(ticket)
        self.cancel(ticket)

    def work(self):
        """Do all that waits, and what comes of it."""
        while self._waiting:
            ticket, make_job, on_event = self._waiting.popleft()

            def emit(event, ticket=ticket, on_event=on_event):
                if ticket not in self.abandoned:
                    on_event(event)

            emit(self._end_of(ticket, make_job, emit))

    def _end_of(self, ticket, make_job, emit):
        try:
            return Finished(self._do(make_job(), emit, lambda: ticket in self._stopped))
        except CancelledError as error:
            return Cancelled(str(error))
        except EmsegError as error:
            return Failed(str(error))


@pytest.fixture
def scratch(tmp_path):
    with Scratch(tmp_path) as scratch:
        yield scratch


@pytest.fixture
def viewer():
    return PlainViewer()


@pytest.fixture
def new_viewer():
    return PlainViewer


@pytest.fixture
def paint_layer(viewer):
    """Adds a layer of these pixels under this name."""

    def paint_layer(name, array):
        layer = PlainLayer(viewer, name, array)
        layer.add()
        return layer

    return paint_layer


@pytest.fixture
def stack():
    """Adds a stack of slices to a viewer: bright cells, whose slices all differ."""

    def stack(viewer, name="em", slices=4):
        rows, columns = np.indices((24, 32))
        cells = [((rows // 8 + columns // 8 + z) % 2) * 200 + z for z in range(slices)]
        return PlainImage(viewer, name, np.array(cells, np.uint8))

    return stack


@pytest.fixture
def package():
    return ModelPackage(Path("probe"), PackageInfo("probe"))


@pytest.fixture
def executor():
    return DirectExecutor()


@pytest.fixture
def workspace():
    return Workspace()


@pytest.fixture
def worker():
    return ScriptedWorker()


@pytest.fixture
def jobs(worker, scratch):
    return WaitingJobs(worker, scratch)
