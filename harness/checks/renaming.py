"""Numbers that the engine gave out, renamed so that equal states become equal values.

Two programs that insert at once get their numbers in either order, and a refused one leaves a gap:
that is no difference. A number that stood in the fixture is known to the programs and stays.

Terms: a *number* is a value of one numbering; its *colour* is a rank by all that can be said of it
without its value: the rows it stands in, and the colours beside it. Colours are refined until they
tell no more apart (Weisfeiler and Leman 1968). Numbers that are then of one colour can mostly be
exchanged; where others depend on which is which, each is tried and the refinement after it decides.
Only highly regular references among new numbers, as no application makes them, are beyond that.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

Number = tuple[str, object]
"""The numbering (the table and column that the engine numbers), and the value in it."""

Colours = Mapping[Number, int]


@dataclass(frozen=True, slots=True)
class Beside:
    """One row, as far as numbers are concerned."""

    rest: str
    """Its table and all its other values."""
    numbers: tuple[Number | None, ...]
    """One for each numbered column; None where there is no value."""


def new_names(rows: Collection[Beside], known: Collection[Number]) -> Mapping[Number, int]:
    """A name for each number that is not known: 1, 2, … in each numbering.

    >>> rows = [Beside("x", (("bill", 7),)), Beside("y", (("bill", 4),))]
    >>> new_names(rows, known=())
    {('bill', 7): 1, ('bill', 4): 2}
    """
    found = {number for row in rows for number in row.numbers if number is not None}
    colours = _refined(_first_colours(found, known), rows)
    while tied := _smallest_tie(colours):
        colours = _told_apart(colours, tied, rows)
    names: dict[Number, int] = {}
    counts: Counter[str] = Counter()
    for number in sorted(found - set(known), key=colours.__getitem__):
        counts[number[0]] += 1
        names[number] = counts[number[0]]
    return names


def _first_colours(numbers: Iterable[Number], known: Collection[Number]) -> Colours:
    """Each known number has a colour of its own; new ones have that of their numbering."""
    look = {n: (n[0], repr(n[1]) if n in known else "") for n in numbers}
    ranks = {look: rank for rank, look in enumerate(sorted(set(look.values())))}
    return {number: ranks[look] for number, look in look.items()}


def _refined(colours: Colours, rows: Iterable[Beside]) -> Colours:
    while True:
        seen: dict[Number, list[tuple[int, str, tuple[int, ...]]]] = {n: [] for n in colours}
        for row in rows:
            around = tuple(-1 if n is None else colours[n] for n in row.numbers)
            for place, number in enumerate(row.numbers):
                if number is not None:
                    seen[number].append((place, row.rest, around))
        looks = {number: (colours[number], tuple(sorted(seen[number]))) for number in colours}
        ranks = {look: rank for rank, look in enumerate(sorted(set(looks.values())))}
        if len(ranks) == len(set(colours.values())):
            return colours
        colours = {number: ranks[look] for number, look in looks.items()}


def _smallest_tie(colours: Colours) -> Sequence[Number]:
    """The numbers of the first colour that several have; empty if there is none."""
    counts = Counter(colours.values())
    tied = [colour for colour, count in counts.items() if count > 1]
    return [number for number, colour in colours.items() if tied and colour == min(tied)]


def _told_apart(colours: Colours, tied: Sequence[Number], rows: Collection[Beside]) -> Colours:
    """Give one of these a colour of its own, or all if nothing else depends on which is which."""
    if _stand_alone(colours, tied, rows):
        return _refined(_put_first(colours, tied, room=len(tied)), rows)
    tried = [_refined(_put_first(colours, [one], room=1), rows) for one in tied]
    return min(tried, key=lambda refined: _look(refined, rows))


def _stand_alone(colours: Colours, tied: Sequence[Number], rows: Iterable[Beside]) -> bool:
    """Whether in every row of theirs all other numbers are told apart already."""
    counts = Counter(colours.values())
    return all(
        number is None or counts[colours[number]] == 1 or number == member
        for row in rows
        for member in set(row.numbers) & set(tied)
        for number in row.numbers
    )


def _put_first(colours: Colours, chosen: Sequence[Number], room: int) -> Colours:
    """New colours in the old order, with the chosen ones before the others of their colour."""
    order = {number: place for place, number in enumerate(chosen)}
    return {n: colour * (room + 1) + order.get(n, room) for n, colour in colours.items()}


def _look(colours: Colours, rows: Iterable[Beside]) -> list[tuple[str, tuple[int, ...]]]:
    """The rows with colours for numbers: equal for what can be exchanged."""
    return sorted(
        (row.rest, tuple(-1 if n is None else colours[n] for n in row.numbers)) for row in rows
    )
