"""The whole output of a spec, as the isolation tester writes it."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from harness.specs.conductor import SpecConductor
from harness.specs.spec import Permutation, Spec


def tell(spec: Spec, conductor: SpecConductor, say: Callable[[str], None]) -> None:
    """Conduct the permutations that are listed, or every one there is, and tell each as it goes.

    Raises:
        HarnessError: a permutation could not be conducted to its end.
    """
    say(f"Parsed test spec with {len(spec.sessions)} sessions\n")
    permutations: Iterable[Permutation] = spec.permutations or spec.every_permutation()
    for permutation in permutations:
        conductor.conduct(permutation, say)
