"""What is said of each model where they are listed."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime

from napari_emseg.model.packages.introduction import introduction
from napari_emseg.model.packages.library import shipped_folder
from napari_emseg.model.packages.package import RDF, ModelPackage
from napari_emseg.session.words import plural, voxel


@dataclass(frozen=True)
class ModelSummary:
    """A model in words.

    Parameters
    ----------
    name : str
        In the library.
    v_rand : float
        The best on what was held out, 0..1; NaN where there is none.
    measured_on : str
        What that was.
    made : str
        The day, such as ``2026-11-28``.
    parent : str
        The model that it went on from; empty where it began at random.
    data : str
        What it learned from.
    voxel_size : str
        Of that.
    is_shipped : bool
        Whether it came with the program, and stays.
    introduction : tuple of str
        All that it says of itself, a line each.
    """

    name: str
    v_rand: float
    measured_on: str
    made: str
    parent: str
    data: str
    voxel_size: str
    is_shipped: bool
    introduction: tuple[str, ...]

    @classmethod
    def of(cls, package: ModelPackage) -> ModelSummary:
        """What the package says of itself."""
        info, training = package.info, package.info.training
        made = datetime.fromtimestamp((package.folder / RDF).stat().st_mtime)
        sources, stack = training.get("sources") or [training], training.get("stack", "")
        slices = [z for each in sources for z in each.get("train_slices") or ()]
        is_shipped = package.folder.parent == shipped_folder().parent
        return cls(
            name=package.folder.name,
            v_rand=info.scores.get("val_v_rand", math.nan),
            measured_on=info.measured_on,
            made="" if is_shipped else f"{made:%Y-%m-%d}",  # else the day of the installation
            parent=info.parent or "",
            data=", ".join(
                each for each in (str(stack), slices and plural(len(slices), "slice")) if each
            ),
            voxel_size=voxel(info.voxel_size_nm),
            is_shipped=is_shipped,
            introduction=tuple(introduction(package)),
        )
