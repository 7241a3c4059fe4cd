"""Read a spec file: recursive descent over its words, one function for each part of the format."""

from __future__ import annotations

import difflib
from collections.abc import Collection
from pathlib import Path

from harness.errors import UsageError
from harness.specs.scanner import Kind, Word, words
from harness.specs.spec import (
    AfterNotices,
    Behind,
    Marker,
    Once,
    Permutation,
    Place,
    Spec,
    SpecSession,
    SpecStep,
)


def read_spec(path: Path) -> Spec:
    """The spec in a file.

    Raises:
        UsageError: the file cannot be read, or is no spec.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise UsageError(f"spec '{path}': cannot be read: {reason}") from error
    return parse_spec(text, str(path))


def parse_spec(text: str, file: str = "spec") -> Spec:
    """The spec that a text is.

    >>> parse_spec("session s1 step a { select 1 }").sessions[0].steps
    (SpecStep(name='a', sql='select 1'),)

    Raises:
        UsageError: it is none; says in which line, and what was expected there.
    """
    return _Parser(text, file).spec()


class _Parser:
    """The words not yet read, and the names that were declared, each with its line."""

    def __init__(self, text: str, file: str) -> None:
        self._file = file
        self._words = words(text, file)
        self._word = next(self._words)
        self._sessions: dict[str, int] = {}
        self._steps: dict[str, int] = {}
        self._session_of: dict[str, str] = {}

    # -- the parts of the format ------------------------------------------------------------------

    def spec(self) -> Spec:
        """A whole file."""
        setups = []
        while self._is("setup"):
            setups.append(self._sql_behind("setup"))
        teardown = self._sql_behind("teardown") if self._is("teardown") else None
        first = "'setup', 'teardown' or 'session'" if teardown is None else "'session'"
        sessions = [self._session(first)]
        while not (self._is("permutation") or self._word.kind is Kind.END):
            more = "'step', 'teardown', " if sessions[-1].teardown is None else ""
            sessions.append(self._session(f"{more}'session' or 'permutation'"))
        permutations = []
        while self._word.kind is not Kind.END:
            permutations.append(self._permutation())
        return Spec(tuple(sessions), tuple(setups), teardown, tuple(permutations))

    def _session(self, expected: str) -> SpecSession:
        self._keyword("session", expected)
        name = self._new_name("session", self._sessions)
        setup = self._sql_behind("setup") if self._is("setup") else None
        first = "'step'" if setup is not None else "'setup' or 'step'"
        steps = [self._step(name, f"{first} of session '{name}'")]
        while self._is("step"):
            steps.append(self._step(name, "'step'"))
        teardown = self._sql_behind("teardown") if self._is("teardown") else None
        return SpecSession(name, tuple(steps), setup, teardown)

    def _step(self, session: str, expected: str) -> SpecStep:
        self._keyword("step", expected)
        name = self._new_name("step", self._steps)
        self._session_of[name] = session
        return SpecStep(name, self._take(Kind.BLOCK, f"the SQL of step '{name}' in braces").text)

    def _permutation(self) -> Permutation:
        self._keyword("permutation", "'permutation', the name of a step or the end of the file")
        read = [self._place()]
        while self._word.kind is Kind.NAME:
            read.append(self._place())
        places = tuple(place for place, _ in read)
        for place, line in read:
            self._check_markers(place, line, {other.step for other in places})
        return Permutation(places)

    def _place(self) -> tuple[Place, int]:
        name = self._take(Kind.NAME, "the name of a step")
        self._known(name.text, self._steps, name.line, f"step '{name.text}' is not defined")
        markers: list[Marker] = []
        if self._is("("):
            self._advance()
            markers.append(self._marker())
            while self._is(","):
                self._advance()
                markers.append(self._marker())
            self._keyword(")", "')' or ',' after a marker")
        return Place(name.text, tuple(markers)), name.line

    def _marker(self) -> Marker:
        if self._is("*"):
            self._advance()
            return Once()
        name = self._take(Kind.NAME, "a marker: '*', a step, or a step, 'notices' and a number")
        if not self._is("notices"):
            return Behind(name.text)
        self._advance()
        return AfterNotices(name.text, int(self._take(Kind.NUMBER, "how many notices").text))

    # -- what must be true of names ---------------------------------------------------------------

    def _check_markers(self, place: Place, line: int, taken: Collection[str]) -> None:
        for marker in place.markers:
            if isinstance(marker, Once):
                continue
            self._known(
                marker.step,
                taken,
                line,
                f"the marker '{marker}' of step '{place.step}' names a step "
                "that this permutation does not take",
            )
            if self._session_of[marker.step] == self._session_of[place.step]:
                raise self._error(
                    line,
                    f"the marker '{marker}' of step '{place.step}' names a step of its own session",
                    "a session's steps are taken one after the other anyway",
                )

    def _known(self, name: str, names: Collection[str], line: int, otherwise: str) -> None:
        if name not in names:
            near = difflib.get_close_matches(name, list(names), n=1)
            raise self._error(line, otherwise, *(f"did you mean '{found}'?" for found in near))

    def _new_name(self, what: str, declared: dict[str, int]) -> str:
        word = self._take(Kind.NAME, f"the name of a {what}")
        if word.text in declared:
            raise self._error(
                word.line, f"{what} '{word.text}' is defined in line {declared[word.text]} already"
            )
        declared[word.text] = word.line
        return word.text

    # -- words ------------------------------------------------------------------------------------

    def _sql_behind(self, keyword: str) -> str:
        self._advance()
        return self._take(Kind.BLOCK, f"the SQL of '{keyword}' in braces").text

    def _is(self, text: str) -> bool:
        return self._word.kind in (Kind.KEYWORD, Kind.SIGN) and self._word.text == text

    def _keyword(self, text: str, expected: str) -> None:
        if not self._is(text):
            raise self._unexpected(expected)
        self._advance()

    def _take(self, kind: Kind, expected: str) -> Word:
        word = self._word
        if word.kind is not kind:
            is_keyword = (kind, word.kind) == (Kind.NAME, Kind.KEYWORD)
            hints = ["a keyword needs quotes to be a name"] if is_keyword else []
            raise self._unexpected(expected, *hints)
        self._advance()
        return word

    def _advance(self) -> None:
        self._word = next(self._words)

    def _unexpected(self, expected: str, *hints: str) -> UsageError:
        found = self._word.readable()
        return self._error(self._word.line, f"expected {expected}, found {found}", *hints)

    def _error(self, line: int, message: str, *hints: str) -> UsageError:
        return UsageError(f"{self._file}:{line}: {message}", *hints)
