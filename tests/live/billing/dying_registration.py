"""Bill registration in a process of its own, killed when it has done so many commits.

    BILLING_URL=… python dying_registration.py VARIANT COMMITS

It kills itself before its next commit goes to the server; with as many commits as there are
members, before it could tell anybody that it is done.
"""

import os
import signal
import sys

from live.billing.restarts import RESTARTS
from sqlalchemy import create_engine, event

from workloads.billing.problems.problem_a import FIRST_RUN


def main(variant: str, commits: int) -> None:
    engine = create_engine(os.environ["BILLING_URL"])
    done = 0
    with engine.connect() as connection:

        @event.listens_for(connection, "commit")
        def count(*_):
            nonlocal done
            if done == commits:
                os.kill(os.getpid(), signal.SIGKILL)
            done += 1

        RESTARTS[variant].program(connection, FIRST_RUN)
        os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
