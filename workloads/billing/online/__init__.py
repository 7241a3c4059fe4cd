"""The programs of clerks: bill inquiries and bill cancellation."""
