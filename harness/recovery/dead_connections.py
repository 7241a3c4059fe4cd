"""Connections whose server is killed on purpose: nobody need hear of each."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def expecting_dead_connections() -> Iterator[None]:
    """Have the pools say nothing of connections that are dead when they are given back."""
    logger = logging.getLogger("sqlalchemy.pool")
    before = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        logger.setLevel(before)
