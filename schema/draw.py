"""Draw by lot, the same in every release of Python.

`random.Random` promises the same sequence for `random()` only; its other methods may change.
"""

from collections.abc import Sequence
from random import Random
from typing import Final, TypeVar

T = TypeVar("T")

# More than any number drawn for, so that (seed, number) never give the same start twice.
_STRIDE: Final = 1 << 40


class Draw:
    """A sequence of lots for one thing, told by the seed, the kind of thing and its number."""

    def __init__(self, seed: int, kind: int, number: int) -> None:
        self._random = Random((seed * 8 + kind) * _STRIDE + number).random

    def below(self, end: int) -> int:
        """A whole number from 0, below `end`."""
        return int(self._random() * end)

    def between(self, first: int, last: int) -> int:
        """A whole number, both ends included."""
        return first + int(self._random() * (last - first + 1))

    def happens(self, share: float) -> bool:
        """True in this share of all cases."""
        return self._random() < share

    def one_of(self, choices: Sequence[T]) -> T:
        """One of them, each as likely as the others."""
        return choices[int(self._random() * len(choices))]

    def weighted(self, choices: Sequence[tuple[float, T]]) -> T:
        """One of them; each comes with its share, and the shares add up to 1."""
        lot = self._random()
        for share, choice in choices:
            lot -= share
            if lot < 0:
                return choice
        return choices[-1][1]
