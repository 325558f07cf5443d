"""Small real things: a stack of round cells, a network of four filters, one finished training."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import keras
import numpy as np
import pytest

from napari_emseg.core.config.augmentation import AugmentConfig
from napari_emseg.core.config.network import NetworkConfig
from napari_emseg.core.config.recipe import Recipe
from napari_emseg.core.config.training import TrainConfig
from napari_emseg.core.train.source import Source
from napari_emseg.core.train.split import split_target
from napari_emseg.core.train.targets import Target, make_target
from napari_emseg.model.hardware.device_choice import WRITE_ONNX
from napari_emseg.model.network.unet import build_unet
from napari_emseg.model.packages.package import ModelPackage, PackageInfo, read_package
from napari_emseg.model.runtimes.int8 import add_int8, calibration_tiles
from napari_emseg.model.train import package_writer
from napari_emseg.model.train.package_writer import write_package
from napari_emseg.model.train.train import TrainResult, train
from napari_emseg.types import Event, Stack

TINY = NetworkConfig(depth=1, base_filters=4)
RECIPE = Recipe(
    TINY,
    AugmentConfig(grid_probability=0.1, contrast_probability=0.2),
    TrainConfig(epochs=3, patch_size=64, batch_size=2, learning_rate=1e-2, validate_every=1),
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    # TensorFlow's variables do not yet know numpy 2's `copy`; keras reads them so when it saves
    mark = pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy")
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(mark)


@pytest.fixture(autouse=True)
def _onnx_only_where_asked_for(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The converter takes seconds; most tests do without what it writes."""
    if request.node.get_closest_marker("onnx") is None:
        monkeypatch.setattr(package_writer, "write_onnx", lambda *_: False)


class Trained(NamedTuple):
    """A finished training."""

    folder: Path
    result: TrainResult
    events: list[Event]


def make_labels(slices: int, edge: int) -> np.ndarray:
    """Square cells 14 px wide, 3 px apart: (Z, Y, X) uint8 of 0 and 255, moved in each slice."""
    line = (np.arange(edge + slices) % 17 < 14).astype(np.uint8) * 255
    return np.stack([np.minimum.outer(line[z:][:edge], line[z:][:edge]) for z in range(slices)])


def make_stack(labels: np.ndarray) -> Stack:
    """Bright cells, dark membranes and noise, as a microscope might see ``labels``."""
    noise = np.random.default_rng(0).normal(0, 12, labels.shape)
    return Stack((70 + labels / 255 * 90 + noise).astype(np.uint8), (50.0, 4.0, 4.0), "cells")


def make_network(config: NetworkConfig, seed: int = 0) -> keras.Model:
    """A network of random weights whose batch norms have random statistics, as after training."""
    keras.utils.set_random_seed(seed)
    model = build_unet(config)
    rng = np.random.default_rng(seed)
    for layer in model.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.set_weights([rng.uniform(0.5, 1.5, each.shape) for each in layer.get_weights()])
    return model


@pytest.fixture(scope="session")
def tiny() -> NetworkConfig:
    return TINY


@pytest.fixture(scope="session")
def recipe() -> Recipe:
    return RECIPE


@pytest.fixture(scope="session")
def network_of():
    return make_network


@pytest.fixture(scope="session")
def labels() -> np.ndarray:
    return make_labels(5, 96)


@pytest.fixture(scope="session")
def stack(labels: np.ndarray) -> Stack:
    return make_stack(labels)


@pytest.fixture(scope="session")
def target(labels: np.ndarray) -> Target:
    return make_target(labels, "mask", RECIPE.train)


@pytest.fixture(scope="session")
def source_of():
    """Makes the one source of a training; a fraction of it validates unless slices are named."""

    def make(stack: Stack, target: Target, validation=None, **about) -> Source:
        split = split_target(target, fraction=RECIPE.train.val_fraction, validation=validation)
        return Source(stack, target, split, **{"name": stack.name, **about})

    return make


@pytest.fixture(scope="session")
def trained(source_of, stack: Stack, target: Target, tmp_path_factory) -> Trained:
    """A training of three epochs; tests must not write into its folder."""
    folder, events = tmp_path_factory.mktemp("run") / "run", []
    result = train(
        [source_of(stack, target)], RECIPE, folder=folder, name="tiny cells", on_event=events.append
    )
    return Trained(folder, result, events)


@pytest.fixture
def package_at(stack: Stack):
    """Writes the package of a tiny network into a folder."""

    def write(folder: Path, name: str = "tiny cells", seed: int = 0, **info) -> Path:
        model = make_network(TINY, seed)
        write_package(folder, PackageInfo(name, TINY, **info), model, stack.data[:1])
        return folder

    return write


@pytest.fixture(scope="session")
def whole_package(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> ModelPackage:
    """A tiny network with ONNX weights and an int8 form of no cost; tests must not change it."""
    if keras.backend.backend() not in WRITE_ONNX:
        pytest.skip("Keras writes no ONNX on others")
    folder = tmp_path_factory.mktemp("whole") / "package"
    write_package(folder, PackageInfo("whole", TINY), make_network(TINY), stack.data[:1])
    tiles = calibration_tiles(stack, range(3), TINY)
    add_int8(read_package(folder), lambda: tiles, lambda _: [0.9])
    return read_package(folder)
