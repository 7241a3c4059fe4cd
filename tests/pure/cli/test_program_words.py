"""What is said of programs on the command line: wrong words are refused before anything starts."""

import pytest

SHOP = """
from sqlalchemy import Connection
from sqlalchemy.orm import Session

class OutOfStock(Exception): ...

def buy(session: Session): ...
def unsaid(session): ...
def over_a_basket(basket: "Basket"): ...
def setup(connection: Connection): ...
def over_a_session(session: Session): ...
"""

TAKES = "takes 'sesion': unknown; known are connection, session, engine, sessionmaker"


def explore(harness, tmp_path, *words, program="bazaar:buy", setup="bazaar:setup"):
    (tmp_path / "bazaar.py").write_text(SHOP, encoding="utf-8")
    return harness("explore", program, program, "--setup", setup, *words)


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (["--takes", "sesion"], f"{TAKES}\n  hint: did you mean 'session'?"),
        (["--takes", "T1=sesion"], f"{TAKES}\n  hint: did you mean 'session'?"),
        (
            ["--takes", "T3=session"],
            "--takes 'T3=session': program 'T3': unknown; known are T1, T2",
        ),
        (
            ["--isolation-of", "serializable"],
            "--isolation-of 'serializable': names no program\n  hint: for example T1=serializable",
        ),
        (
            ["--isolation-of", "T1=snapshot"],
            "isolation level 'snapshot': unknown; known are read-uncommitted, read-committed, "
            "repeatable-read, serializable, autocommit",
        ),
        (
            ["--expected-error", "bazaar:buy"],
            "expected error 'bazaar:buy': is a function, not a class of exceptions\n"
            "  hint: name the class that the program raises",
        ),
        (
            ["--expected-error", "OutOfStock"],
            "expected error 'OutOfStock': not of the form MODULE:ERROR\n"
            "  hint: for example shop.orders:OutOfStock",
        ),
    ],
)
def test_words_about_programs_are_checked(harness, state, tmp_path, words, text):
    said = explore(harness, tmp_path, *words)
    assert (said.status, said.err, said.out) == (64, text + "\n", "")
    assert not state.exists()


@pytest.mark.parametrize(
    ("program", "text"),
    [
        (
            "bazaar:unsaid",
            "program 'bazaar:unsaid': cannot tell what it takes: its parameter 'session' has no "
            "annotation",
        ),
        (
            "bazaar:over_a_basket",
            "program 'bazaar:over_a_basket': cannot tell what it takes: 'basket: Basket'",
        ),
    ],
)
def test_a_program_of_which_it_cannot_be_told_what_it_takes(
    harness, state, tmp_path, program, text
):
    said = explore(harness, tmp_path, program=program)
    hints = (
        "  hint: annotate it with Connection, Session, Engine or sessionmaker of SQLAlchemy\n"
        "  hint: or say what it is given: --takes, and takes= in a test\n"
    )
    assert (said.status, said.err) == (64, f"{text}\n{hints}")


def test_a_setup_that_takes_a_session(harness, state, tmp_path):
    said = explore(harness, tmp_path, setup="bazaar:over_a_session")
    assert said.status == 64
    assert said.err == (
        "setup 'bazaar:over_a_session': takes a session, and is given a Connection\n"
        "  hint: sqlalchemy.orm.Session(connection) makes a session of one\n"
    )
