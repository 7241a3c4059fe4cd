"""Pytest's own import mode puts a test's folder on the path, which is what a user has; ours does not."""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parent / "bank"))
