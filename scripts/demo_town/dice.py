"""Chance that comes out the same everywhere: one stream per subject, plain uniform numbers only."""

from __future__ import annotations

import math
import zlib
from collections.abc import Mapping, Sequence
from typing import TypeVar

import numpy as np

T = TypeVar("T")

SEED = 320413109
"""Seed of the whole town; another one makes another town."""


class Dice:
    """A stream of random numbers that belongs to one subject.

    Subjects do not share a stream, so a change in one leaves the others as they were. Only
    ``Generator.random`` is used: NumPy may change how the other distributions are drawn.
    """

    def __init__(self, subject: str) -> None:
        """Begin the stream of a subject."""
        entropy = np.random.SeedSequence([SEED, zlib.crc32(subject.encode())])
        self._stream = np.random.Generator(np.random.PCG64(entropy))

    def unit(self) -> float:
        """Draw from [0, 1)."""
        return float(self._stream.random())

    def between(self, low: float, high: float) -> float:
        """Draw evenly from [low, high)."""
        return low + (high - low) * self.unit()

    def whole(self, low: int, high: int) -> int:
        """Draw an integer evenly, both ends included."""
        return low + int(self.unit() * (high - low + 1))

    def normal(self) -> float:
        """Draw from the standard normal distribution."""
        radius = math.sqrt(-2.0 * math.log(1.0 - self.unit()))
        return radius * math.cos(2.0 * math.pi * self.unit())

    def skewed(self, median: float, spread: float) -> float:
        """Draw from a lognormal distribution; ``spread`` is the sigma of the logarithm."""
        return median * math.exp(spread * self.normal())

    def chance(self, share: float) -> bool:
        """Tell whether something of this probability happens."""
        return self.unit() < share

    def unless(self, share: float, value: T) -> T | None:
        """Return the value, or None with this probability: the office does not know it."""
        return None if self.chance(share) else value

    def pick(self, options: Sequence[T]) -> T:
        """Draw one of the options evenly."""
        return options[int(self.unit() * len(options))]

    def weighted(self, options: Mapping[T, float]) -> T:
        """Draw one of the options by their weights."""
        left = self.unit() * math.fsum(options.values())
        for option, weight in options.items():
            left -= weight
            if left < 0:
                return option
        return option  # the weights add up to a hair less than their sum

    def shuffled(self, values: Sequence[T]) -> list[T]:
        """Return the values in another order."""
        keyed = [(self.unit(), position) for position in range(len(values))]
        return [values[position] for _, position in sorted(keyed)]
