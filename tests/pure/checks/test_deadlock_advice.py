"""What would remove a deadlock, from who held what and wanted what."""

from harness.checks.deadlock import Hold, Member, advise


def member(text: str, *, shared: bool = False, because: str = "", gap: bool = False) -> Member:
    """From 'T1 A>B 1,3': holds A since turn 1, wants B in turn 3; '?' is a row nobody knows."""
    session, rows, turns = text.split()
    held, wanted = rows.split(">")
    since, now = map(int, turns.split(","))
    hold = None if held == "?" else Hold(since, f"lock {held}", shared, because)
    row = None if wanted == "?" else wanted
    others = {"T1": "T2", "T2": "T1"}
    return Member(
        session, others.get(session, ""), now, f"lock {wanted}", row=row, gap=gap, held=hold
    )


def test_two_orders_are_told_with_the_change_of_one():
    advice = advise([member("T1 A>B 1,3"), member("T2 B>A 2,4")])
    assert (advice.change, advice.session, advice.first, advice.turn) == ("order", "T2", "A", 2)
    assert advice.sentence == "T1 locks A, then B; T2 locks B, then A: have T2 lock A first"


def test_three_orders_are_told_with_the_change_of_one():
    ring = [
        Member("T1", "T2", 4, "", row="B", held=Hold(1, "", shared=False)),
        Member("T2", "T3", 5, "", row="C", held=Hold(2, "", shared=False)),
        Member("T3", "T1", 6, "", row="A", held=Hold(3, "", shared=False)),
    ]
    assert advise(ring).sentence == (
        "T1 locks A, then B; T2 locks B, then C; T3 locks C, then A: have T3 lock A first"
    )


def test_who_locks_both_in_one_statement_is_not_the_one_to_change():
    advice = advise([member("T1 A>B 1,3"), member("T2 B>A 4,4")])
    assert (advice.change, advice.session, advice.first) == ("order", "T1", "B")


def test_where_each_locks_in_one_statement_no_order_helps():
    advice = advise([member("T1 A>B 3,3"), member("T2 B>A 4,4")])
    assert advice.change == "none"
    assert advice.sentence.startswith("no order of statements removes it")


def test_one_row_that_both_had_shared_asks_for_a_stronger_first_lock():
    both = [member("T1 A>A 1,3", shared=True), member("T2 A>A 2,4", shared=True)]
    advice = advise(both)
    assert (advice.change, advice.first, advice.turn) == ("stronger lock", "A", 1)
    assert advice.sentence == (
        "T1 and T2 lock A shared in turns 1 and 2, and then each wants it exclusively: "
        "read A FOR UPDATE at the first read"
    )


def test_a_shared_lock_that_no_statement_names_is_explained():
    why = "by an insert into b, whose foreign key names it"
    both = [member(f"T{n} A>A {n},3", shared=True, because=why) for n in (1, 2)]
    assert advise(both).sentence == (
        f"T1 and T2 lock A shared in turns 1 and 2 ({why}), and then each wants it exclusively: "
        "read A FOR UPDATE before that"
    )


def test_where_a_gap_is_kept_no_order_helps():
    advice = advise([member("T1 A>B 1,3", gap=True), member("T2 B>A 2,4")])
    assert advice.change == "none"
    assert "gap locks do not exclude each other" in advice.sentence


def test_where_a_row_is_not_known_nothing_is_advised():
    assert advise([member("T1 A>? 1,3"), member("T2 B>A 2,4")]).change == "unknown"
    assert advise([member("T1 ?>B 1,3"), member("T2 B>A 2,4")]).change == "unknown"
    assert advise([]).change == "unknown"
