"""What zip files hold, whose maker may be a stranger."""

from __future__ import annotations

import json
import lzma
import zipfile
import zlib
from typing import Any

ZIP_DAMAGE = (
    zipfile.BadZipFile, zlib.error, lzma.LZMAError, OSError, EOFError, ValueError, LookupError,
    RuntimeError,  # needs a password, or a way of packing that is not known
)  # fmt: skip
"""What comes of reading a zip file that is damaged."""


def json_in(archive: zipfile.ZipFile, name: str, largest: int) -> Any:
    """What a JSON in a zip file holds, of so many bytes at most when unpacked.

    Raises
    ------
    ZIP_DAMAGE
        If it is not there, is larger, nested too deeply, or no JSON.
    """
    size = archive.getinfo(name).file_size
    if size > largest:
        raise ValueError(f"{name} has {size} bytes, more than {largest}")
    try:
        return json.loads(archive.read(name))
    except RecursionError as error:
        raise ValueError(f"{name} is nested too deeply") from error
