"""What pytest's own import mode does for a user, and ours does not: a test's folder is on the path."""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parent / "bank"))
