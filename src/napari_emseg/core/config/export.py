"""Settings of what is made of cells for other programs."""

from __future__ import annotations

from dataclasses import dataclass

from napari_emseg.core.config.setting import Config, setting

SURFACES = ("ply", "obj", "stl")
"""Forms of which each cell is a file."""

FORMS = (*SURFACES, "roi", "precomputed")


@dataclass(frozen=True)
class SurfaceConfig(Config):
    """How the surface of a cell is made."""

    smooth: int = setting(
        10,
        "Rounds of smoothing, which takes away steps of the voxels and keeps the volume; 0 keeps "
        "every step.",
        label="Smoothing",
        ge=0,
        le=200,
    )


@dataclass(frozen=True)
class ExportConfig(Config):
    """What is written of cells, and of which."""

    form: str = setting(
        "ply",
        "ply, obj, stl: the surface of each cell, a file each; roi: outlines in every slice, a zip "
        "for ImageJ; precomputed: a segmentation with surfaces for neuroglancer.",
        choices=FORMS,
    )
    least_voxels: int = setting(
        1,
        "Leave out cells of fewer voxels.",
        unit="voxels",
        label="Smallest cell",
        ge=1,
        le=1_000_000_000,
    )
