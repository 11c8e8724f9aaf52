"""A number is settled once everybody who could still hold a lower one has ended."""

from __future__ import annotations

from exercises.domain.settled_ids import Seen, Settled


def looked(*looks: Seen) -> Settled:
    settled = Settled()
    for seen in looks:
        settled.look(seen)
    return settled


def test_an_empty_table_is_known_at_once() -> None:
    settled = looked(Seen(0, 10, 10))
    assert (settled.is_known, settled.through) == (True, 0)


def test_what_is_there_is_believed_at_the_second_look() -> None:
    assert not looked(Seen(5, 10, 10)).is_known
    settled = looked(Seen(5, 10, 10), Seen(5, 10, 10))
    assert (settled.is_known, settled.through, settled.is_awaiting) == (True, 5, False)


def test_who_was_under_way_is_waited_for_however_long() -> None:
    first = Seen(5, oldest_running=8, first_ahead=12)
    assert looked(first, Seen(9, 11, 20)).through == 0
    assert looked(first, Seen(9, 11, 20), Seen(9, 12, 20)).through == 5


def test_who_began_later_holds_nothing_lower_and_is_not_waited_for() -> None:
    settled = looked(Seen(5, 10, 12), Seen(9, 12, 20))
    assert settled.through == 5
    assert settled.is_awaiting
    settled.look(Seen(9, 20, 25))
    assert settled.through == 9


def test_it_never_goes_back() -> None:
    assert looked(Seen(5, 10, 10), Seen(5, 10, 10), Seen(3, 11, 11), Seen(3, 12, 12)).through == 5
