"""What was said on the command line is stronger than what the environment says."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.errors import UsageError
from harness.servers.options import ServerOptions

read = ServerOptions.from_environment


def test_nothing_said_means_the_whole_ladder():
    assert read({}) == ServerOptions()


def test_environment_is_read():
    found = read(
        {
            "HARNESS_SOURCE": "docker",
            "HARNESS_SERVER": "mysql://me:s3cret@there/test",
            "HARNESS_MARIADB_URL": "mariadb://me:s3cret@there/other",
            "HARNESS_MYSQL_IMAGE": "mysql:8.4",
            "HARNESS_LOCAL_SERVERS": "/one:/two",
            "HARNESS_START_LIMIT": "7.5",
        }
    )
    assert found.source == "docker"
    assert [(url.engine, url.text.rpartition("/")[2]) for url in found.urls] == [
        ("mariadb", "other"),
        (None, "test"),
    ]
    assert found.images == {"mysql": "mysql:8.4"}
    assert found.folders == (Path("/one"), Path("/two"))
    assert found.start_limit_s == 7.5


def test_command_line_is_stronger():
    found = read(
        {
            "HARNESS_SOURCE": "docker",
            "HARNESS_SERVER": "mysql://there/test",
            "HARNESS_MYSQL_IMAGE": "mysql:8.4",
            "HARNESS_MARIADB_IMAGE": "mariadb:10.11",
            "HARNESS_LOCAL_SERVERS": "/one",
        },
        source="local",
        urls=("postgresql://here/test",),
        images=("mysql=mysql:9.7",),
        folders=("/three",),
        port=24107,
        start_limit_s=3.0,
    )
    assert found.source == "local"
    assert [url.text for url in found.urls] == ["postgresql://here/test"]
    assert found.images == {"mysql": "mysql:9.7", "mariadb": "mariadb:10.11"}
    assert found.folders == (Path("/three"),)
    assert (found.port, found.start_limit_s) == (24107, 3.0)


@pytest.mark.parametrize(
    ("environment", "said", "message"),
    [
        ({"HARNESS_SOURCE": "cloud"}, {}, "source 'cloud': unknown"),
        ({}, {"source": "cloud"}, "source 'cloud': unknown"),
        ({}, {"images": ("mysql",)}, "image 'mysql': not of the form ENGINE=IMAGE"),
        ({}, {"images": ("=x",)}, "image '=x': not of the form ENGINE=IMAGE"),
        (
            {"HARNESS_START_LIMIT": "soon"},
            {},
            "HARNESS_START_LIMIT 'soon': not a number of seconds",
        ),
    ],
)
def test_what_cannot_be_understood_is_wrong_usage(environment, said, message):
    with pytest.raises(UsageError) as caught:
        read(environment, **said)
    assert caught.value.message == message


def test_options_show_no_password_in_their_representation():
    assert "s3cret" not in repr(read({"HARNESS_SERVER": "mysql://me:s3cret@there/test"}))
