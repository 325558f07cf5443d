"""Settings of work that is done in blocks."""

from __future__ import annotations

import re
from dataclasses import dataclass

from napari_emseg.core.config.setting import Config, setting
from napari_emseg.errors import SettingError

_PART = re.compile(r"(\d+)/(\d+)")


@dataclass(frozen=True)
class BlocksConfig(Config):
    """Who does a volume that is done in blocks; a volume that is written is an OME-Zarr then."""

    workers: int = setting(
        0,
        "Do the volume in blocks, by so many processes of this machine; one for each GPU, where it "
        "has any.",
        ge=0,
        le=1024,
    )
    scheduler: str = setting(
        "", "Do it in blocks, by the workers of the Dask cluster at this address: tcp://HOST:8786."
    )
    scheduler_file: str = setting(
        "", "The same, of the cluster that has written its address to this file."
    )
    part: str = setting(
        "",
        "Do it in blocks, and of these only one part, such as 3/16: jobs of an array share a "
        "volume without Dask, by where OUT is alone.",
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        said = [name for name, value in self.to_dict().items() if value]
        if len(said) > 1:
            raise SettingError(
                f"{said[0]}: expected one of workers, scheduler, scheduler_file and part, received "
                f"{' and '.join(said)}"
            )
        found = _PART.fullmatch(self.part)
        if self.part and not (found and 1 <= int(found[1]) <= int(found[2])):
            raise SettingError(
                f"part: expected which of how many, such as 3/16, received {self.part!r}"
            )

    @property
    def is_said(self) -> bool:
        """Whether it is to be done in blocks."""
        return self != BlocksConfig()

    @property
    def is_cluster(self) -> bool:
        """Whether workers of Dask do it."""
        return bool(self.workers or self.scheduler or self.scheduler_file)

    @property
    def share(self) -> tuple[int, int]:
        """Which part of how many, from 1 on."""
        part, _, of = (self.part or "1/1").partition("/")
        return int(part), int(of)
