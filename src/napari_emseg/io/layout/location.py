"""Where a stack is: a path or an address, and which part of it, as one text.

``volume.h5::/volumes/raw`` is a data set, ``image.zarr::1`` a level, ``image.tif::c=0`` a channel,
``image.npy::yxz`` says the order of the axes.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from napari_emseg.errors import WriteError
from napari_emseg.types import AnyPath

SEPARATOR = "::"
"""Stands between a path and which part of it is meant."""

# a `Path` makes one slash of the two
_ADDRESS = re.compile(r"^(precomputed:/{1,2})?(https?|s3|gs):/{1,2}(?=[^/])")
_CHANNEL = re.compile(r"c=(\d+)")


@dataclass(frozen=True)
class Location:
    """A path or an address, and what is meant of it.

    Parameters
    ----------
    place : str
        Path of a file or folder, or an address.
    part : str
        Path of a data set within, or the number of a level; empty for the only or the first one.
    axes : str
        ``zyx``, or ``yxc``, in the order in which they are stored; empty where the file is to say.
    channel : int, optional
        The channel to take.
    """

    place: str
    part: str = ""
    axes: str = ""
    channel: int | None = None

    @classmethod
    def of(cls, path: AnyPath) -> Location:
        """Take a text apart; a file that is called so as a whole counts as one."""
        text = os.fspath(path)
        if SEPARATOR not in text or Path(text).exists():
            return cls(_address(text))
        place, *pieces = text.split(SEPARATOR)
        axes = next(filter(_are_axes, pieces), "")
        channel = next(filter(None, map(_CHANNEL.fullmatch, pieces)), None)
        rest = [each for each in pieces if each != axes and not _CHANNEL.fullmatch(each)]
        return cls(
            _address(place),
            "/".join(each.strip("/") for each in rest),
            axes.lower(),
            None if channel is None else int(channel[1]),
        )

    @property
    def is_remote(self) -> bool:
        """Whether it is an address, and no path of this machine."""
        return _ADDRESS.match(self.place) is not None

    @property
    def path(self) -> Path:
        """The place as a path."""
        return Path(self.place)

    def __str__(self) -> str:
        """The text that `of` takes apart, with an absolute path."""
        place = self.place if self.is_remote else str(self.path.resolve())
        channel = "" if self.channel is None else f"c={self.channel}"
        return SEPARATOR.join(filter(None, (place, self.part, self.axes, channel)))

    def version(self) -> str:
        """The text, and when the file or folder was changed: what a result depends on.

        Raises
        ------
        OSError
            If it is not there. Of an address nothing is asked.
        """
        if self.is_remote:
            return str(self)
        changed = datetime.fromtimestamp(self.path.stat().st_mtime, UTC)
        return f"{self} of {changed.isoformat()}"


def _are_axes(piece: str) -> bool:
    letters = set(piece.lower())
    return {"y", "x"} < letters <= set("tczyx") and len(letters) == len(piece)


def _address(place: str) -> str:
    return _ADDRESS.sub(lambda found: f"{'precomputed://' if found[1] else ''}{found[2]}://", place)


def place_to_write(path: AnyPath) -> AnyPath:
    """A path to write to; of ``image.zarr::labels/cells`` the folder that is meant.

    Raises
    ------
    WriteError
        If it is an address, or says what only a reader can choose.
    """
    where = Location.of(path)
    if where.is_remote:
        raise WriteError(f"{where.place}: expected a path of this machine, received an address")
    if where.part and not where.axes and where.channel is None and where.part.startswith("labels/"):
        return where.path / where.part
    if where.part or where.axes or where.channel is not None:
        raise WriteError(
            f"{os.fspath(path)}: expected a path to write to, received one with {SEPARATOR}; only "
            f"labels are written into an image, as in image.zarr{SEPARATOR}labels/cells"
        )
    return path
