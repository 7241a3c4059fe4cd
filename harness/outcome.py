"""How a transaction ended: acknowledged, refused, or nobody said."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

RefusalKind = Literal["deadlock", "lock-timeout", "serialization", "constraint", "other"]


@dataclass(frozen=True, slots=True)
class Refusal:
    """The server's own word that a transaction must be given up.

    `code` is the SQLSTATE or the error number, as the engine's manual lists it.
    """

    kind: RefusalKind
    code: str
    retryable: bool
    ends_transaction: bool
    """Whether the server has thereby rolled the whole transaction back and released its locks."""
    duplicate: bool = field(default=False, compare=False, repr=False)
    """Whether the constraint is a key that is there already; it follows from the code."""


@dataclass(frozen=True, slots=True)
class Committed:
    """The engine acknowledged the commit: the effects must survive anything."""


@dataclass(frozen=True, slots=True)
class RolledBack:
    """The engine refused, or the program gave up: the effects must not be visible, ever."""

    refusal: Refusal | None = None


@dataclass(frozen=True, slots=True)
class Indeterminate:
    """Nobody told us: the effects may be there or not, and both are correct."""

    reason: str


Outcome = Committed | RolledBack | Indeterminate
