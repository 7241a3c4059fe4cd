"""PostgreSQL: what it says and needs."""
