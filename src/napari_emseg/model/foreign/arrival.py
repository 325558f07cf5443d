"""Models as they come to a person: of ours or of others, as a package, as a file, or by name."""

from __future__ import annotations

import contextlib
import hashlib
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from napari_emseg.core.config.foreign import ForeignConfig
from napari_emseg.core.config.setting import require_known
from napari_emseg.core.networks.foreign import ForeignNetwork
from napari_emseg.errors import SettingError
from napari_emseg.io.file_fingerprint import sha256_of
from napari_emseg.io.folders import cache_folder
from napari_emseg.model.foreign.adopt import adopt_onnx, adopt_package, is_of_others
from napari_emseg.model.foreign.check import check
from napari_emseg.model.foreign.unmet import unmet
from napari_emseg.model.packages.library import (
    add_to_library,
    checked_package,
    find_model,
    opened_files,
)
from napari_emseg.model.packages.package import DESCRIPTIONS, RDF, ModelPackage, read_package

_ONNX, _ZIP = ".onnx", ".zip"
_KEPT = "package"
_CHANGES = 1
"""Of how models of others are brought into our form; those of before are brought anew."""


def import_model(
    source: str | Path,
    name: str | None = None,
    *,
    overwrite: bool = False,
    library: Path | None = None,
    **described: Any,
) -> ModelPackage:
    """Copy a model into the library: one of napari-emseg, or one of others that is ONNX.

    One of others is tried before: the test in its package must come out as described.

    Parameters
    ----------
    source : str or Path
        A package's folder or the ``rdf.yaml`` in it, the run folder of a training, or a package as
        a zip file; all in the bioimage.io form 0.4 or 0.5. Or an ONNX file.
    name : str, optional
        What to call it; as the package does by default.
    overwrite : bool
        Replace a model of that name.
    library : Path, optional
        Folder of another library than the person's.
    **described
        Of `ForeignConfig`, by name: what goes into a network of others, and what comes out; an
        ONNX file says none of it. What is given comes before what a package says.

    Raises
    ------
    ModelError
        If there is no model, it is damaged, or asks for what is not done here, which is named; or
        the name is taken or not possible.
    SettingError
        If what is described is not known, or out of range.
    WriteError
        If the library cannot be written.

    Examples
    --------
    >>> import napari_emseg as em
    >>> em.import_model(em.load_model("default").folder, "mine").info.threshold
    0.6
    >>> [model.folder.name for model in em.list_models()]
    ['default', 'isbi2012', 'mitochondria', 'mine']
    """
    with opened_model(source, **described) as package:
        package = _tried(package)
        return add_to_library(package, name, library, overwrite=overwrite)


@contextlib.contextmanager
def opened_model(source: str | Path, **described: Any) -> Iterator[ModelPackage]:
    """A model as `import_model` takes it, to be looked at before it is brought in; not loaded.

    It is code from strangers: its files are plain, of modest size, and those that its description
    names.

    Raises
    ------
    ModelError, SettingError
        As `import_model`, save that nothing is tried.
    """
    require_known(described, ForeignConfig)
    with contextlib.ExitStack() as folders:
        made = Path(folders.enter_context(tempfile.TemporaryDirectory()))
        if Path(source).suffix.lower() == _ONNX:
            yield adopt_onnx(Path(source), made, described)
            return
        folder = folders.enter_context(opened_files(source))
        if is_of_others(folder):
            yield adopt_package(folder, made, described)
        elif described:
            raise SettingError(
                f"{next(iter(described))}: {source} is a model of napari-emseg, which knows it; "
                "leave it out"
            )
        else:
            yield checked_package(folder)


def find_any_model(name: str) -> ModelPackage:
    """A model by its name in the library, or by its path; also one of others in the form above.

    Raises
    ------
    ModelError
        If there is none; of others, if it cannot be imported either.
    """
    path = Path(name)
    if not _is_to_be_brought(path):
        return find_model(name)
    library = cache_folder() / "models" / _key(path)
    if (library / _KEPT / RDF).exists():
        return read_package(library / _KEPT)
    with opened_model(path) as package:
        return add_to_library(_tried(package), _KEPT, library, overwrite=True)


def _tried(package: ModelPackage) -> ModelPackage:
    if not isinstance(package.info.network, ForeignNetwork):
        return package
    if package.info.network.shows == "unknown":
        raise unmet(
            "shows", "nothing that says what the output shows",
            "cell or membrane, which a person has to say when it is imported", shows="membrane",
        )  # fmt: skip
    return check(package)


def _is_to_be_brought(path: Path) -> bool:
    """Whether a path is one of a model that must be brought into our form before it is used."""
    if path.is_file() and path.suffix.lower() in (_ONNX, _ZIP):
        return True
    folder = path.parent if path.name in DESCRIPTIONS else path
    return folder.is_dir() and is_of_others(folder)


def _key(path: Path) -> str:
    """What stands for the files of a model."""
    folder = path.parent if path.name in DESCRIPTIONS else path
    files = sorted(folder.iterdir()) if folder.is_dir() else [path]
    files = [each for each in files if each.is_file()]
    known = [str(_CHANGES), *(f"{each.name} {sha256_of(each)}" for each in files)]
    return hashlib.sha256("\n".join(known).encode()).hexdigest()[:32]
