"""What window and worker process say to each other, and how it crosses the pipe.

Each message is a mark, its length and its pickle. So what does not belong there (a line that a
library prints) is known for what it is at once; to a bare pickle it may look like the beginning of
one of a gigabyte, and the reader would wait for the rest for ever.
"""

from __future__ import annotations

import pickle
import struct
from dataclasses import dataclass
from typing import IO, Any

from napari_emseg.engine.jobs import Job
from napari_emseg.errors import WorkerError
from napari_emseg.types import Event

_MARK = b"\x00emseg\x00\x01"
_HEADER = struct.Struct(f"<{len(_MARK)}sQ")


@dataclass(frozen=True)
class Submit:
    """Do this job; its events will carry the number."""

    number: int
    job: Job


@dataclass(frozen=True)
class Cancel:
    """Stop the job with this number at the next chance."""

    number: int


@dataclass(frozen=True)
class Told:
    """What has happened to the job with this number."""

    number: int
    event: Event


def write_message(pipe: IO[bytes], message: object) -> None:
    """Write one, whole or, where it cannot be pickled, not at all; `OSError` if nobody listens."""
    content = pickle.dumps(message)
    pipe.write(_HEADER.pack(_MARK, len(content)) + content)
    pipe.flush()


def read_message(pipe: IO[bytes]) -> Any:
    """Wait for the next one.

    Raises
    ------
    EOFError
        If the other side has closed the pipe.
    WorkerError
        If what comes is no message, or none of this version. Nothing can be read after it.
    """
    header = _read(pipe, _HEADER.size)
    mark, size = _HEADER.unpack(header)
    if mark != _MARK:
        raise WorkerError(f"expected a message, received {header!r}")
    content = _read(pipe, size)
    try:
        return pickle.loads(content)
    except Exception as error:  # whatever a class that is missing or has changed may raise
        raise WorkerError(
            f"a message of another version ({type(error).__name__}: {error})"
        ) from error


def _read(pipe: IO[bytes], size: int) -> bytes:
    content = pipe.read(size)
    if len(content) < size:
        raise EOFError
    return content
