"""The kinds of engine the harness knows, by name. The one room that names them.

Both families have the same files; what one engine can do and another cannot is a capability with a
sentence, not an `if` elsewhere.
"""

from __future__ import annotations

from collections.abc import Mapping

from harness.engines.engine import Capability, Engine, Isolation, Profile
from harness.engines.mysql.engines import MARIADB, MYSQL
from harness.engines.postgresql.engines import POSTGRESQL

ENGINES: Mapping[str, Engine] = {engine.name: engine for engine in (MYSQL, MARIADB, POSTGRESQL)}

__all__ = ["ENGINES", "Capability", "Engine", "Isolation", "Profile"]
