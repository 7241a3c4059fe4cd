"""What the help of `harness plan` says, as a whole and of each planner."""

from __future__ import annotations

DESCRIPTION = """\
Plan the batch night by pure reasoning: no server is started and none is asked. Each planner prints
the exam's figure, and marks what the exam leaves open as assumed.

  restart         after a crash: which tables to redefine, which jobs to run again, in which order
  recovery-time   how long the server will roll forward and back
  lock-memory     how many locks are held at once, with and without the no-log mode
  log-volume      how much log a day writes, and how many online backups that asks for
  backups         which tables to back up at which milestone (exam table 5)"""

EPILOG = """\
examples:
  harness plan restart                                      every crash in one table
  harness plan restart --crash 2 --checkpoint T2            and one of them with its reasons
  harness plan restart --crash 2 --ended result_registration
  harness plan restart --ledger runs/night/ledger.jsonl     of a night that really broke off
  harness plan recovery-time --crash 5 --checkpoint T3
  harness plan recovery-time --calibration recovery.json    beside it what was measured here
  harness plan lock-memory --placement all-late
  harness plan log-volume --io-per-update 2
  harness plan backups --json backups.json

exit status: 0 the plan is certain, 2 it is not (or an assumption decides), 64 wrong usage,
             70 the harness failed"""

TEACHING = {
    "restart": """\
After a crash: which tables to redefine, which jobs to run again, and in which order. Without
--crash and --ledger every crash of the night is answered, in one table; with either, that one with
the reason of each step. A plan is unknown where the night may end otherwise than in peace.""",
    "recovery-time": """\
How long a server that was killed rolls forward and back, in the shortest and in the worst case, by
the exam's model: so many milliseconds for each row. With --calibration the same is told by what
`harness drill recovery-time --json` measured on servers here.""",
    "lock-memory": """\
How many locks the jobs of each window hold at once, with work tables in the exam's no-log mode and
with that mode cancelled, and what that many ask of each engine's memory.""",
    "log-volume": """\
How much log the work tables add to a day once their no-log mode is cancelled, how long a recovery
from the log would take, and how many online backups keep it below --limit-s.""",
    "backups": """\
Which tables to back up at which milestone: each change once, at the end of the window that made it
(exam table 5).""",
}
"""What each planner answers."""


def examples_of(name: str) -> str:
    """The examples that are about one planner, and the exit status, which all share."""
    lines = EPILOG.splitlines()
    about = [line for line in lines if line.startswith(f"  harness plan {name}")]
    return "\n".join([lines[0], *about, *lines[lines.index("") :]])
