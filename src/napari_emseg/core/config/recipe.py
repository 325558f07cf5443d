"""All that decides what comes out of a training, beside the data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from napari_emseg.core.config.augmentation import AugmentConfig
from napari_emseg.core.config.network import NetworkConfig
from napari_emseg.core.config.training import TrainConfig
from napari_emseg.errors import SettingError


@dataclass(frozen=True)
class Recipe:
    """All that decides what comes out of a training, beside the data."""

    network: NetworkConfig = NetworkConfig()
    augment: AugmentConfig = AugmentConfig()
    train: TrainConfig = TrainConfig()

    def __post_init__(self) -> None:
        if self.train.patch_size % self.network.multiple:
            raise SettingError(
                f"patch_size: expected a multiple of {self.network.multiple} px for a network of "
                f"depth {self.network.depth}, received {self.train.patch_size}"
            )

    def to_dict(self) -> dict[str, dict[str, Any]]:
        """Plain values, one group per config."""
        return asdict(self)

    @classmethod
    def from_dict(cls, groups: Mapping[str, Mapping[str, Any]]) -> Recipe:
        """Build from what `to_dict` gave; a group that is missing has its defaults."""
        known = [each.name for each in fields(cls)]
        if unknown := sorted(set(groups) - set(known)):
            raise SettingError(
                f"Recipe: unknown group {', '.join(unknown)}; known are {', '.join(known)}"
            )
        return cls(
            NetworkConfig.from_dict(groups.get("network", {})),
            AugmentConfig.from_dict(groups.get("augment", {})),
            TrainConfig.from_dict(groups.get("train", {})),
        )
