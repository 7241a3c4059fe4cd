"""What a function takes is told by its annotation, or said; where neither tells, it is an error."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any

import pytest
import sqlalchemy
from sqlalchemy import Connection, Engine, orm
from sqlalchemy.orm import Session, sessionmaker

from harness.errors import UsageError
from harness.programs import Takes
from harness.taking import program_of, said_of_each, see_takes_connection, told_by

if TYPE_CHECKING:
    from collections import UserDict as Basket

    from sqlalchemy.ext.asyncio import AsyncSession
    from sqlalchemy.orm import Session as Unimported


def over_connection(connection: Connection): ...
def over_session(session: Session): ...
def over_session_by_module(anything: orm.Session): ...
def over_engine(db: sqlalchemy.Engine): ...
def over_sessionmaker(new_session: sessionmaker[Session]): ...
def over_bare_sessionmaker(new_session: sessionmaker): ...
def over_a_callable(new_session: Callable[[], Session]): ...
def over_annotated(session: Annotated[Session, "injected"]): ...
def over_any(it: Any): ...
def over_nothing_said(it): ...
def over_connection_and_more(connection: Connection, amount: int = 3): ...


class Service:
    def method(self, session: Session): ...

    def __call__(self, engine: Engine): ...


def bound(amount: int, session: Session): ...


@pytest.mark.parametrize(
    ("function", "takes"),
    [
        (over_connection, Takes.CONNECTION),
        (over_session, Takes.SESSION),
        (over_session_by_module, Takes.SESSION),
        (over_engine, Takes.ENGINE),
        (over_sessionmaker, Takes.SESSIONMAKER),
        (over_bare_sessionmaker, Takes.SESSIONMAKER),
        (over_a_callable, Takes.SESSIONMAKER),
        (over_annotated, Takes.SESSION),
        (over_any, Takes.CONNECTION),
        (over_nothing_said, Takes.CONNECTION),
        (over_connection_and_more, Takes.CONNECTION),
        (Service().method, Takes.SESSION),
        (Service(), Takes.ENGINE),
        (functools.partial(bound, 3), Takes.SESSION),
        (lambda connection: None, Takes.CONNECTION),
        (print, Takes.CONNECTION),
    ],
)
def test_the_annotation_tells(function, takes):
    assert told_by(function, "program 'shop:buy'") is takes


def test_a_class_that_only_type_checkers_import_is_known_by_its_name():
    def over_session(it: Session, basket: Basket): ...

    def over_unimported(it: Unimported): ...

    assert told_by(over_session, "buy") is Takes.SESSION
    with pytest.raises(UsageError, match="cannot tell what it takes: 'it: Unimported'"):
        told_by(over_unimported, "buy")


def over_basket(basket: Basket): ...
def over_number(number: int): ...
def over_either(it: Session | Connection): ...
def over_async(session: AsyncSession): ...
def over_unsaid_session(session): ...
def over_unsaid_factory(make_session): ...
def over_a_callable_of_numbers(make: Callable[[], int]): ...


@pytest.mark.parametrize(
    ("function", "said"),
    [
        (over_basket, "cannot tell what it takes: 'basket: Basket'"),
        (over_number, "cannot tell what it takes: 'number: int'"),
        (over_either, r"cannot tell what it takes: 'it: .*Session | .*Connection'"),
        (over_async, "takes 'session: AsyncSession', and what is async cannot be held"),
        (over_unsaid_session, "cannot tell what it takes: its parameter 'session' has no annot"),
        (over_unsaid_factory, "cannot tell what it takes: its parameter 'make_session' has no"),
        (over_a_callable_of_numbers, "cannot tell what it takes: 'make: "),
    ],
)
def test_what_cannot_be_told_is_an_error_that_says_what_to_do(function, said):
    with pytest.raises(UsageError, match=said) as raised:
        told_by(function, "program 'shop:buy'")
    assert str(raised.value).startswith("program 'shop:buy': ")
    assert raised.value.hints


def test_what_is_said_goes_before_the_annotation():
    made = program_of(over_either, "buy", takes="engine", isolation="repeatable-read")
    assert made.takes is Takes.ENGINE
    assert made.isolation == "REPEATABLE READ"
    assert made.title == "buy (repeatable read)"
    assert program_of(over_session, "buy").title == "buy"
    assert program_of(over_connection, "buy", isolation="autocommit").isolation == "AUTOCOMMIT"


def test_words_that_are_not_known_are_told_with_those_that_are():
    with pytest.raises(UsageError, match="takes 'sesion': unknown") as raised:
        program_of(over_session, "buy", takes="sesion")
    assert raised.value.hints == ("did you mean 'session'?",)
    with pytest.raises(UsageError, match="isolation level 'snapshot': unknown"):
        program_of(over_session, "buy", isolation="snapshot")


def test_a_setup_and_an_invariant_take_a_connection():
    see_takes_connection(over_connection, "setup 'shop:setup'")
    with pytest.raises(UsageError, match="setup 'x': takes an engine, and is given a Connection"):
        see_takes_connection(over_engine, "setup 'x'")


def test_options_say_it_of_one_program_or_of_all():
    names = ["T1", "T2"]
    assert said_of_each("--takes", ["engine"], names, for_all=True) == dict.fromkeys(
        names, "engine"
    )
    assert said_of_each("--isolation-of", ["T2=serializable"], names) == {"T2": "serializable"}
    assert said_of_each("--isolation-of", [], names) == {}
    with pytest.raises(UsageError, match="--isolation-of 'serializable': names no program"):
        said_of_each("--isolation-of", ["serializable"], names)
    with pytest.raises(UsageError, match="program 'T3': unknown; known are T1, T2"):
        said_of_each("--takes", ["T3=session"], names, for_all=True)
