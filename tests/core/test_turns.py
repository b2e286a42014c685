"""Work that comes together is done together, and nobody waits for others who do not come."""

import asyncio
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection

from core.lib.turns import GATHERING, Turns


def asked_at_once(turns, number):
    async def ask():
        return await asyncio.gather(*(turns.ask(each) for each in range(number)))

    with ThreadPoolExecutor(1) as pool:  # a browser in this process may have a loop of its own running
        return pool.submit(lambda: asyncio.run(ask())).result()


def test_each_gets_its_own_answer_and_one_of_a_turn_that_failed_gets_none():
    def double(asked):
        if 3 in asked:
            raise ValueError
        return [2 * each for each in asked]

    turns = Turns("doubled", double)
    assert asked_at_once(turns, 3) == [0, 2, 4]
    assert None in asked_at_once(turns, 5)


def test_a_turn_waits_for_as_many_as_came_before_and_not_for_its_whole_time():
    turn, taken = Turns("waiting", lambda asked: asked), []
    for number in range(3):
        turn.waiting.put((number, None))
    began = time.monotonic()
    taken.append(turn._next(expected=3))
    assert time.monotonic() - began < GATHERING  # as many are there: nothing to wait for
    turn.waiting.put((3, None))
    threading.Timer(GATHERING / 6, turn.waiting.put, [(4, None)]).start()
    taken.append(turn._next(expected=2))
    assert [len(each) for each in taken] == [3, 2]


@pytest.mark.django_db(transaction=True)
def test_a_thread_that_has_nothing_to_do_gives_its_connection_back():
    seen = []

    def do(asked):
        seen.append(connection.connection)
        connection.ensure_connection()
        return asked

    turns = Turns("idle", do)
    turns.kept = 0.05
    for _ in range(2):
        assert asked_at_once(turns, 1) == [0]
        time.sleep(0.3)
    assert seen == [None, None]


def test_a_turn_gives_up_on_those_who_do_not_come():
    turn = Turns("waiting", lambda asked: asked)
    turn.waiting.put((0, None))
    assert [asked for asked, _ in turn._next(expected=100)] == [0]


def test_a_turn_is_taken_while_another_waits():
    begun, goes_on = threading.Event(), threading.Event()

    def do(asked):
        if 0 in asked:
            begun.set()
            assert goes_on.wait(5)
        else:
            goes_on.set()
        return asked

    turns = Turns("two at once", do, threads=2)

    async def ask():
        first = asyncio.ensure_future(turns.ask(0))
        await asyncio.to_thread(begun.wait, 5)
        return await asyncio.wait_for(turns.ask(1), 5), await first

    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(lambda: asyncio.run(ask())).result() == (1, 0)
