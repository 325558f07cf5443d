"""A probability, and what is made of it by rules which a person moves: mask, cells, classes."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from psygnal import Signal

from napari_emseg.core.config.cells import CellsConfig
from napari_emseg.core.config.prediction import MaskConfig
from napari_emseg.engine.segment.volume import is_followed
from napari_emseg.session.prediction.layers import GrowingLayer, SourceImage
from napari_emseg.session.prediction.results import Changes, ResultMaker, SliceResults
from napari_emseg.session.prediction.rules import Kinds, Rules
from napari_emseg.session.prediction.volume import Cut, VolumeFollower

if TYPE_CHECKING:
    from napari_emseg.core.label_images import CellIds
    from napari_emseg.core.segment.cell_count import CellCount
    from napari_emseg.io.scratch import Scratch
    from napari_emseg.model.packages.package import ModelPackage
    from napari_emseg.session.executor import Executor
    from napari_emseg.session.prediction.prediction import PredictionSettings


class ShownPrediction:
    """What one model says of one image, as far as its slices are predicted.

    Cells are linked from slice to slice at first; once no more slices come they are followed
    through the volume, and take the place of those. A result that a person has edited is never
    written to again.

    Parameters
    ----------
    image : SourceImage
        The source.
    model : str
        Folder of the model, which need not be there any more.
    threshold : float
        The model's own.
    made : float
        When it was predicted, in seconds since 1970; no two predictions share it.
    arrays : dict of str to (Z, Y, X) array
        ``probability``: float32, 0..1; ``mask``: uint8, ``cells``: uint32, and where there are more
        than two classes ``classes``: uint8, which are written to.
    layers : dict of str to GrowingLayer
        What shows each of them.
    executor : Executor
        Makes mask, cells and classes.
    scratch : Scratch
        Where the fragments of the volume lie.
    there : tuple of str
        Which results are there already, made at the model's threshold; empty where none is.
    class_names : tuple of str
        What the classes are called, membrane first; empty where these are membrane and cell alone.
    within, doubt : (Z, Y, X) uint8 array, optional
        Which class a pixel has within cells and how unsure that is (`core.classes`), where there
        are more than two.

    Attributes
    ----------
    probability, mask, cells, classes : (Z, Y, X) array
        Those arrays; without further classes there is no map of them.
    done : set of int
        Slices that are predicted.
    whole : set of int
        Those of them that are predicted as a whole, and not only where a person looked.
    settings : PredictionSettings or None
        By what they were, as far as they have it in common, and it is known.
    count : CellCount or None
        How many cells there are, when all were made that are wanted.
    counted : psygnal.Signal
        Emitted when that is another.
    following : psygnal.Signal
        Emitted with a sentence and the part that is done, 0..1 or None, while cells are followed
        through the volume; at its end with an empty sentence.
    failed : psygnal.Signal
        Emitted with what kept them from being followed.
    """

    counted = Signal()
    following = Signal(str, object)
    failed = Signal(str)

    def __init__(
        self,
        image: SourceImage,
        model: str,
        threshold: float,
        made: float,
        arrays: dict[str, Any],
        layers: Mapping[str, GrowingLayer],
        executor: Executor,
        scratch: Scratch,
        *,
        there: Kinds = (),
        class_names: tuple[str, ...] = (),
        within: npt.NDArray[np.uint8] | None = None,
        doubt: npt.NDArray[np.uint8] | None = None,
    ) -> None:
        self._image, self._pixels = image, image.pixels
        self.model, self.threshold, self.made = model, threshold, made
        self.probability: npt.NDArray[np.float32] = arrays["probability"]
        self.mask: npt.NDArray[np.uint8] = arrays["mask"]
        self.cells: npt.NDArray[np.uint32] = arrays["cells"]
        self.classes: npt.NDArray[np.uint8] = arrays.get("classes", np.zeros((0, 0, 0), np.uint8))
        self.class_names, self.within, self.doubt = class_names, within, doubt
        self._shown = layers["probability"]
        self._results = {kind: layers[kind] for kind in arrays if kind != "probability"}
        self._maker = self._new_maker(executor)
        self._volume = VolumeFollower(
            self.probability, model, scratch, executor,
            shown=self._ids_here, on_slice=self._put_cells, on_end=self._tell, on_failed=self._fail,
        )  # fmt: skip
        self._volume.said.connect(self.following.emit)
        self._rules = Rules(there, MaskConfig(threshold)) if there else None
        self._out_of_turn = self._is_released = False
        self._is_growing = self._is_interrupted = False
        self._declined: Cut | None = None
        self.done: set[int] = set()
        self.whole: set[int] = set()
        self.settings: PredictionSettings | None = None
        self.count: CellCount | None = None

    # -- what it is ------------------------------------------------------------------------

    @property
    def image(self) -> Hashable:
        """The layer that is predicted."""
        return self._image.layer

    @property
    def kinds(self) -> Kinds:
        """What can be made of it: ``mask`` and ``cells``, and of more classes ``classes``."""
        return tuple(self._results)

    @property
    def rules(self) -> Rules:
        """What is shown, and how it is made."""
        return self._rules or Rules(("mask",), MaskConfig(self.threshold))

    @property
    def is_shown(self) -> bool:
        """Whether any of its layers is still in the viewer."""
        return any(layer.is_shown for layer in self._layers)

    @property
    def is_open(self) -> bool:
        """Whether it may be written to: nobody has edited or removed a layer, or the pixels."""
        return (
            not self._maker.is_stopped
            and self._image.pixels is self._pixels
            and not any(layer.is_removed or layer.is_edited for layer in self._layers)
        )

    def can_extend(self, image: SourceImage, package: ModelPackage) -> bool:  # noqa: ARG002
        """Whether more slices of ``image`` by that model may still be added to these layers."""
        return False

    @property
    def _layers(self) -> tuple[GrowingLayer, ...]:
        return (self._shown, *self._results.values())

    # -- what is shown of it ---------------------------------------------------------------

    def when_shown(self, call: Callable[[], object]) -> None:
        """Call when all slices that are predicted so far are shown."""
        self._maker.after(call)

    def apply(self, kinds: Kinds, config: MaskConfig, cells: CellsConfig = CellsConfig()) -> bool:
        """Make the results anew from the probability, the slice that is shown first.

        Cells that are followed through the volume already are merged anew; where slices must be cut
        anew for it, they are linked from slice to slice until `follow` is called.

        Parameters
        ----------
        kinds : tuple of str
            Which layers to show, of `kinds`; where it has none of these, the mask.
        config, cells : MaskConfig and CellsConfig
            How they are made.

        Returns
        -------
        bool
            False where a person has edited one of them, so that it stays as it is.
        """
        kinds = tuple(kind for kind in kinds if kind in self.kinds) or ("mask",)
        before, self._rules = self._rules, Rules(kinds, config, cells)
        if before is None or before.kinds != kinds:
            for kind, layer in self._results.items():
                layer.open_eye(kind in kinds)
        if before != self._rules:
            self._declined = None
            if before is None or _is_made_anew(before, self._rules):
                self._out_of_turn = True
                self._make_all()
            if "cells" not in kinds:
                self._tell(None)
            if self._is_solved:
                self.follow()
            else:
                self._volume.cancel()
        return not any(self._results[kind].is_edited for kind in kinds)

    def follow(self) -> None:
        """Follow cells through the volume, where they are to be."""
        cells = self._results["cells"]
        if self._cut is not None and not (cells.is_edited or cells.is_removed):
            self._volume.follow(self._cut, self.rules)

    def stop_following(self) -> None:
        """Leave it at cells that are linked from slice to slice, until the rules change."""
        if self._volume.is_busy and not self._is_solved:
            self._declined = self._cut
            self._volume.cancel()
            self._make_all()

    def hide(self) -> None:
        """Close the eyes of its layers."""
        for layer in self._layers:
            layer.hide()

    def show(self) -> None:
        """Open those that `hide` has closed."""
        for layer in self._layers:
            layer.show()

    def remove(self) -> None:
        """Take its layers out of the viewer, save what a person has edited."""
        for work in self.removal():
            work()

    def removal(self) -> list[Callable[[], None]]:
        """What `remove` does, in works of one layer each: napari takes some 0.2 s for one."""
        return [partial(_remove_unedited, layer) for layer in self._layers] + [self.release]

    def stop(self) -> None:
        """Make no more results, until `resume`."""
        self._is_growing = False
        self._is_interrupted |= self._volume.is_busy
        self._maker.stop()
        self._volume.stop()

    def resume(self, executor: Executor) -> None:
        """Make them again, after `stop`; of no use after `release`."""
        if self._maker.is_stopped and not self._is_released:
            self._maker = self._new_maker(executor)
            self._volume.resume(executor)
            if self.is_open:
                self._begin()
            if self._is_interrupted:
                self._is_interrupted = False
                self.follow()

    def release(self) -> None:
        """Stop for good, and give up what is held; the layers keep their pixels."""
        self._is_released = True
        self.stop()
        self._volume.release()

    # -- how it is made --------------------------------------------------------------------

    @property
    def _cut(self) -> Cut | None:
        """Through what cells are to be followed; None where they are linked slice by slice."""
        slices, (kinds, _, config) = sorted(self.done), self.rules
        is_linked = self._is_growing or "cells" not in kinds
        if is_linked or not is_followed(slices, len(self.probability), config):
            return None
        through = range(slices[0], slices[-1] + 1)
        cut = Cut.of(through, self.rules, self._image.voxel_size_nm)
        return None if cut == self._declined else cut

    @property
    def _is_solved(self) -> bool:
        """Whether cells are followed, so that those linked slice by slice are of no use."""
        cut = self._cut
        return cut is not None and self._volume.holds(cut)

    @property
    def _made_kinds(self) -> Kinds:
        """What is made slice by slice."""
        return tuple(k for k in self.rules.kinds if k != "cells" or not self._is_solved)

    def _new_maker(self, executor: Executor) -> ResultMaker:
        return ResultMaker(self.probability, self._put_made, executor, within=self.within)

    def _make_all(self) -> None:
        """Make all slices anew; cells of the one that is shown keep their ids."""
        for kind in self.rules.kinds:
            self._maker.first(self._results[kind].prepare)
        self._begin()
        self._maker.make(nearest_first(self.done, self._image.here))
        self._leave_out_short_cells()

    def _begin(self) -> None:
        self._maker.begin(self._made_kinds, self.rules.mask, *self._ids_here())

    def _ids_here(self) -> tuple[int, CellIds]:
        here = self._image.here
        return here, self.cells[here].copy()

    def _leave_out_short_cells(self) -> None:
        if self.done and self._cut is None:  # else they are counted, and left out, when followed
            self._maker.leave_out_short_cells(self.whole, self.cells, self._put_long_cells)

    def _put_long_cells(self, slices: Changes, count: CellCount) -> None:
        if self._cut is None:
            for z, cells in slices.items():
                self._put_cells(z, cells)
            self._tell(count)

    def _put_cells(self, z: int, cells: CellIds) -> None:
        if not np.array_equal(cells, self.cells[z]):
            self._put(z, {"cells": cells})

    def _fail(self, message: str) -> None:
        """They cannot be followed."""
        self._declined = self._cut
        self._make_all()
        self.failed.emit(message)

    def _tell(self, count: CellCount | None) -> None:
        self.count = count
        self.counted.emit()

    def _put_made(self, z: int, results: SliceResults) -> None:
        is_late = self._is_solved  # these were asked for before
        self._put(z, {k: labels for k, labels in results.items() if k != "cells" or not is_late})

    def _put(self, z: int, results: SliceResults) -> None:
        for kind, labels in results.items():
            layer = self._results[kind]
            if not (layer.is_removed or layer.is_edited):
                getattr(self, kind)[z] = labels
                layer.filled(z, whole=z in self.whole)

    def _draw_thumbnails(self) -> None:
        for layer in self._results.values():
            layer.draw_thumbnail()


def _remove_unedited(layer: GrowingLayer) -> None:
    if not layer.is_edited:
        layer.remove()


def _is_made_anew(before: Rules, now: Rules) -> bool:
    """Whether other rules have slices made anew, and not only cells followed anew."""
    is_linked = now.cells.link == "slices" != before.cells.link
    return is_linked or (before.kinds, before.mask) != (now.kinds, now.mask)


def nearest_first(slices: Any, here: int) -> list[int]:
    """The slices, those next to ``here`` first."""
    return sorted(slices, key=lambda z: abs(z - here))
