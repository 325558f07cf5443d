"""Downloading the ISBI 2012 challenge's slices, checked pixel by pixel."""

from __future__ import annotations

import contextlib
import hashlib
import io
import tempfile
import zipfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, TypeAlias

import numpy as np

from napari_emseg.errors import CancelledError, DownloadError
from napari_emseg.io.disk.atomic import as_write_error, replacing_file
from napari_emseg.io.folders import cache_folder
from napari_emseg.types import ShouldStop

ISBI_URL = "https://downloads.imagej.net/ISBI-2012-challenge.zip"

ISBI_TERMS = (
    "The ISBI 2012 slices are free for the purpose of generating or testing non-commercial image "
    "segmentation software. Publications that use them cite TrakEM2 and: A. Cardona et al. (2010), "
    "An Integrated Micro- and Macroarchitectural Analysis of the Drosophila Brain by "
    "Computer-Assisted Serial Section Electron Microscopy, PLoS Biology 8(10): e1000502; and for "
    "the challenge: I. Arganda-Carreras et al. (2015), Crowdsourcing the creation of image "
    "segmentation algorithms for connectomics, Frontiers in Neuroanatomy 9:142."
)

ISBI_PIXELS_SHA256: Mapping[str, str] = {
    "train-volume.tif": "200da3d452d726e6c9ca1ce04b869d4edb727320d23b516d01cce707dc8c4760",
    "train-labels.tif": "a7cb64000a1a7e542682927e19c91339f58f9f178e0bcce4e207371116f0ca36",
    "test-volume.tif": "1b58fa7ec1d0ff9d39a855622db3ff66a97863036339b0d04be51b2f5a99b0e9",
}
"""SHA-256 of the decoded pixels, uint8 (Z, Y, X) in C order, of each file."""

Progress: TypeAlias = Callable[[int, int], None]
"""Called with bytes received and bytes in all (0 where the server does not say)."""

_TIMEOUT_S = 30
_PIECE_BYTES = 64 * 2**10
_LARGEST_MEMBER = 256 * 2**20
_WAY_OUT = (
    "check the connection and try again, or download the challenge's files by hand and open them"
)


@dataclass(frozen=True)
class Isbi2012:
    """Where the challenge's three stacks of 30 slices lie."""

    train_volume: Path
    train_labels: Path
    test_volume: Path


def isbi_download_size(url: str = ISBI_URL) -> int | None:
    """Bytes to download, asked of the server; None where it does not say.

    Raises
    ------
    DownloadError
        If the server cannot be reached, or does not have the file.
    """
    import requests

    with _as_download_error(url):
        response = requests.head(url, timeout=_TIMEOUT_S, allow_redirects=True)
        response.raise_for_status()
    return _content_length(response)


def fetch_isbi2012(
    *,
    url: str = ISBI_URL,
    folder: Path | None = None,
    hashes: Mapping[str, str] = ISBI_PIXELS_SHA256,
    progress: Progress | None = None,
    should_stop: ShouldStop | None = None,
) -> Isbi2012:
    """Download the challenge's slices, unless they are there already.

    Parameters
    ----------
    url : str
        A zip with the three TIFF stacks anywhere in it.
    folder : Path, optional
        Where to keep them; the person's cache if not given.
    hashes : mapping of str to str
        SHA-256 of the decoded pixels by file name.
    progress : callable, optional
        Called with (bytes received, bytes in all).
    should_stop : callable, optional
        Asked after each piece that was received.

    Returns
    -------
    Isbi2012
        Paths of the three checked files.

    Raises
    ------
    DownloadError
        If the server cannot be reached, or what it sends is cut off or is not the challenge's
        data; nothing of it is kept.
    WriteError
        If the files cannot be stored.
    CancelledError
        If ``should_stop`` said so; nothing is kept.

    Examples
    --------
    >>> import napari_emseg as em
    >>> paths = em.fetch_isbi2012()  # read ISBI_TERMS before
    >>> em.read_stack(paths.train_volume).shape
    (30, 512, 512)
    """
    target = _cache() if folder is None else Path(folder)
    with as_write_error(target):
        target.mkdir(parents=True, exist_ok=True)
    if not _is_complete(target, hashes, is_cache=folder is None):
        with (
            as_write_error(target),
            tempfile.TemporaryDirectory(
                prefix=".download-", dir=target, ignore_cleanup_errors=True
            ) as beside,
        ):
            archive = _download(url, Path(beside), progress, should_stop)
            _unpack(archive, url, target, hashes)
    names = ("train-volume.tif", "train-labels.tif", "test-volume.tif")
    return Isbi2012(*(target / name for name in names))


def pixels_sha256(tiff: Path | bytes) -> str | None:
    """SHA-256 of a TIFF's decoded pixels in C order; None where it cannot be decoded."""
    import tifffile

    source: Any = io.BytesIO(tiff) if isinstance(tiff, bytes) else tiff
    try:
        pixels = tifffile.imread(source)
    except (ValueError, OSError, KeyError, IndexError, TypeError, EOFError):
        return None
    return hashlib.sha256(np.ascontiguousarray(pixels).tobytes()).hexdigest()


def _cache() -> Path:
    return cache_folder() / "isbi2012"


def _is_complete(target: Path, hashes: Mapping[str, str], *, is_cache: bool) -> bool:
    """Whether all files are there and right; a wrong one is a person's own outside the cache."""
    present = {name: pixels_sha256(target / name) for name in hashes if (target / name).exists()}
    wrong = [name for name, found in present.items() if found != hashes[name]]
    if wrong and not is_cache:
        raise DownloadError(
            f"{target / wrong[0]}: exists and is not the challenge's file; choose another folder, "
            "for it is not overwritten"
        )
    return len(present) == len(hashes) and not wrong


def _download(
    url: str, folder: Path, progress: Progress | None, should_stop: ShouldStop | None
) -> Path:
    """Receive piece by piece."""
    import requests

    archive, done = folder / "isbi2012.zip", 0
    with (
        _as_download_error(url),
        requests.get(url, timeout=_TIMEOUT_S, stream=True) as response,
        archive.open("wb") as file,
    ):
        response.raise_for_status()
        total = _content_length(response)
        for piece in response.iter_content(_PIECE_BYTES):
            if should_stop is not None and should_stop():
                raise CancelledError("the download was stopped; nothing of it is kept")
            done += file.write(piece)
            if progress is not None:
                progress(done, total or 0)
    return archive


def _content_length(response: Any) -> int | None:
    length = response.headers.get("content-length", "")
    return int(length) if length.isdigit() else None


@contextlib.contextmanager
def _as_download_error(url: str) -> Iterator[None]:
    import requests

    try:
        yield
    except requests.HTTPError as error:
        raise DownloadError(f"{url}: the server answered {error}; {_WAY_OUT}") from error
    except requests.ConnectionError as error:
        raise DownloadError(f"{url}: the server cannot be reached ({error}); {_WAY_OUT}") from error
    except requests.RequestException as error:
        raise DownloadError(f"{url}: the download was cut off ({error}); {_WAY_OUT}") from error


def _unpack(archive: Path, url: str, target: Path, hashes: Mapping[str, str]) -> None:
    """Check all members first, then store them under our own names: a zip's paths are not used."""
    try:
        with zipfile.ZipFile(archive) as zipped:
            contents = {name: _member(zipped, name, url) for name in hashes}
    except (zipfile.BadZipFile, EOFError, NotImplementedError, RuntimeError) as error:
        raise DownloadError(f"{url}: sent no whole zip file ({error}); {_WAY_OUT}") from error
    for name, content in contents.items():
        if pixels_sha256(content) != hashes[name]:
            raise DownloadError(
                f"{url}: its {name} does not have the pixels of the challenge; nothing was kept; "
                f"{_WAY_OUT}"
            )
    for name, content in contents.items():
        with replacing_file(target / name) as beside:
            beside.write_bytes(content)


def _member(zipped: zipfile.ZipFile, name: str, url: str) -> bytes:
    for info in zipped.infolist():
        bare = PurePosixPath(info.filename.replace("\\", "/")).name
        if bare.lower() == name.lower() and info.file_size <= _LARGEST_MEMBER:
            return zipped.read(info)
    raise DownloadError(f"{url}: the zip holds no {name}; {_WAY_OUT}")
