"""What a spec file may look like, and what is said of one that may not."""

import pytest

from harness.errors import UsageError
from harness.specs.parser import parse_spec, read_spec
from harness.specs.spec import (
    AfterNotices,
    Behind,
    Once,
    Permutation,
    Place,
    Spec,
    SpecSession,
    SpecStep,
)

ONE = SpecSession("s1", (SpecStep("a", "SELECT 1;"),))
BOTH = "session s1 step a { } step b { } session s2 step c { }"


@pytest.mark.parametrize(
    ("text", "spec"),
    [
        ("session s1 step a { SELECT 1; }", Spec((ONE,))),
        ('session "s1"\nstep "a" {SELECT 1;}\n', Spec((ONE,))),
        ("# a comment { \nsession s1 # another\nstep a { SELECT 1; }#last", Spec((ONE,))),
        (
            "setup { A } setup { B } teardown { C } session s1 step a { SELECT 1; }",
            Spec((ONE,), ("A", "B"), "C"),
        ),
        (
            "session s1 setup { BEGIN; } step a { } teardown { COMMIT; }",
            Spec((SpecSession("s1", (SpecStep("a", ""),), "BEGIN;", "COMMIT;"),)),
        ),
        (
            'session "a ""b"" step" step "permutation" { # no comment }',
            Spec((SpecSession('a "b" step', (SpecStep("permutation", "# no comment"),)),)),
        ),
        (
            "session größe step a$1 { SELECT '{' }",
            Spec((SpecSession("größe", (SpecStep("a$1", "SELECT '{'"),)),)),
        ),
    ],
)
def test_spec_is_read(text, spec):
    assert parse_spec(text) == spec


@pytest.mark.parametrize(
    ("block", "sql"),
    [
        ("{ SELECT 1 }", "SELECT 1"),
        ("{}", ""),
        ("{ \t }", ""),
        ("{\n  SELECT 1\n}", "\n  SELECT 1\n"),
        ("{ \n SELECT 1 \n \t}", "\n SELECT 1 \n"),
    ],
)
def test_blanks_beside_braces_do_not_count_and_line_ends_do(block, sql):
    assert parse_spec(f"session s step a {block}").sessions[0].steps[0].sql == sql


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("a", Place("a")),
        ("a(*)", Place("a", (Once(),))),
        ("a ( c )", Place("a", (Behind("c"),))),
        ("a(c notices 12)", Place("a", (AfterNotices("c", 12),))),
        ('a(*, "c", c notices 0)', Place("a", (Once(), Behind("c"), AfterNotices("c", 0)))),
    ],
)
def test_place_in_a_permutation_is_read(text, place):
    spec = parse_spec(f"{BOTH} permutation {text} c permutation b")
    assert spec.permutations == (
        Permutation((place, Place("c"))),
        Permutation((Place("b"),)),
    )


SETTING = "'setup', 'teardown' or 'session'"
MARKER = "a marker: '*', a step, or a step, 'notices' and a number"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", f"f:1: expected {SETTING}, found the end of the file"),
        ("\n\nstep a { }", f"f:3: expected {SETTING}, found 'step'"),
        ("setup { } s1", f"f:1: expected {SETTING}, found the name 's1'"),
        ("teardown { } setup { }", "f:1: expected 'session', found 'setup'"),
        ("setup\nsession", "f:2: expected the SQL of 'setup' in braces, found 'session'"),
        ("session { }", "f:1: expected the name of a session, found an SQL block"),
        ("session 12", "f:1: expected the name of a session, found '12'"),
        (
            "session setup step a { }",
            "f:1: expected the name of a session, found 'setup'\n"
            "  hint: a keyword needs quotes to be a name",
        ),
        ("session s", "f:1: expected 'setup' or 'step' of session 's', found the end of the file"),
        (
            "session s setup { } teardown { }",
            "f:1: expected 'step' of session 's', found 'teardown'",
        ),
        ("session s step a\nb", "f:2: expected the SQL of step 'a' in braces, found the name 'b'"),
        (
            "session s step a { } setup { }",
            "f:1: expected 'step', 'teardown', 'session' or 'permutation', found 'setup'",
        ),
        (
            "session s step a { } teardown { } step",
            "f:1: expected 'session' or 'permutation', found 'step'",
        ),
        (
            "session s step a { }\nstep a { }",
            "f:2: step 'a' is defined in line 1 already",
        ),
        (
            "session s step a { }\nsession s step b { }",
            "f:2: session 's' is defined in line 1 already",
        ),
        (
            f"{BOTH} permutation",
            "f:1: expected the name of a step, found the end of the file",
        ),
        (
            f"{BOTH} permutation a\nsession s3",
            "f:2: expected 'permutation', the name of a step or the end of the file, "
            "found 'session'",
        ),
        (f"{BOTH}\npermutation a x", "f:2: step 'x' is not defined"),
        (
            "session s1 step read1 { } permutation\nraed1",
            "f:2: step 'raed1' is not defined\n  hint: did you mean 'read1'?",
        ),
        (f"{BOTH} permutation a() c", f"f:1: expected {MARKER}, found ')'"),
        (
            f"{BOTH} permutation a(c c) c",
            "f:1: expected ')' or ',' after a marker, found the name 'c'",
        ),
        (f"{BOTH} permutation a(c notices) c", "f:1: expected how many notices, found ')'"),
        (
            f"{BOTH} permutation\na(c)\nb",
            "f:2: the marker 'c' of step 'a' names a step that this permutation does not take",
        ),
        (
            f"{BOTH} permutation a b(a notices 1)",
            "f:1: the marker 'a notices 1' of step 'b' names a step of its own session\n"
            "  hint: a session's steps are taken one after the other anyway",
        ),
        ("session s\nstep a {\n\n", "f:2: the SQL block that begins here has no '}'"),
        (
            'session s\nstep "a\nb" { }',
            "f:2: the quoted name that begins here does not end in its line",
        ),
        ("session s; step a { }", "f:1: the character ';' begins nothing that a spec knows"),
    ],
)  # fmt: skip
def test_what_is_no_spec_is_refused_with_its_line(text, message):
    with pytest.raises(UsageError) as caught:
        parse_spec(text, "f")
    assert caught.value.explain() == message


def test_missing_file_is_wrong_usage(tmp_path):
    with pytest.raises(UsageError) as caught:
        read_spec(tmp_path / "no.spec")
    assert (
        str(caught.value) == f"spec '{tmp_path}/no.spec': cannot be read: No such file or directory"
    )


def test_file_that_is_no_text_is_wrong_usage(tmp_path):
    (tmp_path / "odd.spec").write_bytes(b"session \xff")
    with pytest.raises(UsageError, match=r"odd\.spec': cannot be read: it is not UTF-8"):
        read_spec(tmp_path / "odd.spec")
