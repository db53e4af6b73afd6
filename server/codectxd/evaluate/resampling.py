"""How sure a mean is: bootstrap over repositories, or over questions where there is one repository. Pure, and repeatable.

Questions about one repository are alike, so it is repositories that are drawn: an interval over questions would promise too
much. A comparison draws the differences of pairs, in which what makes a question hard for both cancels out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec
import numpy as np

_DRAWS = 10_000
_SEED = 0
_TAILS = (0.025, 0.975)


class Estimate(msgspec.Struct, frozen=True, rename="camel"):
    """A mean, and the interval that holds 95 % of the means of samples drawn anew."""

    mean: float
    low: float
    high: float

    @property
    def is_clear(self) -> bool:
        """Whether zero is outside of the interval."""
        return self.low > 0 or self.high < 0


def mean(values: Mapping[str, Sequence[float]]) -> Estimate:
    """Of the values by repository: the mean of the repositories' means; there is at least one value."""
    units = [float(np.mean(of_one)) for of_one in values.values() if of_one]
    if len(units) == 1:
        units = [float(value) for of_one in values.values() for value in of_one]
    drawn = np.random.default_rng(_SEED).integers(0, len(units), (_DRAWS, len(units)))
    low, high = np.quantile(np.asarray(units)[drawn].mean(axis=1), _TAILS).tolist()
    return Estimate(float(np.mean(units)), low, high)


def gain(before: Mapping[str, Sequence[float]], after: Mapping[str, Sequence[float]]) -> Estimate:
    """How much more `after` has than `before`, whose values stand in pairs."""
    return mean({name: [b - a for a, b in zip(before[name], after[name], strict=True)] for name in after})
