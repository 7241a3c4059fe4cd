"""The whole output of a spec, as the isolation tester writes it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from harness.specs.conductor import SpecConductor
from harness.specs.spec import Permutation, Spec


def transcript(spec: Spec, conductor: SpecConductor) -> Iterator[str]:
    """The text, piece by piece: one for each permutation listed, or for every one there is.

    Raises:
        HarnessError: a permutation could not be conducted to its end.
    """
    yield f"Parsed test spec with {len(spec.sessions)} sessions\n"
    permutations: Iterable[Permutation] = spec.permutations or spec.every_permutation()
    for permutation in permutations:
        yield conductor.conduct(permutation)
