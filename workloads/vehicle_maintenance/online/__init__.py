"""The programs that run while the offices are open (exam table 2)."""
