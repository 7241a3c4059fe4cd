"""A limit of time is kept, also where the queue beneath it forgets the time."""

import subprocess
import sys
from queue import Empty

import pytest

from harness.sessions.mailbox import Mailbox

ROUNDS = 50_000
AFTER_EACH_ITEM = f"""
from queue import Empty, SimpleQueue
from harness.sessions.mailbox import Mailbox

def rounds(put, take):
    for _ in range({ROUNDS}):
        put(1)
        take()
        try:
            take_within_a_microsecond()
        except Empty:
            pass
"""
OF_A_MAILBOX = """
box = Mailbox()
take_within_a_microsecond = lambda: box.take(1e-6)
rounds(box.put, box.take)
"""
OF_A_QUEUE = """
queue = SimpleQueue()
take_within_a_microsecond = lambda: queue.get(True, 1e-6)
rounds(queue.put, queue.get)
"""


def run(what, limit_s):
    words = [sys.executable, "-c", AFTER_EACH_ITEM + what]
    return subprocess.run(words, timeout=limit_s, check=True, capture_output=True)


def test_what_was_put_in_comes_out_in_its_order():
    box = Mailbox()
    for item in (1, None, 3):
        box.put(item)
    assert [box.take(), box.take(60), box.take()] == [1, None, 3]


@pytest.mark.parametrize("limit_s", [0, 0.001])
def test_an_empty_one_says_so(limit_s):
    with pytest.raises(Empty):
        Mailbox().take(limit_s)


def test_the_limit_is_kept_after_each_item():
    run(OF_A_MAILBOX, limit_s=200)


def test_a_queue_alone_waits_for_ever():
    """The reason for the mailbox. Where a Python keeps the limit by itself, it may go."""
    try:
        run(OF_A_QUEUE, limit_s=10)
    except subprocess.TimeoutExpired:
        return
    pytest.skip(f"the queue of Python {sys.version.split()[0]} kept every limit this time")
