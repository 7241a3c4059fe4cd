"""Whom a conductor asks about, and whom it cannot."""

from contextlib import closing

import pytest

from harness.interleave.witness import Witness

pytestmark = pytest.mark.integration


def test_who_is_only_just_connecting_waits_for_nobody(database):
    with closing(Witness(database.target.engine, database.target.url)) as witness:
        witness.watch({})
        assert witness.waiting(["T1"]) == {}
