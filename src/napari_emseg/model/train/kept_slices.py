"""What is trained on, kept in files: of many large slices memory holds none."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from napari_emseg.core.train.source import NormalisedSlices, PatchSource, Source
from napari_emseg.core.train.targets import SliceTarget, Target
from napari_emseg.io.disk.kept_arrays import Arrays, KeptArrays


def kept_patches(source: Source, folder: Path) -> PatchSource:
    """Where the patches of a source come from; what is made for them is kept in ``folder``."""
    plain, images = source.patches, NormalisedSlices(source.images, source.resampling)

    def make_target(z: int) -> Arrays:
        taught = plain.target[z]
        return taught.classes, taught.weights

    targets = KeptArrays(
        folder / "targets", plain.target.labelled, make_target, count=2, build=SliceTarget
    )
    return replace(
        plain,
        images=KeptArrays(
            folder / "images", range(len(images)), lambda z: (images.make(z),),
            count=1, build=lambda image: image,
        ),
        target=Target(plain.target.shape, targets),
    )  # fmt: skip
