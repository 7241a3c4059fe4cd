"""The programs of the night: registration, payments, and the deletion at the end of the month."""
