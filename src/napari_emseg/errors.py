"""What can go wrong, by cause.

Every error that a person can meet and mend is an `EmsegError`; its message names the argument,
what was received, and what to do. Anything else that is raised is a bug of ours and keeps its
traceback.
"""

from __future__ import annotations


class EmsegError(Exception):
    """Root of all errors that a person can mend; the message is shown without a traceback."""


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
