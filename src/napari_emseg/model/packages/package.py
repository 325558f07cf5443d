"""What a model package says about itself; read without loading keras.

A package is a folder in the bioimage.io 0.5 form. Its ``rdf.yaml`` carries, under ``config:
napari_emseg:``, what is needed on top.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from napari_emseg.core.config.network import NetworkConfig
from napari_emseg.core.config.terms import TermsConfig
from napari_emseg.core.slices import in_words
from napari_emseg.errors import ModelError, SettingError
from napari_emseg.io.file_fingerprint import FileFingerprint, sha256_of
from napari_emseg.types import VoxelSize

RDF = "rdf.yaml"
WEIGHTS = "weights.keras"
HISTORY = "history.csv"
ONNX_WEIGHTS = "weights.onnx"
INT8_WEIGHTS, INT8_VALUES = "int8.xml", "int8.bin"
REHEARSAL_FILE = "lesson.npz"
"""Some of what the model was trained on, under a name older than its word here.

It holds pixels of a person's, so no export takes it.
"""

LARGEST_INT8_COST = 0.003
"""V_rand that int8 may cost on the validation slices, to be used unless told otherwise."""

_ALL_KNOWN = 0.95
"""Part of the pixels from which on a slice counts as labelled as a whole: rims may be no tissue."""

_NOT_OURS = (LookupError, TypeError, ValueError, AttributeError)
"""What comes of reading a description whose entries are missing, or of other types."""

_FAST_SAFE_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""The safe one in C, where PyYAML has it."""


@dataclass(frozen=True)
class PackageInfo:
    """The ``config: napari_emseg:`` block of a model package.

    Parameters
    ----------
    name : str
        What a person calls the model.
    network : NetworkConfig
        Shape of the network.
    threshold : float
        A pixel is cell where its probability is above this, 0..1.
    voxel_size_nm : tuple of float, optional
        (Z, Y, X) of the training stack in nm.
    training : dict
        Recipe, data and split.
    scores : dict
        Validation scores of the epoch that was kept.
    terms : TermsConfig
        Who made it, and under which terms it and its training data may be used.
    int8_cost : float, optional
        V_rand that the int8 form costs, below 0 where it is better: on the validation slices, or
        on more where that was measured besides (`model.runtimes.int8.note_int8`); None
        where there is no such form, or V_rand means nothing.
    """

    name: str
    network: NetworkConfig = field(default_factory=NetworkConfig)
    threshold: float = 0.5
    voxel_size_nm: VoxelSize | None = None
    training: dict[str, Any] = field(default_factory=dict)
    scores: dict[str, float] = field(default_factory=dict)
    terms: TermsConfig = TermsConfig()
    int8_cost: float | None = None

    @property
    def int8_is_good(self) -> bool:
        """Whether the int8 form is known to cost next to nothing."""
        return self.int8_cost is not None and self.int8_cost <= LARGEST_INT8_COST

    @property
    def parent(self) -> str | None:
        """Name of the model that it went on from; None where it began at random."""
        return self.training.get("parent")

    @property
    def measured_on(self) -> str:
        """On what the scores were measured, such as ``slices 24 to 26 of train-volume``."""
        sources = self.training.get("sources") or [self.training]
        return "; ".join(said for each in sources if (said := _measured_on(each)))

    @property
    def class_names(self) -> tuple[str, ...]:
        """Names of the classes, in order."""
        return self.network.names

    def to_config(self) -> dict[str, Any]:
        """Plain values for the package's YAML."""
        voxel = None if self.voxel_size_nm is None else list(self.voxel_size_nm)
        return {
            **asdict(self),
            "voxel_size_nm": voxel,
            "class_names": list(self.class_names),
            "normalisation": "zero mean and unit variance of each slice",
        }

    @classmethod
    def from_config(cls, block: dict[str, Any]) -> PackageInfo:
        """The inverse of `to_config`."""
        voxel, cost = block.get("voxel_size_nm"), block.get("int8_cost")
        return cls(
            name=str(block["name"]),
            network=NetworkConfig.from_dict(block["network"]),
            threshold=float(block["threshold"]),
            voxel_size_nm=None if voxel is None else (voxel[0], voxel[1], voxel[2]),
            training=dict(block.get("training", {})),
            scores=dict(block.get("scores", {})),
            terms=TermsConfig.from_dict(block.get("terms", {})),
            int8_cost=None if cost is None else float(cost),
        )


def _measured_on(source: Mapping[str, Any]) -> str:
    """On what the scores of one source were measured; empty where nobody knows."""
    slices = source.get("validation_slices")
    if not slices:
        return ""
    part = "" if source.get("first_validation_column") is None else "the right part of "
    counted = "the labelled pixels of " if source.get("validation_known", 1.0) < _ALL_KNOWN else ""
    named = source.get("name", source.get("stack", "its stack"))
    return f"{counted}{part}{in_words(slices)} of {named}"


@dataclass(frozen=True)
class ModelPackage:
    """A folder with a model, and what its description says."""

    folder: Path
    info: PackageInfo

    def __repr__(self) -> str:
        return f"ModelPackage({self.info.name!r}, {str(self.folder)!r})"

    @property
    def weights(self) -> Path:
        """The ``keras_v3`` file with architecture and weights."""
        return self.folder / WEIGHTS

    @property
    def onnx(self) -> Path:
        """The same network as ONNX; older packages lack it."""
        return self.folder / ONNX_WEIGHTS

    @property
    def int8(self) -> Path:
        """The network in 8-bit integers for OpenVINO, its values beside it; many lack it."""
        return self.folder / INT8_WEIGHTS


def file_entry(folder: Path, name: str) -> dict[str, str]:
    """How a description names a file of its package."""
    return {"source": name, "sha256": sha256_of(folder / name)}


def read_package(folder: Path) -> ModelPackage:
    """Read the description of a model package, without its weights.

    Raises
    ------
    ModelError
        If the folder is no package of ours, or a damaged one.
    """
    try:
        info = _read_info(FileFingerprint.of(folder / RDF))
    except FileNotFoundError as error:
        raise ModelError(
            f"model: {folder} is no model package (it has no {RDF}); expected the folder that a "
            "training wrote as 'package'"
        ) from error
    except (OSError, yaml.YAMLError, SettingError, *_NOT_OURS) as error:
        raise ModelError(
            f"model: {folder / RDF} cannot be used ({type(error).__name__}: {error}); expected a "
            "package written by napari-emseg"
        ) from error
    package = ModelPackage(folder, info)
    if not package.weights.is_file():
        raise ModelError(f"model: {folder} is damaged, its {WEIGHTS} is missing")
    return package


@lru_cache(maxsize=64)
def _read_info(description: FileFingerprint) -> PackageInfo:
    """Every click asks for it, and YAML takes milliseconds."""
    rdf = yaml.load(description.path.read_text(encoding="utf-8"), _FAST_SAFE_LOADER)
    return PackageInfo.from_config(rdf["config"]["napari_emseg"])
