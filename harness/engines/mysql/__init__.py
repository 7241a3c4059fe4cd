"""MySQL and MariaDB: what they say and need. Where the two differ, the difference is a value."""
