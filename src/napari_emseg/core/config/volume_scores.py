"""Settings of the scores of a volume."""

from __future__ import annotations

from dataclasses import dataclass

from napari_emseg.core.config.setting import Config, setting


@dataclass(frozen=True)
class VolumeScoresConfig(Config):
    """How the cells of a volume are scored."""

    foreground: str = setting(
        "snemi3d",
        "Which voxels count. snemi3d: those of a true cell. cremi: of these, those further in "
        "their slice from the border of the cell than border_nm, and the CREMI challenge's own "
        "Rand error.",
        choices=("snemi3d", "cremi"),
    )
    border_nm: float = setting(
        25.0,
        "With the foreground cremi: pixels this near to a border of true cells do not count.",
        unit="nm",
        ge=0,
        le=1000,
    )
    error_radius_px: float = setting(
        3.0,
        "A piece of a cell counts as split off, or as merged with another, if a disc of this "
        "radius fits into it in some slice; less is a border that lies elsewhere.",
        unit="px",
        ge=1,
        le=100,
    )
    worst: int = setting(
        50, "How many of the worst mergers and splits are listed.", ge=0, le=1_000_000
    )
