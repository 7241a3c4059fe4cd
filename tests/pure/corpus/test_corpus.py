"""The corpus of planted bugs is large, broad, and reasoned: what is known of it is not a guess."""

import pytest
from live.corpus.bases import BASES, CORPUS
from live.corpus.planted import ALL, RC, RR, Planted, making, twice

PLANTED = {name: entry for name, (base, entry) in CORPUS.items() if entry in base.planted}


def test_it_is_large_and_broad():
    assert len(BASES) >= 8
    assert len(PLANTED) >= 40
    assert all(len(base.planted) >= 3 for base in BASES)


def test_no_name_is_used_twice():
    assert len(CORPUS) == sum(len(base.planted) + 1 for base in BASES)


@pytest.mark.parametrize("base", BASES, ids=lambda base: base.name)
def test_every_base_has_what_breaks_and_what_only_looks_like_it(base):
    assert {entry.is_harmless for entry in base.planted} == {True, False}


@pytest.mark.parametrize("name", PLANTED)
def test_every_entry_is_reasoned_and_names_engines_that_there_are(name):
    entry = PLANTED[name]
    assert len(entry.why.split()) >= 7, entry.why
    assert entry.why.endswith((".", ".)"))
    assert entry.rc | entry.rr <= ALL
    assert len(entry.programs) >= 2


@pytest.mark.parametrize("level", [RC, RR], ids=lambda level: level.slug)
@pytest.mark.parametrize("engine", sorted(ALL))
def test_both_answers_are_asked_for_on_every_engine_and_level(engine, level):
    answers = [entry.breaks_on(engine, level) for entry in PLANTED.values()]
    assert answers.count(True) >= 10
    assert answers.count(False) >= 10


def test_an_entry_breaks_where_it_says_and_nowhere_else():
    entry = Planted("x", twice(lambda connection: None), "…", rr=frozenset({"mysql"}))
    assert entry.breaks_on("mysql", RR)
    assert not entry.breaks_on("mysql", RC)
    assert not entry.breaks_on("postgresql", RR)
    assert not entry.is_harmless
    assert Planted("y", [], "…", setup=making()).is_harmless
