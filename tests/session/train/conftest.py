"""What sessions need of the world, without a window and without a worker."""

from __future__ import annotations

import numpy as np
import pytest

from napari_emseg.core.config.augmentation import AugmentConfig
from napari_emseg.core.config.network import NetworkConfig
from napari_emseg.core.config.recipe import Recipe
from napari_emseg.core.config.training import TrainConfig
from napari_emseg.core.train.slice_split import SliceSplit
from napari_emseg.engine.train.request import TrainingData, TrainRequest
from napari_emseg.errors import EmsegError
from napari_emseg.io.scratch import Scratch
from napari_emseg.session.train.form import TrainSettings
from napari_emseg.session.train.setup import TrainSetup
from napari_emseg.types import Cancelled, Failed, Finished, Stack

RECIPE = Recipe(
    NetworkConfig(depth=2, base_filters=2), train=TrainConfig(epochs=10, patch_size=16)
)  # fmt: skip


class ToldJobs:
    """Jobs of which a test tells what becomes of them; each is prepared when it is asked for."""

    beside = ""

    def __init__(self):
        self.scratch = Scratch()
        self.jobs, self.cancelled, self.abandoned = [], [], []
        self._listeners = []

    def submit(self, make_job, on_event):
        self._listeners.append(on_event)
        ticket = len(self._listeners)
        try:
            self.jobs.append(make_job())
        except EmsegError as error:
            self.jobs.append(Failed(str(error)))  # told at the next turn
        return ticket

    def tell(self, *events):
        """Of the newest job."""
        made, listener = self.jobs[-1], self._listeners[-1]
        for event in (made,) if isinstance(made, Failed) else events:
            if listener is not None:
                listener(event)
            if isinstance(event, Finished | Failed | Cancelled):
                self._listeners[-1] = listener = None

    def cancel(self, ticket, *, grace_s=5.0):
        self.cancelled.append((ticket, grace_s))

    def abandon(self, ticket):
        self._listeners[ticket - 1] = None
        self.abandoned.append(ticket)


class FilledIn:
    """A form; a test sets what is chosen in it."""

    def __init__(self, read):
        self.read = read
        self.classes, self.val_fraction = 2, 0.25
        self.chosen = TrainSettings(RECIPE)
        self.augmentation = AugmentConfig()
        self.missing = ""

    def reader(self):
        if self.missing:
            raise EmsegError(self.missing)
        return self.read

    def settings(self):
        return self.chosen

    def augment(self):
        return self.augmentation


def _make_data(slices=4, size=32, name="em"):
    """Grey cells and their mask, of which all slices are labelled."""
    rng = np.random.default_rng(0)
    mask = np.kron(rng.integers(0, 2, (slices, 4, 4), np.uint8), np.ones((size // 4,) * 2, "u1"))
    image = (mask * 150 + rng.integers(0, 50, mask.shape)).astype(np.uint8)
    return TrainingData(Stack(image, (50, 4, 4), name), Stack(mask, kind="labels"))


@pytest.fixture
def make_data():
    """Makes images and labels."""
    return _make_data


@pytest.fixture
def make_form():
    """Makes a form from a function that reads data."""
    return FilledIn


@pytest.fixture
def recipe():
    """A network and a training of a moment."""
    return RECIPE


@pytest.fixture
def make_jobs():
    """Makes jobs of which a test tells."""
    made = []
    yield lambda: made.append(ToldJobs()) or made[-1]
    for each in made:
        each.scratch.close()


@pytest.fixture
def jobs(make_jobs):
    return make_jobs()


@pytest.fixture
def data():
    return _make_data()


@pytest.fixture
def form(data):
    return FilledIn(lambda: data)


@pytest.fixture
def request_of(data):
    """A request to train on the data."""

    def request_of(recipe=RECIPE):
        split = SliceSplit.spread(range(4), 0.25)
        return TrainRequest("mine", data, "mask", split, recipe)

    return request_of


@pytest.fixture
def setup(executor, jobs, form):
    """As a dock opens it on four labelled slices."""
    made = TrainSetup(executor, jobs, form)
    made.open()
    executor.pass_time()
    return made
