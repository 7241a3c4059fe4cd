"""In which order the contractors' reports arrived: the sort sequence numbers (ソート連番) of a day.

Results of the past are numbered as they are generated, one counter for each day of the year before.
Today's are spread over their numbers, for reports arrive in no order of contracts: the two reports
of one contract are mostly far apart, so that parallel jobs meet on it (exam problem 3).
"""

import math
from datetime import date
from typing import Any, Final

_GOLDEN: Final = 0.6180339887498949


class Arrivals:
    """Numbers the reports of every day; memory for one counter a day."""

    def __init__(self, seed: int, reported: int, business_date: date) -> None:
        """`reported` contracts send two reports each on the business date."""
        self._today = business_date.toordinal()
        self._reports = 2 * reported
        # number → number * step + shift (mod reports) visits each number once if the step has no
        # divisor in common with them; a golden-section step leaves neighbours far apart.
        step = max(1, int(self._reports * _GOLDEN))
        while math.gcd(step, self._reports) != 1:
            step += 1
        self._step = step
        self._shift = seed % max(1, self._reports)
        self._past: dict[int, int] = {}

    def of_today(self, report: int) -> int:
        """The sort sequence number of one of today's reports, which count from 0."""
        return 1 + (report * self._step + self._shift) % self._reports

    def of_past(self, day: int) -> int:
        """The next sort sequence number of a day (an ordinal) in the past."""
        self._past[day] = self._past.get(day, 0) + 1
        return self._past[day]

    def batch_runs(self) -> list[tuple[Any, ...]]:
        """What the batch programs have done: today's results are registered, and not added up."""
        done = [
            (program, date.fromordinal(day), 1, last)
            for day, last in sorted(self._past.items())
            for program in ("inspection_rate_update", "result_registration")
        ]
        if self._reports:
            today = date.fromordinal(self._today)
            done.append(("result_registration", today, 1, self._reports))
        return done
