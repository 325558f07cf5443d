"""A model of others as a package of ours: its description, its ONNX weights, its own test."""

from __future__ import annotations

import re
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from napari_emseg.errors import ModelError
from napari_emseg.io.file_fingerprint import sha256_of
from napari_emseg.model.foreign.description import Description, of_form, of_rdf
from napari_emseg.model.foreign.unmet import unmet
from napari_emseg.model.packages.package import (
    DESCRIPTIONS,
    NOT_OURS,
    ONNX_WEIGHTS,
    RDF,
    TEST_INPUT,
    TEST_OUTPUT,
    ModelPackage,
    PackageInfo,
    file_entry,
    read_description,
    read_package,
)

_LEFT_OUT = ("attachments", "sample_inputs", "sample_outputs", "packaged_by", "run_mode")
"""What a description names of files, or for programs, that are not taken along."""

_PICTURES = (".png", ".jpg", ".jpeg", ".gif", ".webp")
_TEXTS = (".md", ".txt", ".rst")
_NO_NAME = re.compile(r"[^\w ,()+-]+")


def description_in(folder: Path) -> Path | None:
    """The description of a model in a folder; None where there is none."""
    return next((folder / each for each in DESCRIPTIONS if (folder / each).is_file()), None)


def is_of_others(folder: Path) -> bool:
    """Whether a folder holds a model that napari-emseg has not written."""
    path = description_in(folder)
    return path is not None and "napari_emseg" not in (_read(path).get("config") or {})


def adopt_package(source: Path, folder: Path, given: Mapping[str, Any]) -> ModelPackage:
    """Make a package of ours, in an empty folder, of one in the bioimage.io form.

    It takes along the ONNX weights, the test, texts and pictures, and nothing else: no weights that
    hold code.

    Parameters
    ----------
    source : Path
        Folder with the description, from strangers.
    folder : Path
        Where the package goes.
    given : dict
        What a person says of `ForeignConfig`.

    Raises
    ------
    ModelError
        If something is missing, or asked for that is not done here; it is named.
    """
    path = description_in(source)
    assert path is not None
    rdf = _read(path)
    try:
        described = of_rdf(rdf, given)
        onnx = rdf["weights"].get("onnx")
        if onnx is None:
            raise unmet("weights", sorted(rdf["weights"]), "onnx; export it so from the framework")
        _copy(source, onnx, folder / ONNX_WEIGHTS, "weights: onnx")
        _copy_test(source, rdf, folder)
        kept = {key: value for key, value in rdf.items() if key not in _LEFT_OUT}
        taken = (_take(source, each, folder, _PICTURES) for each in rdf.get("covers") or ())
        kept["covers"] = [name for name in taken if name]
        if text := _take(source, rdf.get("documentation"), folder, _TEXTS):
            kept["documentation"] = text
        else:
            kept.pop("documentation", None)
        only = {key: onnx[key] for key in ("opset_version",) if key in onnx}
        kept["weights"] = {"onnx": {**only, **file_entry(folder, ONNX_WEIGHTS)}}
    except NOT_OURS as error:
        raise ModelError(
            f"model: {path} cannot be used ({type(error).__name__}: {error}); expected a "
            "description in the bioimage.io form 0.4 or 0.5"
        ) from error
    return _write(folder, kept, described)


def adopt_onnx(source: Path, folder: Path, given: Mapping[str, Any]) -> ModelPackage:
    """Make a package of ours, in an empty folder, of an ONNX file; see `adopt_package`."""
    described = of_form(source.stem, given)
    try:
        shutil.copyfile(source, folder / ONNX_WEIGHTS)
    except OSError as error:
        raise ModelError(f"model: {source} cannot be read ({error})") from error
    rdf = {
        "type": "model",
        "format_version": "0.5.4",
        "name": described.name,
        "description": "An ONNX network, as a person has described it.",
        "weights": {"onnx": file_entry(folder, ONNX_WEIGHTS)},
    }
    return _write(folder, rdf, described)


def _read(path: Path) -> dict[str, Any]:
    try:
        rdf = read_description(path)
    except (OSError, yaml.YAMLError, *NOT_OURS) as error:
        said = f"{type(error).__name__}: {error}"
        raise ModelError(f"model: {path} cannot be read ({said})") from error
    if not isinstance(rdf, dict) or not isinstance(rdf.get("config") or {}, dict):
        raise ModelError(f"model: {path} describes no model")
    return rdf


def _write(folder: Path, rdf: dict[str, Any], described: Description) -> ModelPackage:
    info = PackageInfo(
        name=_plain(described.name),
        network=described.network,
        threshold=described.threshold,
        voxel_size_nm=described.voxel_size_nm,
        terms=described.terms,
    )
    config = {**(rdf.get("config") or {}), "napari_emseg": info.to_config()}
    text = yaml.safe_dump({**rdf, "config": config}, sort_keys=False)
    (folder / RDF).write_text(text, encoding="utf-8")
    return read_package(folder)


def _plain(name: str) -> str:
    """A name as the library takes it."""
    return " ".join(_NO_NAME.sub(" ", name).split()).lstrip("_-,+() ")[:64] or "model"


def _copy_test(source: Path, rdf: Mapping[str, Any], folder: Path) -> None:
    """Its test, under the names that ours have; the description names them so from now on."""
    for tensors, of_0_4, name in (
        ("inputs", "test_inputs", TEST_INPUT),
        ("outputs", "test_outputs", TEST_OUTPUT),
    ):
        if rdf.get(of_0_4):
            _copy(source, rdf[of_0_4][0], folder / name, of_0_4)
            rdf[of_0_4][:] = [name]
            continue
        tensor = rdf[tensors][0]
        tensor.pop("sample_tensor", None)
        if not tensor.get("test_tensor"):
            raise unmet(f"{tensors}: test_tensor", None, "a test, by which a model is checked")
        _copy(source, tensor["test_tensor"], folder / name, f"{tensors}: test_tensor")
        tensor["test_tensor"] = file_entry(folder, name)


def _take(source: Path, entry: Any, folder: Path, endings: tuple[str, ...]) -> str | None:
    """Copy a text or a picture, under its own name; None where it is something else, or away."""
    try:
        name = _name_of(entry)
        if not name.lower().endswith(endings) or not (source / name).is_file():
            return None
        shutil.copyfile(source / name, folder / name)
    except (ModelError, OSError):
        return None
    return name


def _copy(source: Path, entry: Any, out: Path, where: str) -> None:
    """Copy a file that a description names, if it is the one that it describes."""
    name = _name_of(entry)
    try:
        found = sha256_of(source / name)
        shutil.copyfile(source / name, out)
    except OSError as error:
        raise ModelError(
            f"model: {where}: {name} is not there ({error}); take the package as a zip file, whole"
        ) from error
    said = entry.get("sha256") if isinstance(entry, dict) else None
    if (said is not None and said != found) or sha256_of(out) != found:
        raise ModelError(
            f"model: {where}: {name} is not the file that is described (its SHA-256 begins with "
            f"{found[:12]}, the description says {str(said)[:12]}); download the package again"
        )


def _name_of(entry: Any) -> str:
    """The plain name of a file that a description names, or has at an address besides."""
    said = str(entry["source"] if isinstance(entry, dict) else entry)
    name = said.rpartition("/")[2].partition("?")[0] if "://" in said else said.removeprefix("./")
    if not name or name.startswith(".") or set(name) & set("/\\:"):
        raise unmet("source", said, "the name of a file in the package's own folder")
    return name
