"""The models that a person has, and those that ship; listed without loading keras."""

from __future__ import annotations

import contextlib
import logging
import re
import shutil
import tempfile
import zipfile
from collections.abc import Iterator
from importlib.resources import files
from itertools import chain, count
from pathlib import Path

from napari_emseg.errors import ModelError, WriteError
from napari_emseg.io.disk.atomic import (
    as_write_error,
    remove_folder,
    replacing_file,
    replacing_folder,
)
from napari_emseg.io.disk.exchange import recover_replaced
from napari_emseg.io.disk.lock import HeldError, Lock
from napari_emseg.io.folders import library_folder
from napari_emseg.model.packages.arrival import plain_files, unpack
from napari_emseg.model.packages.package import (
    DESCRIPTIONS,
    EDGES,
    INT8_VALUES,
    INT8_WEIGHTS,
    ONNX_WEIGHTS,
    RDF,
    REHEARSAL_FILE,
    WEIGHTS,
    ModelPackage,
    read_package,
    require_as_described,
)

DEFAULT = "default"
"""Name of the model that is taken unless another is named."""

SHIPPED = (DEFAULT, "isbi2012", "mitochondria")
"""Names of the models that ship."""

_RUN_PACKAGE = "package"
"""Name of the folder, in that of a training, that holds its model."""

_NAME = re.compile(r"[^.\W][\w .,()+-]*")
"""What a model may be called: it becomes a folder on any system."""
_log = logging.getLogger(__name__)


class NameTakenError(ModelError):
    """A model of that name is in the library."""


def shipped_folder(name: str = DEFAULT) -> Path:
    """Package folder of a model that ships."""
    return Path(str(files("napari_emseg"))) / "models" / name


def package_folders() -> list[Path]:
    """Folders of the models that ship, then those of the library by name."""
    # a leading dot marks what a package that is being written leaves behind when it is interrupted
    recover_replaced(library_folder())
    own = library_folder().glob("[!.]*/")
    return [
        *map(shipped_folder, SHIPPED),
        *sorted(each for each in own if each.name not in SHIPPED),
    ]


def list_models() -> list[ModelPackage]:
    """The models that ship, then those of the library by name; damaged ones are left out."""
    packages = []
    for folder in package_folders():
        if not (folder / RDF).exists():
            continue
        try:
            packages.append(read_package(folder))
        except ModelError as error:
            _log.warning("%s", error)
    return packages


def find_model(name: str) -> ModelPackage:
    """A model by its name in the library, or by the path of its package.

    Raises
    ------
    ModelError
        If there is none.
    """
    if name in SHIPPED:
        return read_package(shipped_folder(name))
    if (folder := package_folder(name)) is not None:
        return read_package(folder)
    known = ", ".join(package.folder.name for package in list_models()) or "none"
    raise ModelError(
        f"model: there is no model {name!r}; known are {known}, or give a package's folder"
    )


def package_folder(name: str) -> Path | None:
    """Where the package lies that is called so, or lies at this path; None if there is none."""
    places = (library_folder() / name, Path(name), Path(name) / _RUN_PACKAGE)
    return next((folder for folder in places if (folder / RDF).exists()), None)


def model_or_default(name: str) -> ModelPackage:
    """A model as `find_model` has it; the default where it is not on this machine."""
    try:
        return find_model(name)
    except ModelError:
        return find_model(DEFAULT)


def name_of(package: ModelPackage) -> str:
    """What a person knows a model by: its name in the library, elsewhere what it calls itself."""
    listed = package.folder.parent in (library_folder(), shipped_folder().parent)
    return package.folder.name if listed else package.info.name


def import_package(
    source: str | Path,
    name: str | None = None,
    *,
    overwrite: bool = False,
    library: Path | None = None,
) -> ModelPackage:
    """Copy a model of ours into the library; `model.foreign.arrival` takes those of others, too.

    Parameters
    ----------
    source : str or Path
        A package's folder or the ``rdf.yaml`` in it, the run folder of a training, or a package as
        a zip file.
    name : str, optional
        What to call it; as the package does by default.
    overwrite : bool
        Replace a model of that name.
    library : Path, optional
        Folder of another library than the person's.

    Raises
    ------
    ModelError
        If there is no model of ours, or the name is taken or not possible.
    WriteError
        If the library cannot be written.
    """
    with opened_files(source) as folder:
        return add_to_library(checked_package(folder), name, library, overwrite=overwrite)


def import_under_free_name(
    source: str | Path, wanted: str, library: Path | None = None
) -> ModelPackage:
    """As `import_package`, by ``wanted`` or the next name like it that no window takes."""
    while True:
        try:
            return import_package(source, free_name(wanted, library), library=library)
        except (NameTakenError, HeldError) as error:
            _log.debug("another window was faster: %s", error)


@contextlib.contextmanager
def opened_files(source: str | Path) -> Iterator[Path]:
    """The folder of a package as `import_package` takes it: plain files of modest size.

    Raises
    ------
    ModelError
        If there is none, or it holds what no model needs.
    """
    source = _without_description(Path(source))
    with tempfile.TemporaryDirectory() as unpacked:
        if source.is_file():
            unpack(source, Path(unpacked))
            yield Path(unpacked)
            return
        folder = package_folder(str(source))
        if folder is None and not any((source / each).is_file() for each in DESCRIPTIONS):
            folder = find_model(str(source)).folder  # one that ships, or none
        plain_files(folder or source)
        yield folder or source


def checked_package(folder: Path) -> ModelPackage:
    """A package from strangers: its weights are those that its description names; not loaded.

    Raises
    ------
    ModelError
        If there is no model of ours, or it is damaged.
    """
    package = read_package(folder)
    for name in (WEIGHTS, ONNX_WEIGHTS, INT8_WEIGHTS, INT8_VALUES, EDGES):
        if name == package.weights.name or (folder / name).exists():
            require_as_described(package, name)
    return package


def export_model(name: str | Path, out: str | Path, *, overwrite: bool = False) -> None:
    """Write a model to ``out``: a zip file, or a folder where its ending is another.

    Pixels of the person's that a training kept, to rehearse them, are left out.

    Parameters
    ----------
    name : str or Path
        Of a model of the library, or the path of a package or of a training's run folder.
    out : str or Path
        Where to.
    overwrite : bool
        Replace what is there.

    Raises
    ------
    ModelError
        If there is no such model.
    WriteError
        If ``out`` exists, or cannot be written.

    Examples
    --------
    >>> import napari_emseg as em
    >>> em.export_model("default", "default.zip")
    >>> em.import_model("default.zip", "a copy").info.threshold
    0.6
    """
    folder, out = find_model(str(name)).folder, Path(out)
    if out.exists() and not overwrite:
        raise WriteError(
            f"{out}: exists already; choose another place, or allow to overwrite it",
            overwrite=True,
        )
    if out.suffix.lower() != ".zip":
        with replacing_folder(out) as beside:
            ours = shutil.ignore_patterns(REHEARSAL_FILE)
            shutil.copytree(folder, beside, dirs_exist_ok=True, ignore=ours)
        return
    with replacing_file(out) as beside, zipfile.ZipFile(beside, "w", zipfile.ZIP_DEFLATED) as file:
        for each in sorted(folder.iterdir()):
            if each.name != REHEARSAL_FILE:
                file.write(each, each.name)


def remove_model(name: str) -> None:
    """Delete a model from the library.

    Raises
    ------
    ModelError
        If it is not in the library; those that ship are not.
    WriteError
        If it cannot be deleted.
    """
    folder = library_folder() / name
    if not (_NAME.fullmatch(name) and (folder / RDF).exists()):
        raise ModelError(f"model: {name!r} is not in your library, {library_folder()}")
    remove_folder(folder)


def rename_model(name: str, new: str) -> None:
    """Call a model of the library otherwise.

    Raises
    ------
    ModelError
        If it is not in the library, or the new name is taken or not possible.
    WriteError
        If its folder cannot be renamed.
    """
    require_name(new)
    folder, wanted = library_folder() / name, library_folder() / new
    if not (_NAME.fullmatch(name) and (folder / RDF).exists()):
        raise ModelError(f"model: {name!r} is not in your library, {library_folder()}")
    if wanted.exists():
        raise ModelError(f"name: there is a model {new!r} already; give another name")
    with as_write_error(folder):
        folder.rename(wanted)


def require_name(name: str) -> None:
    """Raise `ModelError` where a model of the library cannot be called ``name``."""
    if name in SHIPPED or not _NAME.fullmatch(name):
        raise ModelError(
            f"name: {name!r} is not possible, or that of a model that ships; give another, of "
            "letters, digits, blanks and any of _.,()+-"
        )


def free_name(wanted: str, library: Path | None = None) -> str:
    """``wanted``, with the next number behind it where a model of that name is in the library."""
    library = library or library_folder()
    unnumbered = re.sub(r" \d+$", "", wanted)
    names = chain([wanted], (f"{unnumbered} {k}" for k in count(2)))
    return next(name for name in names if name not in SHIPPED and _is_free(library / name))


def name_of_source(source: Path) -> str:
    """What a model may be called that comes from a file or folder, as `import_package` takes it."""
    source = _without_description(source.absolute())
    if source.name == _RUN_PACKAGE and source.parent.name:  # as every training calls it
        source = source.parent
    return source.stem if source.suffix.lower() in (".zip", ".onnx") else source.name


def _without_description(source: Path) -> Path:
    """The folder of a package where a person has chosen the description in it."""
    return source.parent if source.name in DESCRIPTIONS else source


def _is_free(folder: Path) -> bool:
    return not folder.exists() and _lock(folder).holder is None


def _lock(folder: Path) -> Lock:
    """Two windows may bring in models at once."""
    return Lock(folder, is_folder=False, by="import", what="model")


def add_to_library(
    package: ModelPackage, name: str | None, library: Path | None, *, overwrite: bool
) -> ModelPackage:
    """Copy a package that was checked into the library, as `import_package` does."""
    library = library or library_folder()
    name = package.info.name if name is None else name
    require_name(name)
    folder = library / name
    with _lock(folder):
        if folder.exists() and not overwrite:
            raise NameTakenError(
                f"name: there is a model {name!r} already; give another name, or allow to replace "
                "it",
                overwrite=True,
            )
        with replacing_folder(folder) as beside:
            for file in plain_files(package.folder):
                shutil.copyfile(file, beside / file.name)
    return read_package(folder)
