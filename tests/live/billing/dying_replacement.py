"""A replacement in a process of its own, killed at the beginning of a step.

BILLING_URL=… python dying_replacement.py ENGINE WAY STEP FOLDER
"""

import os
import signal
import sys
from pathlib import Path

from sqlalchemy import make_url

from harness.engines import ENGINES
from workloads.billing.measurements.month import MONTH_END
from workloads.billing.replacement.steps import Replacement, Step


def main(engine: str, way: str, step: str, folder: str) -> None:
    def watch(begun):
        if begun is Step[step]:
            os.kill(os.getpid(), signal.SIGKILL)

    url = make_url(os.environ["BILLING_URL"])
    run = Replacement(ENGINES[engine], url, MONTH_END, Path(folder), watch)
    run.swap() if way == "swap" else run.in_place()


if __name__ == "__main__":
    main(*sys.argv[1:])
