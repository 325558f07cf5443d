"""What is made of models once and kept: a folder that may be deleted at any time."""

from __future__ import annotations

from pathlib import Path

from napari_emseg.io.file_fingerprint import sha256_of
from napari_emseg.io.folders import cache_folder


def cached_for(weights: Path, name: str) -> Path:
    """Where ``name``, which is made from the file ``weights``, is kept; it need not exist yet."""
    return cache_folder() / "models" / sha256_of(weights)[:32] / name


def keep_newest(folder: Path, count: int) -> None:
    """Delete all but the newest ``count`` files of a folder; what is in use stays."""
    try:
        files = sorted(folder.iterdir(), key=lambda path: path.stat().st_mtime, reverse=True)
        for file in files[count:]:
            file.unlink(missing_ok=True)
    except OSError:  # not there, or another process is at it
        return
