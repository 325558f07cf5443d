"""Patches as the training will see them, made anew whenever a setting changes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import InitVar, dataclass
from typing import TYPE_CHECKING, ClassVar

from psygnal import SignalGroupDescriptor

from napari_emseg.engine.train.request import TrainRequest
from napari_emseg.errors import EmsegError
from napari_emseg.session.executor import Executor

if TYPE_CHECKING:  # when patches are made, and not before: they need scipy and OpenCV
    from napari_emseg.core.train.patches import Batch
    from napari_emseg.core.train.source import PatchSource

READING = "Reading the images and labels ..."
"""What is said while data are read that a person wants something of."""


@dataclass(frozen=True, eq=False)
class Patches:
    """Patches that were made: images, classes and weights, each ``(N, Y, X)`` and more."""

    batch: Batch


@dataclass(eq=False)
class PatchPreview:
    """Makes patches beside the window, from `begin` to `end`.

    Parameters
    ----------
    executor : Executor
        Makes them.
    request : callable
        Gives the training that is chosen now, and None while its data are being read;
        `EmsegError` where they will not do.

    Attributes
    ----------
    count : int
        How many patches to show.
    message : str
        Which steps are shown, or why none are.
    shown : Patches or None
        The newest ones.
    """

    events: ClassVar[SignalGroupDescriptor] = SignalGroupDescriptor()

    executor: InitVar[Executor]
    request: InitVar[Callable[[], TrainRequest | None]]
    count: int = 8
    message: str = ""
    shown: Patches | None = None

    def __post_init__(self, executor: Executor, request: Callable[[], TrainRequest | None]) -> None:
        self._lane = executor.lane("patches")
        self._request = request
        self._sources: list[PatchSource] | None = None
        self._first, self._steps = 0, 0
        self._is_on = False

    def begin(self) -> None:
        """Show the patches of the first steps."""
        self._is_on, self._first = True, 0
        self.renew()

    def again(self) -> None:
        """Show those of the steps that follow."""
        if not self._is_on:
            self.begin()
            return
        self._first += self._steps
        self.renew()

    def show_count(self, count: int) -> None:
        """Show so many."""
        self.count = count
        self.renew()

    def end(self) -> None:
        """Show none any more."""
        self._is_on, self._sources = False, None
        self._lane.drop()
        self.shown, self.message = None, ""

    def forget(self) -> None:
        """Data or split have changed: what was read of them does not count any more."""
        self._sources = None
        self.renew()

    def close(self) -> None:
        """Make no more, and tell nobody."""
        self.events.disconnect()
        self._is_on = False
        self._lane.stop()

    def renew(self) -> None:
        """Show patches by the settings of now, where they are wanted."""
        if not self._is_on:
            return
        try:
            request = self._request()
        except EmsegError as error:
            self._put_off(str(error))
            return
        if request is None:
            self._put_off(READING)
        else:
            self._make(request, self.count)

    def _put_off(self, message: str) -> None:
        self._lane.drop()
        self.message = message

    def _make(self, request: TrainRequest, count: int) -> None:
        self._steps = -(-count // request.recipe.train.batch_size)
        sources, first = self._sources, self._first

        def make() -> tuple[list[PatchSource], Batch]:
            known = request.patch_sources() if sources is None else sources
            from napari_emseg.core.train.patch_preview import preview_patches  # scipy: here

            return known, preview_patches(known, request.recipe, first=first, count=count)

        self._lane.latest(make, lambda made: self._show(*made), self._put_off)

    def _show(self, sources: list[PatchSource], batch: Batch) -> None:
        self._sources = sources
        self.message = f"Steps {self._first + 1} to {self._first + self._steps} of the training."
        self.shown = Patches(batch)
