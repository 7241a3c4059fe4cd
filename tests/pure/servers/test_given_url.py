"""What a URL says by itself; and no message that repeats its password."""

from __future__ import annotations

import pytest

from harness.errors import UsageError
from harness.servers.given_url import GivenUrl, place, said_of, scheme_of, understand

SCHEMES = frozenset({"mysql", "mariadb", "postgresql", "postgres"})

# text, scheme, place
SOUND = [
    ("mysql://me:s3cret@there:3307/test", "mysql", "there:3307/test"),
    ("mariadb://me@there/test", "mariadb", "there/test"),
    ("postgresql+psycopg://me:s3cret@[::1]:5432/test", "postgresql", "::1:5432/test"),
    ("postgres:///test?host=/run/sockets", "postgres", "localhost/test"),
    ("mysql+pymysql://me:p%40ss@there/test?charset=utf8mb4", "mysql", "there/test"),
    ("  mysql://me@there/test\n", "mysql", "there/test"),
]
# text, the first line of the message
WRONG = [
    ("", "given URL: malformed"),
    ("there:3306/test", "given URL: malformed"),
    ("mysql//me:s3cret@there/test", "given URL: malformed"),
    ("mysql://me:s3cret@there:port/test", "given URL: malformed"),
    ("oracle://me:s3cret@there/test", "given URL: scheme 'oracle' is unknown"),
    ("sqlite:///s3cret.db", "given URL: scheme 'sqlite' is unknown"),
    ("mysql://me:s3cret@there", "given URL: names no database"),
    ("mysql://me:s3cret@there/", "given URL: names no database"),
]


@pytest.mark.parametrize(("text", "scheme", "where"), SOUND)
def test_sound_url_is_understood(text, scheme, where):
    url = understand(GivenUrl(text), SCHEMES)
    assert scheme_of(url) == scheme
    assert place(url) == where


@pytest.mark.parametrize(("text", "message"), WRONG)
def test_wrong_url_is_refused_in_one_line_without_its_password(text, message):
    with pytest.raises(UsageError) as caught:
        understand(GivenUrl(text), SCHEMES)
    assert caught.value.message == message
    assert caught.value.hints
    assert "s3cret" not in caught.value.explain()
    assert caught.value.__cause__ is None


def test_url_shows_no_password_in_its_representation():
    assert "s3cret" not in repr(GivenUrl("mysql://me:s3cret@there/test"))


def test_error_that_repeats_the_password_is_cleaned():
    url = understand(GivenUrl("mysql://me:s3cret@there/test"), SCHEMES)
    error = ValueError(1045, "no entry with s3cret\nfor me")
    assert said_of(url, error) == "no entry with *** for me"
