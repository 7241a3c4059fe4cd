"""Options that say which data are generated: how many, by which lots, for which day."""

from __future__ import annotations

import argparse
from datetime import date

BUSINESS_DATE = date(2024, 10, 15)
"""The day that data are made for unless another is asked for."""


def add_data_options(
    parser: argparse.ArgumentParser,
    scale: float,
    scale_means: str,
    business_date: date = BUSINESS_DATE,
) -> None:
    """Add `--scale`, `--seed` and `--date`."""
    parser.add_argument(
        "--scale",
        type=float,
        default=scale,
        metavar="S",
        help=f"{scale_means} (default: {scale:g})",
    )
    parser.add_argument("--seed", type=int, default=1, metavar="N", help="default: 1")
    parser.add_argument(
        "--date",
        type=_date,
        default=business_date,
        metavar="YYYY-MM-DD",
        help=f"the business date (default: {business_date})",
    )


def _date(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"'{text}' is not a date: YYYY-MM-DD") from None
