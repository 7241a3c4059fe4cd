"""Every command's help teaches, and calls the harness as its reader did."""

import argparse
import itertools
import re
import shlex
from collections.abc import Iterator

import pytest

from harness.cli import COMMANDS, build_parser
from harness.cli.parser import Parser, Subparsers, as_called


def below(parser: Parser) -> Iterator[Parser]:
    yield parser
    for action in parser._actions:
        if isinstance(action, Subparsers):
            for one in action.choices.values():
                yield from below(one)


EVERY = {parser.prog: parser for parser in below(build_parser())}


@pytest.mark.parametrize("prog", EVERY)
def test_a_help_text_has_an_example_and_the_exit_status(prog):
    said = EVERY[prog].format_help()
    assert "examples:\n" in said or "start here:\n" in said
    if prog not in ("harness drill", "harness plan"):
        assert "exit status: 0" in said


@pytest.mark.parametrize("prog", EVERY)
def test_an_example_begins_as_the_reader_began(prog, monkeypatch):
    monkeypatch.setenv("HARNESS_COMMAND", "../run")
    monkeypatch.setenv("COLUMNS", "100")
    words = EVERY[prog].format_help().replace("\n", " ").split(" ")
    called = [after for word, after in itertools.pairwise(words) if word == "../run"]
    assert set(called) <= set(COMMANDS)
    assert prog == "harness" or called


def examples(prog: str) -> Iterator[list[str]]:
    text = (EVERY[prog].epilog or "").replace("\\\n", " ")
    for line in text.splitlines():
        if line.startswith("  harness "):
            yield shlex.split(re.split(r" {3,}|  (?=\()| \|", line.strip())[0])


@pytest.mark.parametrize("prog", EVERY)
def test_an_example_is_understood(prog):
    for words in examples(prog):
        build_parser().parse_args(words[1:])


def test_a_picture_is_asked_of_one_engine_in_every_example():
    """A picture of a day or a night shows one; a measurement draws all."""
    drawn = [words for prog in EVERY for words in examples(prog) if "--plot" in words]
    assert len(drawn) >= 3
    assert not [w for w in drawn if w[1] == "replay" and "--engine" not in w]


def test_a_text_about_the_harness_is_no_command(monkeypatch):
    monkeypatch.setenv("HARNESS_COMMAND", "./run")
    text = "what the harness starts; `harness servers` lists it, harness-free or not"
    assert as_called(text) == text.replace("harness servers", "./run servers")


@pytest.mark.parametrize(
    "text",
    ["'/srv/my harness project/x.json'", "'my harness data/x.json'", "'a-harness data'"],
)
def test_a_name_of_the_user_s_is_no_command(monkeypatch, text):
    monkeypatch.setenv("HARNESS_COMMAND", "./run")
    assert as_called(text) == text


def test_a_message_tells_the_user_s_words_as_they_were_and_its_hint_the_command(
    harness, monkeypatch
):
    monkeypatch.setenv("HARNESS_COMMAND", "./run")
    said = harness("reproduce", "problem-2", "--expect", "my harness data.json")
    assert "'my harness data.json'" in said.err
    said = harness("servers", "--json", "clean")
    assert "hint: say it first: ./run servers clean --json\n" in said.err
    said = harness("explore", "a:b")
    assert said.err == (
        "./run explore: the following arguments are required: --setup\n"
        "  hint: ./run explore --help\n"
    )


def test_a_folder_with_a_blank_is_quoted(monkeypatch):
    monkeypatch.setenv("HARNESS_COMMAND", "/my tools/run")
    assert as_called("harness servers") == "'/my tools/run' servers"


@pytest.mark.parametrize(
    ("words", "near"),
    [
        (["explroe"], "explore"),
        (["explore", "a:b", "--stup", "a:c"], "--setup"),
        (["explore", "a:b", "--setup=a:c", "--enginee=mysql"], "--engine"),
        (["plan", "restrat"], "restart"),
        (["data", "lod"], "load"),
        (["reproduce", "problem-2", "--source", "dokcer"], "docker"),
    ],
    ids=" ".join,
)
def test_a_word_that_is_nearly_right_is_told_the_right_one(harness, words, near):
    said = harness(*words)
    assert (said.status, said.out) == (64, "")
    assert f"  hint: did you mean '{near}'?\n" in said.err


def test_an_unknown_option_is_told_by_the_command_that_was_asked(harness):
    assert harness("drill", "crash", "--kilsl", "3").err == (
        "harness drill crash: unrecognized arguments: --kilsl 3\n"
        "  hint: did you mean '--kills'?\n"
        "  hint: harness drill crash --help\n"
    )


def test_servers_has_no_other_engine_to_be_named():
    (asked,) = [a for a in EVERY["harness servers"]._actions if "--server" in a.option_strings]
    assert "--engine" not in str(asked.help)


def test_a_drill_offers_no_server_to_kill():
    for prog, parser in EVERY.items():
        shown = [a for a in parser._actions if "--server" in a.option_strings]
        hidden = [a for a in shown if a.help is argparse.SUPPRESS]
        assert hidden == (shown if prog.startswith("harness drill") else []), prog
