"""Files that are done in blocks: whether a person wants it."""

from __future__ import annotations

from typing import Any

from napari_emseg.core.config.blocks import BlocksConfig
from napari_emseg.io.layout.location import Location
from napari_emseg.types import AnyPath


def is_in_blocks(shared: BlocksConfig, client: Any, out: AnyPath) -> bool:
    """Whether an output is made in blocks: somebody is to do them, or it lies at an address."""
    return client is not None or shared.is_said or Location.of(out).is_remote
