"""Two predictions of the same slices against each other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

FEWEST = 6
"""Slices that must differ: of fewer, no order of the ranks makes p smaller than 0.05."""


@dataclass(frozen=True)
class Paired:
    """The difference of a score, second prediction less first, over the slices both have.

    Parameters
    ----------
    differences : dict of int to float
        By slice; above 0 where the second is better.
    p_value : float or None
        Of Wilcoxon's signed-rank test (two-sided): how likely differences like these are if
        neither is better. None where fewer than `FEWEST` slices differ.

    References
    ----------
    Wilcoxon F. (1945). Individual comparisons by ranking methods. Biometrics Bulletin 1(6):80-83.
    https://doi.org/10.2307/3001968
    """

    differences: dict[int, float]
    p_value: float | None

    @classmethod
    def of(cls, first: Mapping[int, float], second: Mapping[int, float]) -> Paired:
        """Compare a score by slice of two predictions."""
        differences = {z: second[z] - first[z] for z in sorted({*first} & {*second})}
        unequal = [value for value in differences.values() if value]
        if len(unequal) < FEWEST:
            return cls(differences, None)
        from scipy.stats import wilcoxon  # here: it takes half a second to load

        return cls(differences, float(wilcoxon(unequal).pvalue))

    @property
    def mean(self) -> float:
        """Mean of the differences; 0 where there is none."""
        values = self.differences.values()
        return sum(values) / len(values) if values else 0.0

    @property
    def wins(self) -> tuple[int, int]:
        """On how many slices the first, and the second, is better."""
        values = self.differences.values()
        return sum(value < 0 for value in values), sum(value > 0 for value in values)

    def verdict(self, score: str, names: tuple[str, str] = ("the first", "the second")) -> str:
        """What a person should take from it, in words.

        Examples
        --------
        >>> Paired.of({0: 0.9, 1: 0.8}, {0: 0.95, 1: 0.7}).verdict("V_rand")
        'V_rand: the first is better on 1 slice, the second on 1; mean difference -0.0250. Too few \
slices differ (2) for a test, which takes 6.'
        """
        if not self.differences:
            return "No slice was scored for both."
        fewer, more = self.wins
        text = (
            f"{score}: {names[0]} is better on {fewer} slice{'s' * (fewer != 1)}, {names[1]} on "
            f"{more}; mean difference {self.mean:+.4f}. "
        )
        if self.p_value is None:
            return (
                text + f"Too few slices differ ({fewer + more}) for a test, which takes {FEWEST}."
            )
        verdict = (
            "such differences are unlikely to be chance"
            if self.p_value < 0.05
            else "such differences may well be chance"
        )
        return text + f"Wilcoxon's signed-rank test: p = {self.p_value:.2g}; {verdict}."
