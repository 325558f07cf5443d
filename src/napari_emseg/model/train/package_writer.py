"""Writing a model package in the bioimage.io 0.5 form."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Any

import keras
import numpy as np
import numpy.typing as npt
import yaml

from napari_emseg.core.classes import cell_probability
from napari_emseg.core.config.prediction import PredictConfig
from napari_emseg.core.config.terms import UNSTATED, TermsConfig
from napari_emseg.core.normalise import EPSILON
from napari_emseg.core.segment.tiling import pad_to_multiple
from napari_emseg.io.disk.atomic import as_write_error, replacing_folder
from napari_emseg.model.network.precision import in_precision
from napari_emseg.model.packages.package import (
    HISTORY,
    ONNX_WEIGHTS,
    RDF,
    TEST_INPUT,
    TEST_OUTPUT,
    WEIGHTS,
    PackageInfo,
    file_entry,
)
from napari_emseg.model.predict.predict import predict_slice
from napari_emseg.model.runtimes.keras_runtime import KerasRuntime
from napari_emseg.model.runtimes.onnx import OPSET, write_onnx
from napari_emseg.model.train._pictures import write_cover, write_sample
from napari_emseg.model.train.history import Row, write_history

_SAMPLE_INPUT, _SAMPLE_OUTPUT = "sample_input.tif", "sample_output.tif"
_COVER, _CARD = "cover.png", "README.md"
_TEST_SIZE = 256
_SLICE_NAMES = {1: ["slice"], 3: ["slice above", "slice", "slice below"]}
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
    history: Sequence[Row] = (),
) -> None:
    """Write a model package; an existing one is replaced only when the new one is whole.

    Parameters
    ----------
    folder : Path
        Where it goes.
    info : PackageInfo
        What the package says about the model.
    model : keras.Model
        The network; it is written in float32 and without its optimizer.
    sample : (C, Y, X) array
        A slice among the neighbours that the network sees; its first 256 x 256 pixels become the
        test input, stored raw, and with their probability the cover picture.
    card : str, optional
        The model's card in Markdown.
    history : sequence of dict
        The epochs of the training, to be compared with those of others.

    Raises
    ------
    WriteError
        If the folder cannot be written.
    """
    info = replace(info, int8_cost=None)  # its int8 form is made of what is written here
    with as_write_error(folder):
        folder.parent.mkdir(parents=True, exist_ok=True)
    with replacing_folder(folder) as making:
        plain = in_precision(model, "float32")
        plain.save(making / WEIGHTS)
        _write_test_pair(making, info, plain, sample)
        write_onnx(making / ONNX_WEIGHTS, plain)
        if history:
            write_history(history, making / HISTORY)
        (making / _CARD).write_text(card or _default_card(info), encoding="utf-8")
        rdf = _describe(making, info)
        (making / RDF).write_text(yaml.safe_dump(rdf, sort_keys=False), encoding="utf-8")


def _write_test_pair(
    folder: Path, info: PackageInfo, model: keras.Model, sample: npt.NDArray[Any]
) -> None:
    corner = sample[:, :_TEST_SIZE, :_TEST_SIZE]
    cut = [pad_to_multiple(each, info.unet.multiple) for each in corner]
    channels = predict_slice(np.stack(cut), KerasRuntime(model), info.unet, PredictConfig())
    image = np.stack(cut, axis=-1)[np.newaxis].astype(np.float32)
    np.save(folder / TEST_INPUT, image)
    np.save(folder / TEST_OUTPUT, channels[np.newaxis])
    write_sample(folder / _SAMPLE_INPUT, image)
    write_sample(folder / _SAMPLE_OUTPUT, channels[np.newaxis])
    write_cover(folder / _COVER, cut[len(cut) // 2], cell_probability(channels))


def _default_card(info: PackageInfo) -> str:
    sources = info.training.get("sources", ())
    of_sources = tuple(f" {each['name']}" for each in sources) if len(sources) > 1 else ()
    where = f"On {info.measured_on}:\n\n" if info.measured_on else ""
    scores = where + "\n".join(
        f"- {name}: {value:.4f}"
        for name, value in info.scores.items()
        if not name.endswith(of_sources)
    )
    cited = "\n".join(f"- {each['text']} https://doi.org/{each['doi']}" for each in _CITATIONS)
    terms = (
        info.terms.data_terms or "Not stated. Ask who made the data before you pass the model on."
    )
    return (
        f"# {info.name}\n\nA U-Net that tells apart {', '.join(info.class_names)} in "
        "serial-section electron microscopy, trained with napari-emseg.\n\n"
        f"![A slice and its probability of cell]({_COVER})\n\n"
        f"## Data\n\nTrained on {info.training.get('stack', 'an unnamed stack')}. Terms of the "
        f"data: {terms}\n\n{_source_table(info)}## Validation\n\n{scores}\n\n## Please cite\n\n"
        f"{cited}\n"
    )


def _source_table(info: PackageInfo) -> str:
    """What it was trained on, and how it does there: a table in Markdown; empty for one source."""
    sources = info.training.get("sources", ())
    if len(sources) < 2:
        return ""
    head = "| source | slices, px | voxel, nm | weight | trained | validated | V_rand | V_info |"
    rows = [f"| {' | '.join(_cells(each, info.scores))} |" for each in sources]
    return "\n".join([head, "|---|---|---|---|---|---|---|---|", *rows]) + "\n\n"


def _cells(source: dict[str, Any], scores: dict[str, float]) -> list[str]:
    name, voxel = source["name"], source["voxel_size_nm"]
    reached = (scores.get(f"{column} {name}") for column in ("val_v_rand", "val_v_info"))
    return [
        name.replace("|", "/"),
        " x ".join(map(str, source["shape"])),
        "unknown" if voxel is None else " x ".join(f"{edge:g}" for edge in voxel),
        f"{source['weight']:g}",
        *(str(len(source[f"{role}_slices"])) for role in ("train", "validation")),
        *("-" if value is None else f"{value:.4f}" for value in reached),
    ]


def _describe(folder: Path, info: PackageInfo) -> dict[str, Any]:
    """The package's description in the bioimage.io 0.5 form."""
    from bioimageio.spec.model import v0_5

    return {
        "type": "model",
        "format_version": v0_5.ModelDescr.implemented_format_version,
        "name": _plain_name(info.name),
        "description": "U-Net for membranes and cells in serial-section electron microscopy.",
        "timestamp": dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
        **_stated(info.terms),
        "cite": list(_CITATIONS),
        "tags": ["electron-microscopy", "segmentation", "membrane", "unet", "2d"],
        "documentation": {"source": _CARD},
        "covers": [file_entry(folder, _COVER)],
        "inputs": [_input(folder, info)],
        "outputs": [_output(folder, info)],
        "weights": _weights(folder),
        "config": {"napari_emseg": info.to_config()},
    }


def _stated(terms: TermsConfig) -> dict[str, Any]:
    """Author and licence, where a person has given them."""
    authors = {"authors": [{"name": terms.author}]} if terms.author else {}
    return authors if terms.license == UNSTATED else {**authors, "license": terms.license}


def _weights(folder: Path) -> dict[str, Any]:
    backend = keras.backend.backend()
    weights: dict[str, Any] = {
        "keras_v3": {
            **file_entry(folder, WEIGHTS),
            "keras_version": keras.__version__,
            "backend": [backend, str(import_module(backend).__version__)],
        }
    }
    if (folder / ONNX_WEIGHTS).exists():
        onnx = {**file_entry(folder, ONNX_WEIGHTS), "opset_version": OPSET, "parent": "keras_v3"}
        weights["onnx"] = onnx
    return weights


def _plain_name(name: str) -> str:
    """The name in the characters that bioimage.io takes, and of a length that it takes."""
    plain = "".join(c if c.isascii() and (c.isalnum() or c in "_+- ()") else "-" for c in name)
    return (plain if len(plain) >= _SHORTEST_NAME else f"model {plain}")[:_LONGEST_NAME]


def _input(folder: Path, info: PackageInfo) -> dict[str, Any]:
    def size() -> dict[str, int]:
        return {"min": info.unet.multiple, "step": info.unet.multiple}

    return {
        "id": "image",
        "axes": [
            {"type": "batch"},
            {"type": "space", "id": "y", "size": size()},
            {"type": "space", "id": "x", "size": size()},
            {"type": "channel", "channel_names": _SLICE_NAMES[info.unet.input_slices]},
        ],
        "data": {"type": "float32"},
        "test_tensor": file_entry(folder, TEST_INPUT),
        "sample_tensor": file_entry(folder, _SAMPLE_INPUT),
        "preprocessing": [
            {
                "id": "zero_mean_unit_variance",
                "kwargs": {"axes": ["y", "x"], "eps": EPSILON},
            }
        ],
    }


def _output(folder: Path, info: PackageInfo) -> dict[str, Any]:
    def same(axis: str) -> dict[str, Any]:
        return {"tensor_id": "image", "axis_id": axis}

    names = info.class_names[-info.unet.channels :]  # of two classes the cell alone
    return {
        "id": "probability",
        "axes": [
            {"type": "batch"},
            {"type": "space", "id": "y", "size": same("y")},
            {"type": "space", "id": "x", "size": same("x")},
            {"type": "channel", "channel_names": list(names)},
        ],
        "data": {"type": "float32", "range": [0.0, 1.0]},
        "test_tensor": file_entry(folder, TEST_OUTPUT),
        "sample_tensor": file_entry(folder, _SAMPLE_OUTPUT),
    }
