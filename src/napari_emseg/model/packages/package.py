"""What a model package says about itself; read without loading keras.

A package is a folder in the bioimage.io 0.5 form. Its ``rdf.yaml`` carries, under ``config:
napari_emseg:``, what is needed on top.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from napari_emseg.core.config.network import NetworkConfig
from napari_emseg.core.config.terms import TermsConfig
from napari_emseg.core.networks.foreign import ForeignNetwork
from napari_emseg.core.slices import in_words
from napari_emseg.errors import ModelError, SettingError
from napari_emseg.io.file_fingerprint import FileFingerprint, sha256_of
from napari_emseg.io.layout.voxels import checked_voxel_size
from napari_emseg.types import VoxelSize

RDF = "rdf.yaml"
DESCRIPTIONS = (RDF, "bioimageio.yaml", "model.yaml")
"""What descriptions of bioimage.io are called; ours are the first."""

WEIGHTS = "weights.keras"
HISTORY = "history.csv"
TEST_INPUT, TEST_OUTPUT = "test_input.npy", "test_output.npy"
ONNX_WEIGHTS = "weights.onnx"
INT8_WEIGHTS, INT8_VALUES = "int8.xml", "int8.bin"
EDGES = "edges.npz"
"""How its probabilities become cells of a volume; most models have none of their own."""
REHEARSAL_FILE = "lesson.npz"
"""Some of what the model was trained on, under a name older than its word here.

It holds pixels of a person's, so no export takes it.
"""

LARGEST_INT8_COST = 0.003
"""V_rand that int8 may cost on the validation slices, to be used unless told otherwise."""

_ALL_KNOWN = 0.95
"""Part of the pixels from which on a slice counts as labelled as a whole: rims may be no tissue."""

NOT_OURS = (LookupError, TypeError, ValueError, AttributeError, RecursionError)
"""What comes of reading a description whose entries are missing, or of other types."""

_LARGEST_RDF, _MOST_VALUES = 2**20, 100_000
"""Bytes of a description, and values in it: a few aliases of aliases would stand for billions."""

_FAST_SAFE_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""The safe one in C, where PyYAML has it."""


@dataclass(frozen=True)
class PackageInfo:
    """The ``config: napari_emseg:`` block of a model package.

    Parameters
    ----------
    name : str
        What a person calls the model.
    network : NetworkConfig or ForeignNetwork
        Shape of the network; of one that others have made, what goes in and comes out.
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
    network: NetworkConfig | ForeignNetwork = field(default_factory=NetworkConfig)
    threshold: float = 0.5
    voxel_size_nm: VoxelSize | None = None
    training: dict[str, Any] = field(default_factory=dict)
    scores: dict[str, float] = field(default_factory=dict)
    terms: TermsConfig = TermsConfig()
    int8_cost: float | None = None

    @property
    def is_foreign(self) -> bool:
        """Whether others have made the network, which is ONNX alone then."""
        return isinstance(self.network, ForeignNetwork)

    @property
    def unet(self) -> NetworkConfig:
        """Shape of the network, to train on.

        Raises
        ------
        ModelError
            If it is a network of others.
        """
        if isinstance(self.network, NetworkConfig):
            return self.network
        raise ModelError(
            f"model: {self.name} is a network of others (ONNX), which can predict and not be "
            "trained; go on from a model of napari-emseg, or train a new one"
        )

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
        block = {
            **asdict(self),
            "voxel_size_nm": voxel,
            "class_names": list(self.class_names),
        }
        if self.is_foreign:
            return {**block, "foreign": block.pop("network")}
        return {**block, "normalisation": "zero mean and unit variance of each slice"}

    @classmethod
    def from_config(cls, block: dict[str, Any]) -> PackageInfo:
        """The inverse of `to_config`."""
        voxel, cost = block.get("voxel_size_nm"), block.get("int8_cost")
        return cls(
            name=str(block["name"]),
            network=_network(block),
            threshold=_fraction(block["threshold"]),
            voxel_size_nm=None if voxel is None else checked_voxel_size(voxel),
            training=_checked_training(dict(block.get("training", {}))),
            scores={str(key): float(score) for key, score in block.get("scores", {}).items()},
            terms=TermsConfig.from_dict(block.get("terms", {})),
            int8_cost=None if cost is None else float(cost),
        )


def _network(block: Mapping[str, Any]) -> NetworkConfig | ForeignNetwork:
    if "foreign" in block:
        return ForeignNetwork.from_dict(block["foreign"])
    return NetworkConfig.from_dict(block["network"])


def _fraction(value: Any) -> float:
    if not 0 <= (found := float(value)) <= 1:
        raise ValueError(f"threshold: expected 0 to 1, received {value!r}")
    return found


def _checked_training(training: dict[str, Any]) -> dict[str, Any]:
    """What is said of a training, where that which is shown of it has the types that it has."""
    for each in (training, *training.get("sources", ())):
        slices = [*(each.get("train_slices") or ()), *(each.get("validation_slices") or ())]
        names = [each[key] for key in ("name", "stack", "parent") if each.get(key) is not None]
        if not all(isinstance(z, int) for z in slices) or not all(
            isinstance(n, str) for n in names
        ):
            raise TypeError("training: expected numbers of slices, and names, received others")
    return training


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
        """The file with architecture and weights: ``keras_v3``, of a network of others ONNX."""
        return self.onnx if self.info.is_foreign else self.folder / WEIGHTS

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
    except (OSError, yaml.YAMLError, SettingError, *NOT_OURS) as error:
        raise ModelError(
            f"model: {folder / RDF} cannot be used ({type(error).__name__}: {error}); expected a "
            "package written by napari-emseg"
        ) from error
    package = ModelPackage(folder, info)
    if not package.weights.is_file():
        raise ModelError(f"model: {folder} is damaged, its {package.weights.name} is missing")
    return package


def require_as_described(package: ModelPackage, *names: str) -> None:
    """Raise `ModelError` where a file of a package is not the one that its description names.

    Parameters
    ----------
    package : ModelPackage
        The package.
    *names : str
        Files of it that are to be used. They are hashed once for as long as they do not change.
    """
    named = _read(FileFingerprint.of(package.folder / RDF))[1]
    for name in names:
        try:
            found = sha256_of(package.folder / name)
        except OSError as error:
            raise ModelError(
                f"model: {package.folder / name} cannot be loaded ({error}); import or train it "
                "again"
            ) from error
        if named.get(name) != found:
            said = named.get(name, "nothing")[:12]
            raise ModelError(
                f"model: {package.folder / name} cannot be loaded (its SHA-256 begins with "
                f"{found[:12]}, {RDF} says {said}); import or train it again"
            )


def _read_info(description: FileFingerprint) -> PackageInfo:
    return _read(description)[0]


@lru_cache(maxsize=64)
def _read(description: FileFingerprint) -> tuple[PackageInfo, dict[str, str]]:
    """What a description says, and SHA-256 by file; every click asks, and YAML takes time."""
    rdf = read_description(description.path)
    return PackageInfo.from_config(rdf["config"]["napari_emseg"]), dict(_hashes(rdf))


def read_description(path: Path) -> Any:
    """What the YAML of a stranger says, as plain values; neither long nor without end.

    Raises
    ------
    OSError, yaml.YAMLError, ValueError, RecursionError
        If it cannot be read.
    """
    if (size := path.stat().st_size) > _LARGEST_RDF:
        raise ValueError(f"{size} bytes are too many for a description")
    rdf = yaml.load(path.read_text(encoding="utf-8"), _FAST_SAFE_LOADER)
    if _count_values(rdf, {}) > _MOST_VALUES:
        raise ValueError("it stands for too many values")
    return rdf


def _count_values(value: Any, known: dict[int, float]) -> float:
    """How many values there are when aliases are followed, each counted once; inf in a circle."""
    if not isinstance(value, (dict, list)):
        return 1
    if id(value) not in known:
        known[id(value)] = math.inf
        inner = value.values() if isinstance(value, dict) else value
        known[id(value)] = 1 + sum(_count_values(each, known) for each in inner)
    return known[id(value)]


def _hashes(value: Any) -> Iterator[tuple[str, str]]:
    """Of all files that a description names, wherever it does."""
    if isinstance(value, dict) and {"source", "sha256"} <= value.keys():
        yield str(value["source"]), str(value["sha256"])
    if isinstance(value, (dict, list)):
        for each in value.values() if isinstance(value, dict) else value:
            yield from _hashes(each)
