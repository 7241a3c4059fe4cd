"""A test's folder is on the path: pytest's own import mode does it for a user, ours does not."""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parent / "bank"))
