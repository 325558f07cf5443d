"""Options of commands that find something out in blocks, and write no volume."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

_Command = TypeVar("_Command", bound=Callable[..., Any])


def kept_options(by_default: str) -> Callable[[_Command], _Command]:
    """Decorator: where a run in blocks is kept that makes no volume, and to begin anew."""

    def decorate(command: _Command) -> _Command:
        keep = click.option(
            "--keep", metavar="FOLDER",
            help="In blocks: a folder, or an address of s3://, that all workers reach, for what "
            f"blocks have found; it stays, to go on from. Else it lies {by_default}.",
        )  # fmt: skip
        anew = click.option(
            "--overwrite", is_flag=True,
            help="In blocks: begin anew, where what is kept was begun with something else.",
        )  # fmt: skip
        return keep(anew(command))

    return decorate


def refuse_kept(keep: str | None, overwrite: bool) -> None:
    """Raise `UsageError` where these are given, and nothing is done in blocks."""
    name = "--keep" if keep else "--overwrite" if overwrite else ""
    if name:
        raise click.UsageError(f"{name} is for blocks: it needs --workers, --scheduler or --part.")
