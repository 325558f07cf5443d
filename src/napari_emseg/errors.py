"""What can go wrong, by cause.

Every error that a person can meet and mend is an `EmsegError`; its message names the argument,
what was received, and what to do. Anything else that is raised is a bug of ours and keeps its
traceback.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

EXTRA_OF = {
    "matplotlib": "report",
    **dict.fromkeys(("bokeh", "dask_jobqueue", "distributed"), "cluster"),
    **dict.fromkeys(("aiohttp", "roifile", "rsciio", "s3fs", "tensorstore"), "formats"),
    "torch": "torch",
    **dict.fromkeys(("bioimageio", "keras", "nncf", "onnx", "tensorflow", "tf2onnx"), "train"),
    **dict.fromkeys(
        (
            "magicgui", "napari", "npe2", "psygnal", "pyvirtualdisplay", "qtpy",
            "requests", "superqt",
        ),
        "window",
    ),
}  # fmt: skip
"""The extra of our package that brings each package which is not installed with it."""


_LONGEST_REASON = 300


class EmsegError(Exception):
    """Root of all errors that a person can mend; the message is shown without a traceback.

    Parameters
    ----------
    message : str
        In words that hold in the window, in a terminal and in a script.
    **settings
        Those that would mend it, such as ``overwrite=True``; the command line names its options of
        the same names.
    """

    def __init__(self, message: str = "", **settings: Any) -> None:
        super().__init__(message)
        self.settings = settings


class ReadError(EmsegError):
    """An input file or folder cannot be read as a stack."""


class WriteError(EmsegError):
    """An output cannot be written (folder missing, disk full, unknown ending)."""


class ShapeError(EmsegError):
    """Arrays do not have the shape, or do not fit one another, as needed."""


class LabelsError(EmsegError):
    """Labels cannot be understood as the meaning that was given."""


class SettingError(EmsegError):
    """A setting is outside its range or of the wrong type."""


class ModelError(EmsegError):
    """A model package is missing, damaged, or does not fit."""


class DeviceError(EmsegError):
    """A device that was asked for is not there or cannot be used."""


class MemoryShortError(EmsegError):
    """Memory is too short for what was asked, however small the pieces."""


class DownloadError(EmsegError):
    """A download failed or is not what it should be."""


class DisplayError(EmsegError):
    """No display can be opened for the window."""


class WorkerError(EmsegError):
    """The worker process could not be started, or ended before its job was done."""


class CancelledError(EmsegError):
    """A person stopped the job; what was finished is kept."""


class MissingPackageError(EmsegError):
    """A package is needed that is not installed unless asked for; the message says how."""


@contextmanager
def as_read_error(place: object) -> Iterator[None]:
    """Name the file over whose bytes a decoder trips: these raise errors of any kind.

    Raises
    ------
    ReadError
        In place of what is none of our errors; it stays the cause.
    MemoryShortError
        If memory is too short for what the file says that it holds.
    """
    try:
        yield
    except (EmsegError, AssertionError):
        raise
    except MemoryError as error:
        raise MemoryShortError(
            f"{place}: memory is too short for what it says that it holds; check the file, crop "
            "it, or close other programs"
        ) from error
    except Exception as error:
        said = " ".join(str(error).split())[:_LONGEST_REASON]
        raise ReadError(
            f"{place}: cannot be read, it is truncated or damaged ({type(error).__name__}: "
            f"{said}); copy or download it again"
        ) from error


@contextmanager
def naming_extras() -> Iterator[None]:
    """Name the command that adds an optional package, where one turns out to be missing.

    Raises
    ------
    MissingPackageError
        In place of the `ImportError` of a package of `EXTRA_OF`, or of a missing Qt binding.
    """
    try:
        yield
    except ImportError as error:
        missing = (error.name or "").partition(".")[0]
        if type(error).__name__ == "QtBindingsNotFoundError":  # qtpy is there, Qt is not
            raise _missing("a Qt binding", "all") from error
        if not isinstance(error, ModuleNotFoundError) or missing not in EXTRA_OF:
            raise
        raise _missing(missing, EXTRA_OF[missing]) from error


def _missing(what: str, extra: str) -> MissingPackageError:
    return MissingPackageError(
        f'{what} is not installed, which this needs; run: pip install "napari-emseg[{extra}]"'
    )
