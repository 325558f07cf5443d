"""Two predictions against each other: which is better, where, and whether that is chance."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import ClassVar

from psygnal import SignalGroupDescriptor

from napari_emseg.core.scores.paired import Paired
from napari_emseg.core.scores.scores import TITLES, SliceScores
from napari_emseg.session.executor import Executor

Scores = Mapping[int, SliceScores]
"""By slice."""


@dataclass(frozen=True)
class PairedScores:
    """A score of both predictions by slice, and what a paired test of it gave.

    Parameters
    ----------
    score : str
        The score, one of `core.scores.scores.TITLES`.
    names : tuple of str
        Of the predictions.
    rows : dict of int to tuple of float
        By slice: the score of the first, of the second, and the difference.
    paired : Paired
        The test.
    """

    score: str
    names: tuple[str, str]
    rows: dict[int, tuple[float, float, float]]
    paired: Paired

    @classmethod
    def of(cls, score: str, names: tuple[str, str], first: Scores, second: Scores) -> PairedScores:
        """Test what is known of both; the first time it takes half a second to load."""
        one, other = (
            {z: float(getattr(scores, score)) for z, scores in each.items()}
            for each in (first, second)
        )
        paired = Paired.of(one, other)
        rows = {z: (one[z], other[z], d) for z, d in paired.differences.items()}
        return cls(score, names, rows, paired)

    @property
    def verdict(self) -> str:
        """What a person should take from it, in words."""
        return self.paired.verdict(TITLES[self.score], self.names)


@dataclass(eq=False)
class PairedTest:
    """Tests what is known of both predictions, in a thread.

    Attributes
    ----------
    score : str
        The score that is compared, one of `core.scores.scores.TITLES`.
    tested : PairedScores or None
        What came of it; None where not both are scored.
    """

    events: ClassVar[SignalGroupDescriptor] = SignalGroupDescriptor()

    executor: Executor
    score: str = "v_rand"
    tested: PairedScores | None = None

    def __post_init__(self) -> None:
        self._lane = self.executor.lane("paired-test")
        self.clear()

    def clear(self) -> None:
        """Nothing is compared."""
        self._lane.drop()
        self._first: Scores = {}
        self._second: Scores = {}
        self._names = ("", "")
        self.tested = None

    def compare(self, first: Scores, second: Scores, names: tuple[str, str]) -> None:
        """Compare what is known of both."""
        self._first, self._second, self._names = first, second, names
        self._test()

    def choose(self, score: str) -> None:
        """Compare another score."""
        self.score = score
        self._test()

    def close(self) -> None:
        """Test nothing more."""
        self._lane.stop()

    def _test(self) -> None:
        if self._first and self._second:
            make = partial(PairedScores.of, self.score, self._names, self._first, self._second)
            self._lane.latest(make, self._take)

    def _take(self, tested: PairedScores) -> None:
        self.tested = tested
