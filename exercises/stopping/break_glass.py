"""`chaosplane stop`: stop with nothing but AWS credentials, when all else is down.

Needs botocore and nothing of the product's servers or settings. What it did is written to
a journal that `manage.py import_stops` reads later.
"""

from __future__ import annotations

import getpass
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from exercises.aws.identity import account_of
from exercises.aws.safety_lever import engage
from exercises.domain.engine_documents import FIS, LAMBDA_CONFIG
from exercises.domain.errors import EngineError
from exercises.domain.lambda_leases import REF, lease_name
from exercises.domain.plans import AccountAccess
from exercises.stopping import stopper
from exercises.stopping.journal import Entry, Journal
from exercises.stopping.orders import Receipt, Scope, StopOrder, StopTarget
from exercises.stopping.targets import read_targets

ALL_ENDED: Final = 0
NOT_CONFIRMED: Final = 1
WRONG_USE: Final = 2
STILL_STOPPING: Final = 3
LOOK_EVERY_S: Final = 2.0
ELSEWHERE_S: Final = 5.0
"""How long other accounts are searched, for what reaches this one, before it is stopped here."""

ENGINE_OF_REF: Final = {"EXP": FIS, REF: LAMBDA_CONFIG}
"""What the references of experiments begin with that can be stopped from anywhere."""
COMMANDS: Final = {
    FIS: "aws fis stop-experiment --id {ref}",
    LAMBDA_CONFIG: "aws ssm get-parameter --name {lease}",
}
"""The same by hand; a lease says what to put back."""

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Wish:
    """What was asked for on the command line. `run` is the id of a run or of an experiment;
    empty means everything with our tag. `account` is checked when given."""

    regions: Sequence[str]
    journal: Path
    run: str = ""
    account: str = ""
    role_arn: str = ""
    external_id: str = ""
    lever_reason: str = ""
    wait_s: float = 0.0


def stop(wish: Wish, say: Say) -> int:
    """Carry it out, saying each step; returns the exit code."""
    places = [_access(wish, region) for region in wish.regions]
    account, problem = _account(places[0])
    if wish.account and account and account != wish.account:
        say(f"These credentials are for account {account}, not {wish.account}: nothing was done.")
        return WRONG_USE
    if problem:
        say(f"Going on without knowing the account. {problem}")
    places = [_access(wish, region, account or wish.account) for region in wish.regions]
    levers = {place: _engage(place, wish.lever_reason, say) for place in places}
    is_confirmed = not wish.lever_reason or all(levers.values())
    targets, problems = _targets(wish, places)
    targets += _from_elsewhere(wish, places, say)
    for text in problems:
        say(f"NOT CONFIRMED {text}")
    entries = _write_down(wish, targets, levers, say) if targets or wish.lever_reason else []
    if not targets:
        return _nothing(wish, say, is_confirmed=is_confirmed and not problems)
    receipts = stopper.stop(targets, patience_s=10)
    _tell(receipts, say)
    receipts = _wait(wish, entries, receipts, say)
    if not is_confirmed or problems or not all(receipt.is_accepted for receipt in receipts):
        return NOT_CONFIRMED
    return ALL_ENDED if all(receipt.is_over for receipt in receipts) else STILL_STOPPING


def _access(wish: Wish, region: str, account: str = "") -> AccountAccess:
    return AccountAccess(account, region, wish.role_arn, "", wish.role_arn, wish.external_id)


def _account(access: AccountAccess) -> tuple[str, str]:
    """The account, or why it is not known: that must not keep anything from being stopped."""
    try:
        return account_of(access), ""
    except EngineError as error:
        return "", str(error)


def _engage(place: AccountAccess, reason: str, say: Say) -> str:
    """What the lever is then; empty when that is not known or nobody asked."""
    if not reason:
        return ""
    say(
        f"$ aws fis update-safety-lever-state --id default --region {place.region}"
        f" --state status=engaged,reason='{reason}'"
    )
    try:
        status = engage(place, reason)
    except EngineError as error:
        say(f"NOT CONFIRMED {error}")
        return ""
    say(f"The safety lever of {place.account_id} {place.region} is {status}.")
    return status


def _targets(wish: Wish, places: Sequence[AccountAccess]) -> tuple[list[StopTarget], list[str]]:
    """What is to be stopped, and what keeps us from knowing whether that is all.

    The reference of an experiment that nobody lists is asked for straight, and so it is where
    there is only one Region: whoever may stop need not be able to list.
    """
    asked = [
        StopTarget(places[0], engine, wish.run)
        for mark, engine in ENGINE_OF_REF.items()
        if wish.run.startswith(mark)
    ]
    if asked and len(places) == 1:
        return asked, []
    found, problems = stopper.discover(places, patience_s=20)
    mine = [each for each in found if wish.run in {"", each.run_id, each.ref}]
    if asked and mine:
        return mine, []
    return mine or asked, problems


def _from_elsewhere(wish: Wish, places: Sequence[AccountAccess], say: Say) -> list[StopTarget]:
    """What hits these accounts from others that the product has written down: those have to end
    it, a safety lever here does not. A person's credentials need not reach into other accounts,
    so what cannot be searched there is said and keeps nothing here from being confirmed."""
    if wish.run:
        return []
    known = read_targets(wish.journal)
    if known.problem:
        say(f"What reaches here from other accounts is not known. {known.problem}")
    here = {f"{place.account_id}/{place.region}" for place in places}
    others = [
        place
        for place in known.places
        if place.region in wish.regions and f"{place.account_id}/{place.region}" not in here
    ]
    found, problems = stopper.discover(others, patience_s=ELSEWHERE_S)
    if problems:
        say(
            f"Of the {len(others)} other places, {len(problems)} could not be searched for what"
            f" reaches here from there. {problems[0]}"
        )
    by_ref = {each.ref: each for each in [*known.targets, *found] if each.access in others}
    return [each for each in by_ref.values() if here & each.reaches]


def _nothing(wish: Wish, say: Say, *, is_confirmed: bool) -> int:
    where = ", ".join(wish.regions)
    if wish.run:
        say(f"No experiment of run {wish.run} runs in {where}. Nothing was stopped.")
        return NOT_CONFIRMED
    if is_confirmed:
        say(f"Nothing of ours runs in {where}.")
    return ALL_ENDED if is_confirmed else NOT_CONFIRMED


def _write_down(
    wish: Wish,
    targets: Sequence[StopTarget],
    levers: Mapping[AccountAccess, str],
    say: Say,
) -> list[Entry]:
    """One entry for each run, or with the levers for each Region, as the product writes them."""
    if wish.lever_reason:
        orders = [_order(wish, Scope.REGION, f"{p.account_id}/{p.region}") for p in levers]
    else:
        names = dict.fromkeys(target.run_id or target.ref for target in targets)
        orders = [_order(wish, Scope.RUN, name) for name in names]
    entries = []
    for order in orders:
        mine = [t for t in targets if order.covers(t) or order.what == t.ref]
        try:
            entries.append(Journal(wish.journal).open(order, mine))
        except OSError as error:
            say(f"It could not be written to {wish.journal}: {error}. Going on.")
            return entries
    for entry, status in zip(entries, levers.values(), strict=False):
        entry.set_lever(status)
    say(f"Written to {wish.journal}; `manage.py import_stops` reads it later.")
    return entries


def _order(wish: Wish, scope: Scope, what: str) -> StopOrder:
    who = f"{getpass.getuser()} (chaosplane stop)"
    return StopOrder(scope, what, who, None, "cli", wish.lever_reason)


def _by_hand(target: StopTarget) -> str:
    command = COMMANDS.get(target.engine, target.engine + " {ref}")
    return command.format(ref=target.ref, lease=lease_name(target.ref))


def _tell(receipts: Sequence[Receipt], say: Say) -> None:
    for receipt in receipts:
        target = receipt.target
        accounts = f"  # reaches {', '.join(target.accounts)}" if target.also_in else ""
        say(f"$ {_by_hand(target)} --region {target.access.region}{accounts}")
        word = receipt.status if receipt.is_accepted else "NOT CONFIRMED"
        say(f"  {word}: {receipt.message}")


def _wait(
    wish: Wish, entries: Sequence[Entry], receipts: Sequence[Receipt], say: Say
) -> list[Receipt]:
    """Look again until all have ended or the time is over."""
    known = {receipt.target.ref: receipt for receipt in receipts}
    end = time.monotonic() + wish.wait_s
    while True:
        for entry in entries:
            entry.add_receipts([known[ref] for ref in entry.targets])
        going = [receipt.target for receipt in known.values() if not receipt.is_over]
        if not going or time.monotonic() >= end:
            return list(known.values())
        time.sleep(LOOK_EVERY_S)
        for receipt in stopper.look(going):
            if receipt.is_over or not receipt.is_accepted:
                say(f"  {receipt.target.ref}: {receipt.status or receipt.message}")
            known[receipt.target.ref] = receipt
