"""What is asked of an engine in every account that a run reaches, one after the other.

Called by the services that start, look, preview and sweep, without a transaction. An account
that does not answer fails the whole question and is named: half an answer would pass for all.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from exercises.aws.fleet import application_nodes
from exercises.aws.safety_lever import ENGAGED, lever_status
from exercises.domain.engine_values import Archive, Node, Target
from exercises.domain.errors import EngineError, FurtherAccountError
from exercises.domain.plans import JsonObject
from exercises.domain.snapshots import Snapshot, merged, part_of
from exercises.domain.target_accounts import target_accounts
from exercises.engines.protocol import Engine
from exercises.models import AccountRegion

Places = Sequence[AccountRegion]


def preview(chosen: Engine, places: Places, definition: JsonObject) -> list[Target]:
    """What the definition would hit now, account by account. Raises EngineError."""
    _check_known(places, definition)
    found: list[Target] = []
    for place in places:
        with _named(place, places):
            found += chosen.preview(place.access, definition)
    return found


def snapshot(
    chosen: Engine, places: Places, definition: JsonObject, before: Snapshot | None = None
) -> Snapshot:
    """How everything is that a run may leave changed, in every account. Raises EngineError."""
    _check_known(places, definition)
    if len(places) == 1:
        return chosen.snapshot(places[0].access, definition, before)
    found = {}
    for place in places:
        account = place.account.account_id
        with _named(place, places):
            found[account] = chosen.snapshot(
                place.access, definition, part_of(before, account) if before else None
            )
    return merged(found)


def fleet(places: Places, tag_value: str) -> list[Node]:
    """The instances of an application, account by account. Raises EngineError."""
    found: list[Node] = []
    for place in places:
        with _named(place, places):
            found += application_nodes(place.access, tag_value)
    return found


def engaged_levers(places: Places) -> tuple[str, ...]:
    """The further places whose safety lever is engaged now, whoever did it: FIS heeds that of
    the first account alone. Raises EngineError."""
    found = []
    for place in places[1:]:
        with _named(place, places):
            if lever_status(place.access) in ENGAGED:
                found.append(str(place))
    return tuple(found)


def archive(chosen: Engine, places: Places, ref: str) -> Archive:
    """All the engine knows of a finished experiment: it ran in the first account; what it hit
    is located in each. Raises EngineError."""
    own, *others = places
    kept = chosen.archive(own.access, ref)
    targets: Sequence[Target] = kept.targets
    for place in others:
        with _named(place, places):
            targets = chosen.located(place.access, targets)
    return Archive(kept.document, tuple(targets))


def _check_known(places: Places, definition: JsonObject) -> None:
    """An account that is no longer known here cannot be asked."""
    known = {place.account.account_id for place in places}
    unknown = sorted({each.account_id for each in target_accounts(definition)} - known)
    if unknown:
        raise EngineError(
            f"Account {', '.join(unknown)} is not known here in {places[0].region}.",
            outcome="none",
            retryable=False,
        )


@contextmanager
def _named(place: AccountRegion, places: Places) -> Iterator[None]:
    """Say in which of several accounts it went wrong."""
    try:
        yield
    except EngineError as error:
        if len(places) == 1:
            raise
        text = f"{place.account.name} ({place.account.account_id}): {error}"
        kind = EngineError if place == places[0] else FurtherAccountError
        raise kind(text, outcome=error.outcome, retryable=error.retryable) from error
