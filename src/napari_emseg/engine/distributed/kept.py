"""Where a run in blocks is kept that makes no volume, until its result is there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from napari_emseg.io.volumes.ledger import BLOCKS, join_run, refuse_to_remove
from napari_emseg.io.volumes.place import Place
from napari_emseg.types import AnyPath


@contextmanager
def kept_run(
    keep: AnyPath | None, beside: AnyPath | None = None, *, stays: bool = False
) -> Iterator[Place]:
    """The place of a run; unless a person has named it, it is removed at the end.

    Parameters
    ----------
    keep : path, optional
        A folder or an address that all who do blocks reach: what they find lies there, in a folder
        of its own, and stays.
    beside : path, optional
        Else it lies beside this file, and stays after an error or a stop, to go on from; without
        one it is a temporary folder of this machine.
    stays : bool
        Whether it stays beside that file at the end as well: others are at it, too.
    """
    if keep is not None:
        yield Place.of(keep) / BLOCKS
    elif beside is None:
        with TemporaryDirectory(prefix="napari-emseg-") as folder:
            yield Place(folder)
    else:
        path = Path(beside).absolute()
        place = Place(str(path.with_name(f".{path.name}{BLOCKS}")))
        yield place
        if not stays:
            place.remove()


def begin(
    place: Place, about: Mapping[str, Any], *, joins: bool = False, overwrite: bool = False
) -> None:
    """Begin a run, or go on with the one that is there.

    Parameters
    ----------
    place : Place
        Of `kept_run`.
    about : mapping
        What the result depends on, for JSON.
    joins : bool
        Whether others may be at it already, as parts of a run are.
    overwrite : bool
        Begin anew in any case.

    Raises
    ------
    WriteError
        If the one that is there was begun with something else, or others may be at it that is to
        be removed.
    """
    refuse_to_remove(place, joins=joins, overwrite=overwrite)
    if overwrite:
        place.remove()
    join_run(place, about)
