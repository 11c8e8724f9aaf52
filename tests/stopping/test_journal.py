"""A stop is on disk before anything else, and no crash makes it unreadable."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from exercises.stopping.journal import KEEP_FOR, REFUSED, REFUSED_BYTES, Journal, read_entry
from exercises.stopping.orders import Receipt, Scope, StopOrder, StopTarget
from tests.simulated_aws import access_to


def order() -> StopOrder:
    return StopOrder(Scope.EXERCISE, "2026-11", "Team operator", 7, "page", "smoke")


def target(ref: str) -> StopTarget:
    return StopTarget(access_to("111111111111"), "fis", ref, f"run-{ref}", "2026-11", "One broker")


def test_what_was_written_is_read_again(journal: Journal) -> None:
    asked = order()
    entry = journal.open(asked, [target("EXP1"), target("EXP2")])
    entry.add_receipts([Receipt(target("EXP1"), True, "stopping", "AWS accepted the stop.")])
    (found,) = journal.under_way()
    assert found.order == asked
    assert found.targets == {"EXP1": target("EXP1"), "EXP2": target("EXP2")}
    assert found.status == {"EXP1": "stopping"}
    assert not found.is_told


def test_a_target_is_open_until_its_end_was_seen(journal: Journal) -> None:
    entry = journal.open(order(), [target("EXP1"), target("EXP2"), target("EXP3")])
    entry.add_receipts(
        [
            Receipt(target("EXP1"), True, "stopping", ""),
            Receipt(target("EXP2"), True, "stopped", ""),
            Receipt(target("EXP3"), False, "", "AWS did not answer"),
        ]
    )
    assert [each.ref for each in entry.open_targets()] == ["EXP1", "EXP3"]


def test_what_is_said_again_is_not_written_again(journal: Journal) -> None:
    entry = journal.open(order(), [target("EXP1")])
    entry.add_receipts([Receipt(target("EXP1"), False, "", "denied")])
    size = entry.path.stat().st_size
    entry.add_receipts([Receipt(target("EXP1"), False, "", "denied")])
    assert entry.path.stat().st_size == size


def test_a_line_torn_by_a_crash_is_passed_over_and_the_next_is_whole(journal: Journal) -> None:
    entry = journal.open(order(), [target("EXP1")])
    with entry.path.open("ab") as file:
        file.write(b'{"line": "receipt", "ref": "EX')
    again = read_entry(entry.path)
    assert again is not None
    again.add_receipts([Receipt(target("EXP1"), True, "stopped", "")])
    last = read_entry(entry.path)
    assert last is not None
    assert last.status == {"EXP1": "stopped"}


def test_every_prefix_of_the_file_can_be_read(journal: Journal, tmp_path: Path) -> None:
    entry = journal.open(order(), [target("EXP1")])
    entry.add_receipts([Receipt(target("EXP1"), True, "stopped", "")])
    content = entry.path.read_bytes()
    torn = tmp_path / "torn.jsonl"
    for length in range(len(content)):
        torn.write_bytes(content[:length])
        read_entry(torn)


def test_done_stops_are_put_away_and_forgotten_after_a_while(journal: Journal) -> None:
    entry = journal.open(order(), [])
    entry.close()
    assert journal.under_way() == []
    assert len(list((journal.folder / "done").iterdir())) == 1
    journal.forget_old(datetime.now(UTC))
    assert len(list((journal.folder / "done").iterdir())) == 1
    journal.forget_old(datetime.now(UTC) + KEEP_FOR + timedelta(days=1))
    assert list((journal.folder / "done").iterdir()) == []


def test_a_flood_of_refused_stops_does_not_fill_the_disk(journal: Journal) -> None:
    journal.refuse(who="nobody", what="run 1", because="forged")
    refused = journal.folder / REFUSED
    assert b"forged" in refused.read_bytes()
    refused.write_bytes(b" " * (REFUSED_BYTES + 1))
    journal.refuse(who="nobody", what="run 2", because="forged")
    assert refused.stat().st_size == REFUSED_BYTES + 1
    assert journal.under_way() == []
