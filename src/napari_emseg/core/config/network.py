"""Settings of the network."""

from __future__ import annotations

from dataclasses import dataclass

from napari_emseg.core.classes import class_names
from napari_emseg.core.config.setting import Config, setting
from napari_emseg.errors import SettingError

USUAL_FILTERS = 16
"""Of the first level, where nobody names another number; see ``docs/recipes.md``."""


@dataclass(frozen=True)
class NetworkConfig(Config):
    """Shape of the U-Net."""

    depth: int = setting(
        4, "Number of times the network halves the image.", ge=1, le=6, label="Times it halves"
    )
    base_filters: int = setting(
        0,
        "Filters of the first level; doubled at each deeper one. 0 takes 16, or 8 where a new "
        "network has half an hour or less, and this machine could learn but little with 16.",
        ge=0,
        le=128,
        label="Filters at first",
        zero="automatic",
    )
    residual: bool = setting(True, "Add each block's input to its output.", label="Residual blocks")
    normalisation: str = setting(
        "batch",
        "What is normalised after each convolution: each feature over the batch, all features of "
        "a pixel (layer), or nothing.",
        choices=("batch", "layer", "none"),
    )
    dropout: float = setting(
        0.0, "Fraction of the deepest level's features left out while training.", ge=0, le=0.9
    )
    input_slices: int = setting(
        1,
        "Slices that the network sees: 1, or 3 to see the neighbours.",
        ge=1,
        le=3,
        label="Slices seen at once",
    )
    classes: int = setting(
        2,
        "Classes that the network tells apart: 2 are membrane and cell; more are painted as "
        "scribbles 3, 4, ... within cells.",
        ge=2,
        le=16,
    )
    class_names: str = setting(
        "",
        "What the classes are called, in order and with commas between, such as "
        "membrane,cell,mitochondrion; empty for membrane, cell, class 3 and so on.",
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        self._check_names()
        if self.input_slices % 2 == 0:
            raise SettingError(f"input_slices: expected 1 or 3, received {self.input_slices}")

    def _check_names(self) -> None:
        names = self.names
        if len(names) != self.classes:
            raise SettingError(
                f"class_names: expected {self.classes} names, one a class, received {len(names)} "
                f"({', '.join(names)}); name each, or set classes to {len(names)}"
            )
        if not all(names) or len(set(names)) < len(names):
            raise SettingError(
                f"class_names: expected a name of its own for each class, received "
                f"{self.class_names!r}"
            )

    @property
    def names(self) -> tuple[str, ...]:
        """What the classes are called, in order."""
        if not self.class_names.strip():
            return class_names(self.classes)
        return tuple(name.strip() for name in self.class_names.split(","))

    @property
    def first_filters(self) -> int:
        """Filters of the first level."""
        return self.base_filters or USUAL_FILTERS

    @property
    def multiple(self) -> int:
        """Height and width that the network takes are multiples of this, in pixels."""
        return int(2**self.depth)

    @property
    def channels(self) -> int:
        """Channels that come out: the probability of cell, or of each of more than two classes."""
        return 1 if self.classes == 2 else self.classes

    @property
    def before(self) -> None:
        """What is done to grey values before: nothing else than `core.normalise` does."""
        return None

    @property
    def tile_px(self) -> int:
        """Height and width of the only tiles that the network takes: it takes any."""
        return 0

    @property
    def reach(self) -> int:
        """How far an output pixel sees, in pixels.

        Two 3 x 3 convolutions on every level, going down and up, and the pooling between them.
        """
        pooled = self.multiple - 1
        return 2 * pooled + 2 * self.multiple + 2 * pooled + pooled

    def slices_seen(self, z: int, total: int) -> list[int]:
        """Slices that go in to predict slice ``z`` of ``total``, with ``z`` in their middle.

        At the ends of the stack the edge slice stands in for what is missing.
        """
        return slices_seen(z, total, self.input_slices)


def slices_seen(z: int, total: int, count: int) -> list[int]:
    """As many as ``count`` slices of ``total``, with ``z`` in their middle; see `NetworkConfig`."""
    side = count // 2
    return [min(max(seen, 0), total - 1) for seen in range(z - side, z + side + 1)]
