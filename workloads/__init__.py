"""The application programs (AP) that the harness runs, each usable without it."""
