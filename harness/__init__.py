"""An operations harness for real databases: explore, judge, kill, restore.

The package knows databases; it knows nothing of vehicles or bills. See `docs/` and the README.
"""

__version__ = "0.1.0"
