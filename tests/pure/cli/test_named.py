"""A user's function is found by its name, or the text says what stands in the way."""

import sys

import pytest

from harness.cli.named import function
from harness.errors import UsageError

SHOP = '''
"""What a user might have."""

import functools
import time


class Till:
    limit = 3

    def __call__(self, connection): ...


class AsyncTill:
    async def __call__(self, connection): ...


def setup(connection): ...


def buy(connection): ...


def buy_some(connection, quantity=1): ...


def buy_many(connection, quantity): ...


def nothing(): ...


async def buy_later(connection): ...


def buy_in_parts(connection):
    yield


async def stream(connection):
    yield


buy_two = functools.partial(buy_many, quantity=2)
till, async_till, lazy = Till(), AsyncTill(), functools.partial(buy_later)
number, nobody = 7, None
'''


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """A current folder with a shop; afterwards Python has forgotten it."""
    (tmp_path / "shop.py").write_text(SHOP)
    (tmp_path / "broken.py").write_text("import not_there\n")
    (tmp_path / "typo.py").write_text("def buy(connection)\n")
    (tmp_path / "leaves.py").write_text("raise SystemExit\n")
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "orders.py").write_text("def buy(connection): ...\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    yield tmp_path
    for name in ("shop", "broken", "typo", "leaves", "deep", "deep.orders"):
        sys.modules.pop(name, None)


def complaint(text: str, what: str = "program") -> str:
    with pytest.raises(UsageError) as caught:
        function(text, what)
    assert caught.value.exit_status == 64
    return caught.value.explain()


@pytest.mark.parametrize(
    "name", ["buy", "buy_some", "buy_two", "till", "setup"], ids=lambda name: name
)
def test_what_can_be_called_with_a_connection_is_found(name) -> None:
    assert callable(function(f"shop:{name}", "program"))


def test_a_module_in_a_folder_is_found() -> None:
    assert function("deep.orders:buy", "program").__module__ == "deep.orders"


def test_what_tells_no_signature_is_believed() -> None:
    assert function("builtins:dict", "program") is dict


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "buy",
            "program 'buy': not of the form MODULE:FUNCTION\n  hint: for example shop.orders:buy",
        ),
        (
            "shop:",
            "program 'shop:': not of the form MODULE:FUNCTION\n  hint: for example shop.orders:buy",
        ),
        (
            "shopp:buy",
            (
                "program 'shopp:buy': module 'shopp' does not import: "
                "ModuleNotFoundError: No module named 'shopp'\n"
                "  hint: did you mean 'shop'?"
            ),
        ),
        (
            "broken:buy",
            (
                "program 'broken:buy': module 'broken' does not import: "
                "ModuleNotFoundError: No module named 'not_there'\n"
                f"  hint: is 'not_there' installed where the harness runs, in '{sys.prefix}'?\n"
                "  hint: or install the harness where 'not_there' is: docs/exploring.md, "
                "'In your own project'"
            ),
        ),
        (
            "leaves:buy",
            (
                "program 'leaves:buy': module 'leaves' does not import: SystemExit\n"
                f"  hint: does '{sys.executable} -c \"import leaves\"' work in this folder?"
            ),
        ),
        (
            "shop:bye",
            "program 'shop:bye': module 'shop' has no 'bye'\n  hint: did you mean 'buy'?",
        ),
        (
            "deep.orders:sell",
            (
                "program 'deep.orders:sell': module 'deep.orders' has no 'sell'\n"
                "  hint: its functions are: buy"
            ),
        ),
        (
            "shop:number",
            (
                "program 'shop:number': is an int, not a function\n"
                "  hint: a program is a function over a SQLAlchemy Connection"
            ),
        ),
        (
            "shop:buy_later",
            (
                "program 'shop:buy_later': is async, which cannot be held on a thread\n"
                "  hint: give a function over a synchronous Connection that does the same "
                "statements"
            ),
        ),
        (
            "shop:buy_in_parts",
            (
                "program 'shop:buy_in_parts': is a generator, so calling it would run none of its "
                "statements\n  hint: is there a 'yield' that should be a 'return'?"
            ),
        ),
        (
            "shop:buy_many",
            (
                "program 'shop:buy_many': cannot be called with one argument alone: "
                "its signature is buy_many(connection, quantity)\n"
                "  hint: bind the other arguments beforehand, for example with functools.partial"
            ),
        ),
        (
            "shop:nothing",
            (
                "program 'shop:nothing': cannot be called with one argument alone: "
                "its signature is nothing()\n"
                "  hint: bind the other arguments beforehand, for example with functools.partial"
            ),
        ),
    ],
    ids=lambda text: text if ":" in text and " " not in text else None,
)
def test_what_cannot_be_used_says_why(text, said) -> None:
    assert complaint(text) == said


@pytest.mark.parametrize("name", ["stream", "async_till", "lazy"])
def test_async_is_seen_in_whatever_clothes(name) -> None:
    assert "is async" in complaint(f"shop:{name}")


def test_a_module_with_a_typing_error_names_its_line() -> None:
    assert "SyntaxError: expected ':' (typo.py, line 1)" in complaint("typo:buy")


@pytest.mark.parametrize(
    ("text", "module"), [("shop.py:buy", "shop"), ("deep/orders.py:buy", "deep.orders")]
)
def test_a_file_is_answered_with_its_module(text, module) -> None:
    hint = f"name the module, not its file: '{module}', as seen from this folder"
    assert complaint(text).endswith(f"\n  hint: {hint}")
    assert callable(function(f"{module}:buy", "program"))


def test_a_module_that_is_like_none_here_is_told_where_it_was_looked_for(folder) -> None:
    assert complaint("sqlalchemi_models.orders:buy").endswith(
        f"hint: looked for in this folder, '{folder}', and along PYTHONPATH"
    )


def test_the_text_says_what_the_function_was_wanted_for() -> None:
    assert complaint("shop:number", "setup").startswith("setup 'shop:number': is an int")
    assert "a setup is a function over" in complaint("shop:number", "setup")
