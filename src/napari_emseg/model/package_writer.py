"""Writing a model package in the bioimage.io 0.5 form."""

from __future__ import annotations

import datetime as dt
import hashlib
import shutil
from importlib import import_module
from pathlib import Path
from typing import Any

import keras
import numpy as np
import numpy.typing as npt
import yaml

from napari_emseg.core.config import PredictConfig
from napari_emseg.core.normalise import EPSILON
from napari_emseg.core.tiling import pad_to_multiple
from napari_emseg.errors import WriteError
from napari_emseg.model.package import RDF, WEIGHTS, PackageInfo
from napari_emseg.model.predict import predict_slice
from napari_emseg.model.runtime import KerasRuntime

_TEST_INPUT, _TEST_OUTPUT, _CARD = "test_input.npy", "test_output.npy", "README.md"
_TEST_SIZE = 256
_SHORTEST_NAME, _LONGEST_NAME = 5, 64
_CITATIONS = (
    {
        "text": "Ronneberger, Fischer, Brox: U-Net. MICCAI 2015.",
        "doi": "10.1007/978-3-319-24574-4_28",
    },
    {
        "text": "Arganda-Carreras et al.: Crowdsourcing the creation of image segmentation "
        "algorithms for connectomics. Frontiers in Neuroanatomy 9:142, 2015.",
        "doi": "10.3389/fnana.2015.00142",
    },
)


def write_package(
    folder: Path,
    info: PackageInfo,
    model: keras.Model,
    sample: npt.NDArray[Any],
    *,
    card: str | None = None,
) -> None:
    """Write a model package; an existing one is replaced only when the new one is whole.

    Parameters
    ----------
    folder : Path
        Where it goes.
    info : PackageInfo
        What the package says about the model.
    model : keras.Model
        The network, not compiled: a compiled one would be saved with its optimizer's state.
    sample : (Y, X) array
        A slice; its first 256 x 256 pixels become the test input, stored raw.
    card : str, optional
        The model's card in Markdown.

    Raises
    ------
    WriteError
        If the folder cannot be written.
    """
    making = folder.with_name(f".{folder.name}-new")
    try:
        shutil.rmtree(making, ignore_errors=True)
        making.mkdir(parents=True)
        model.save(making / WEIGHTS)
        _write_test_pair(making, info, model, sample)
        (making / _CARD).write_text(card or _default_card(info), encoding="utf-8")
        rdf = _describe(making, info)
        (making / RDF).write_text(yaml.safe_dump(rdf, sort_keys=False), encoding="utf-8")
        _swap(making, folder)
    except OSError as error:
        raise WriteError(
            f"model: {folder} cannot be written ({error}); free some space or choose another folder"
        ) from error
    finally:
        shutil.rmtree(making, ignore_errors=True)


def _swap(new: Path, folder: Path) -> None:
    """Put ``new`` in the place of ``folder``; a folder cannot be replaced in one step."""
    old = folder.with_name(f".{folder.name}-old")
    if folder.exists():
        shutil.rmtree(old, ignore_errors=True)
        folder.rename(old)
    try:
        new.rename(folder)
    except OSError:
        if old.exists():
            old.rename(folder)
        raise
    shutil.rmtree(old, ignore_errors=True)


def _write_test_pair(
    folder: Path, info: PackageInfo, model: keras.Model, sample: npt.NDArray[Any]
) -> None:
    image = pad_to_multiple(sample[:_TEST_SIZE, :_TEST_SIZE], info.network.multiple)
    probability = predict_slice(image, KerasRuntime(model), info.network, PredictConfig())
    np.save(folder / _TEST_INPUT, image.astype(np.float32)[np.newaxis, ..., np.newaxis])
    np.save(folder / _TEST_OUTPUT, probability[np.newaxis, ..., np.newaxis])


def _default_card(info: PackageInfo) -> str:
    scores = "\n".join(f"- {name}: {value:.4f}" for name, value in info.scores.items())
    return (
        f"# {info.name}\n\nA U-Net that tells cell interior from membrane in serial-section "
        f"electron microscopy, trained with napari-emseg.\n\n## Validation\n\n{scores}\n"
    )


def _file(folder: Path, name: str) -> dict[str, str]:
    return {"source": name, "sha256": hashlib.sha256((folder / name).read_bytes()).hexdigest()}


def _describe(folder: Path, info: PackageInfo) -> dict[str, Any]:
    """The package's description in the bioimage.io 0.5 form."""
    from bioimageio.spec.model import v0_5

    backend = keras.backend.backend()
    return {
        "type": "model",
        "format_version": v0_5.ModelDescr.implemented_format_version,
        "name": _plain_name(info.name),
        "description": "U-Net for membranes and cells in serial-section electron microscopy.",
        "timestamp": dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
        "authors": [{"name": "napari-emseg developers"}],
        "cite": list(_CITATIONS),
        "license": "BSD-3-Clause",
        "tags": ["electron-microscopy", "segmentation", "membrane", "unet", "2d"],
        "documentation": {"source": _CARD},
        "inputs": [_input(folder, info)],
        "outputs": [_output(folder)],
        "weights": {
            "keras_v3": {
                **_file(folder, WEIGHTS),
                "keras_version": keras.__version__,
                "backend": [backend, import_module(backend).__version__],
            }
        },
        "config": {"napari_emseg": info.to_config()},
    }


def _plain_name(name: str) -> str:
    """The name in the characters that bioimage.io takes, and of a length that it takes."""
    plain = "".join(c if c.isascii() and (c.isalnum() or c in "_+- ()") else "-" for c in name)
    return (plain if len(plain) >= _SHORTEST_NAME else f"model {plain}")[:_LONGEST_NAME]


def _input(folder: Path, info: PackageInfo) -> dict[str, Any]:
    def size() -> dict[str, int]:
        return {"min": info.network.multiple, "step": info.network.multiple}

    return {
        "id": "image",
        "axes": [
            {"type": "batch"},
            {"type": "space", "id": "y", "size": size()},
            {"type": "space", "id": "x", "size": size()},
            {"type": "channel", "channel_names": ["grey"]},
        ],
        "data": {"type": "float32"},
        "test_tensor": _file(folder, _TEST_INPUT),
        "preprocessing": [
            {
                "id": "zero_mean_unit_variance",
                "kwargs": {"axes": ["channel", "y", "x"], "eps": EPSILON},
            }
        ],
    }


def _output(folder: Path) -> dict[str, Any]:
    def same(axis: str) -> dict[str, Any]:
        return {"tensor_id": "image", "axis_id": axis}

    return {
        "id": "probability",
        "axes": [
            {"type": "batch"},
            {"type": "space", "id": "y", "size": same("y")},
            {"type": "space", "id": "x", "size": same("x")},
            {"type": "channel", "channel_names": ["cell"]},
        ],
        "data": {"type": "float32", "range": [0.0, 1.0]},
        "test_tensor": _file(folder, _TEST_OUTPUT),
    }
