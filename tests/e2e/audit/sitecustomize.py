"""Notes what every Python process under it writes, deletes and connects to; see `test_private.py`.

Python imports it by itself, from ``PYTHONPATH``, in whatever process a program starts.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

_CHANGES = {
    "os.link", "os.mkdir", "os.remove", "os.rename", "os.rmdir", "os.symlink", "os.truncate",
}  # fmt: skip
_NETWORK = {
    "socket.bind", "socket.connect", "socket.getaddrinfo", "socket.gethostbyaddr",
    "socket.gethostbyname", "socket.sendmsg", "socket.sendto",
}  # fmt: skip
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC

_log = os.open(os.environ["EMSEG_AUDIT"], os.O_WRONLY | os.O_APPEND | os.O_CREAT)


def _note(event: str, args: tuple[Any, ...]) -> None:
    if event == "open":
        path, _, flags = args
        if not isinstance(path, int) and flags & _WRITING:
            _write(event, [_place(path)])
    elif event in _CHANGES:
        folder = args[-1] if isinstance(args[-1], int) else -1
        paths = [each for each in args if isinstance(each, (str, bytes, os.PathLike))]
        _write(event, [_place(each, folder) for each in paths])
    elif event in _NETWORK:
        _write(event, [str(each) for each in args if isinstance(each, (str, tuple))])


def _place(path: Any, folder: int = -1) -> str:
    """Where a path leads, seen from an open folder, or from where the process is."""
    here = Path.cwd() if folder < 0 else Path(f"/proc/self/fd/{folder}").readlink()
    return os.path.normpath(here / os.fsdecode(path))


def _write(event: str, places: list[str]) -> None:
    os.write(_log, (json.dumps([event, places, sys.argv[:3]]) + "\n").encode())


sys.addaudithook(_note)
