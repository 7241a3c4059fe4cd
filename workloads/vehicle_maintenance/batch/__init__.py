"""The programs of the batch night (exam table 3)."""
