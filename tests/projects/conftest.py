"""A project's folder is on the path: pytest's own import mode does it for a user, ours does not."""

import sys
from pathlib import Path

for _folder in Path(__file__).parent.iterdir():
    if (_folder / f"{_folder.name}.py").is_file():
        sys.path.append(str(_folder))
