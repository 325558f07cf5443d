"""Stages done by this process, alone or as one of several that know nothing of one another."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from napari_emseg.engine.distributed.account import Account
from napari_emseg.engine.distributed.stage import Stage, Stages, do_block, refuse_stopped
from napari_emseg.io.volumes.ledger import Ledger
from napari_emseg.io.volumes.place import Place
from napari_emseg.types import Log, OnEvent, ShouldStop


@dataclass(frozen=True)
class Here:
    """The process that asks does blocks in order: all, or those of one part.

    Parts need nothing but the place: each does its share of every stage whose blocks before are
    all done, whoever did them.

    Parameters
    ----------
    part : int
        Which part this is, from 1 on.
    of : int
        How many parts there are.
    """

    part: int = 1
    of: int = 1

    def run(
        self,
        stages: Stages,
        place: Place,
        on_event: OnEvent = lambda _: None,
        should_stop: ShouldStop = lambda: False,
    ) -> bool:
        """Do what is not done yet.

        Parameters
        ----------
        stages : iterable of Stage
            One after the other.
        place : Place
            Where the run is kept.
        on_event : callable
            Receives `Log` and `Progress`.
        should_stop : callable
            Looked at before every block.

        Returns
        -------
        bool
            Whether all blocks of all stages are done; False where other parts have some left,
            which a `Log` names.

        Raises
        ------
        WorkerError
            If blocks failed; the other blocks of their stage are done.
        CancelledError
            If stopped; finished blocks are kept.
        """
        for stage in stages:
            self._do(stage, place, on_event, should_stop)
            missing = np.flatnonzero(~Ledger(place, stage.name).done(stage.count))
            if missing.size:
                on_event(Log(self._waits(stage, missing)))
                return False
        return True

    def _do(self, stage: Stage, place: Place, on_event: OnEvent, should_stop: ShouldStop) -> None:
        todo = np.flatnonzero(~Ledger(place, stage.name).done(stage.count))
        mine = todo[todo % self.of == self.part - 1]
        if not mine.size:
            return
        account = Account(stage, place, len(mine), on_event)
        account.begin("" if self.of == 1 else f"part {self.part} of {self.of}")
        try:
            for block in mine.tolist():
                refuse_stopped(stage, should_stop)
                account.add(do_block(stage, place, block))
        finally:
            account.flush()
        account.end()

    def _waits(self, stage: Stage, missing: npt.NDArray[np.intp]) -> str:
        parts = sorted({int(block) % self.of + 1 for block in missing})
        named = ", ".join(map(str, parts[:20])) + (", ..." if len(parts) > 20 else "")
        return (
            f"{stage.name}: part {self.part} of {self.of} is done; {len(missing):,} of "
            f"{stage.count:,} blocks are still missing, of part {named}. When they are there, call "
            f"all parts again for what comes next."
        )
