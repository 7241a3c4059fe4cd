import pytest

from harness.checks.invariant import Invariant
from harness.errors import ProgramMisbehaved


def never_below_zero(balances):
    below = [balance for balance in balances if balance < 0]
    return f"the balance was {below[0]}" if below else None


SOLVENT = Invariant("the account is solvent", lambda connection: connection, never_below_zero)


@pytest.mark.parametrize(
    ("history", "sentence"),
    [
        ([100, 90, 60], None),
        ([100, -10, 60], "the balance was -10"),
        ([], None),
    ],
    ids=["holds", "broken for a moment", "nothing seen"],
)
def test_an_invariant_is_judged_over_all_that_was_seen(history, sentence):
    assert SOLVENT.judge(history) == sentence


def no_negative_balance(connection):
    return f"balance {connection}" if connection < 0 else None


class Always:
    def __call__(self, _connection):
        return "always broken"


@pytest.mark.parametrize(
    ("balances", "sentence"),
    [([3, 2], None), ([3, -1, -2], "balance -1"), ([], None)],
    ids=["holds", "the first of two complaints", "nothing seen"],
)
def test_a_function_that_looks_and_judges_at_once_is_an_invariant(balances, sentence):
    rule = Invariant.of(no_negative_balance)
    assert rule.name == "no_negative_balance"
    assert rule.judge([rule.observe(balance) for balance in balances]) == sentence


@pytest.mark.parametrize("said", [True, False, 0, [], ("a row",)], ids=repr)
def test_what_is_neither_none_nor_a_sentence_is_no_answer(said):
    """A rule that returns True if all is well would otherwise be broken everywhere."""

    def all_is_well(_connection):
        return said

    with pytest.raises(ProgramMisbehaved, match="invariant 'all_is_well': returned") as refused:
        Invariant.of(all_is_well).observe(None)
    assert refused.value.hints == (
        "return None if all is well, else a text that says what is wrong",
    )


def test_a_rule_without_a_name_is_called_after_its_kind():
    assert Invariant.of(Always()).name == "Always"
