from live.cli.conftest import harness, here  # noqa: F401 - the command line, as its own tests run it
