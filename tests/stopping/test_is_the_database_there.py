"""Whether the database answers is asked beside the stops that wait for AWS."""

from __future__ import annotations

import threading

import pytest

from exercises.services import stop_now
from exercises.services.stop_now import database_answers

pytestmark = pytest.mark.django_db(transaction=True)


def test_stops_that_wait_for_aws_do_not_make_the_database_look_away() -> None:
    taken = [stop_now._telling.acquire(timeout=1) for _ in range(stop_now._MOST_WAITING)]
    try:
        assert database_answers(within_s=10)
    finally:
        for _ in taken:
            stop_now._telling.release()


def test_many_who_ask_at_once_all_hear_that_it_is_there() -> None:
    heard: list[bool] = []

    def ask() -> None:
        heard.append(database_answers(within_s=20))

    asking = [threading.Thread(target=ask) for _ in range(3 * stop_now._MOST_WAITING)]
    for each in asking:
        each.start()
    for each in asking:
        each.join()
    assert heard == [True] * len(asking)
