"""Change the policy: one person proposes a version, another puts it in force."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from django.db import connection, transaction
from django.db.models import Max

from exercises.domain.actors import Actor
from exercises.domain.canonical_json import canonical_bytes
from exercises.domain.capacities import CAPACITY_OF_ROLE, Capacity, OrgRole, TeamRole
from exercises.domain.errors import Conflict, Invalid, NotAllowed
from exercises.domain.policy import PolicyRules, unsatisfiable
from exercises.domain.policy_document import parse
from exercises.models import (
    Membership,
    OrganisationRole,
    PolicyActivation,
    PolicyVersion,
    Team,
)
from exercises.models.due_work import database_now
from exercises.permissions import authorize
from exercises.queries.policy import BUILT_IN
from exercises.services.audit import record

VERSIONS_LOCK = 0x706F6C  # any constant; it names the versions among advisory locks


def propose_policy(*, actor: Actor, document: Mapping[str, object], reason: str) -> PolicyVersion:
    """Write a version that is not in force yet. Raises NotAllowed, Invalid (each field and
    its limit, or who is missing to ever satisfy a row)."""
    authorize(actor, "policy.propose")
    has_reason = 1 <= len(reason.strip()) <= 1000
    no_reason = [] if has_reason else [("reason", "say why, in 1 to 1,000 characters")]
    try:
        _check(parse(document))
    except Invalid as error:
        raise Invalid.of([*error.problems, *no_reason]) from None
    if no_reason:
        raise Invalid.of(no_reason)
    with transaction.atomic():
        _one_at_a_time()
        last = PolicyVersion.objects.aggregate(last=Max("number"))["last"] or BUILT_IN
        version = PolicyVersion.objects.create(
            number=last + 1,
            rules=document,
            digest=hashlib.sha256(canonical_bytes(document)).hexdigest(),
            author_id=actor.person_id,
            reason=reason.strip(),
            created_at=database_now(),
        )
        record(actor, "policy.propose", version, number=version.number, digest=version.digest)
    return version


def activate_policy(*, actor: Actor, version: PolicyVersion, digest_seen: str) -> PolicyActivation:
    """Put a version in force at once; decisions made before stay. Raises NotAllowed (its
    author, or no right), Conflict (not what was read, in force already), Invalid (nobody
    could satisfy it any more)."""
    authorize(actor, "policy.activate")
    if version.author_id == actor.user_id:
        raise NotAllowed(
            "Nobody puts in force what they wrote. Another programme lead or a safety officer may."
        )
    if version.digest != digest_seen:
        raise Conflict("this is not the version you read; read it again")
    with transaction.atomic():
        _one_at_a_time()
        last = PolicyActivation.objects.select_related("version").order_by("-id").first()
        if last is not None and last.version.number >= version.number:
            raise Conflict(f"version {last.version.number} is in force; propose a newer one")
        _check(parse(version.rules))
        activation = PolicyActivation.objects.create(
            version=version, activated_by_id=actor.person_id, active_from=database_now()
        )
        record(actor, "policy.activate", version, number=version.number, digest=version.digest)
    return activation


def _one_at_a_time() -> None:
    """Versions are numbered and put in force one after the other."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [VERSIONS_LOCK])


def _check(rules: PolicyRules) -> None:
    problems = unsatisfiable(rules, _holders(), *_owners_and_writers())
    if problems:
        raise Invalid.of(problems)


def _holders() -> dict[Capacity, frozenset[int]]:
    found: dict[Capacity, set[int]] = {capacity: set() for capacity in CAPACITY_OF_ROLE.values()}
    rows = OrganisationRole.objects.filter(role__in=CAPACITY_OF_ROLE, user__is_active=True)
    for user_id, role in rows.values_list("user_id", "role"):
        found[CAPACITY_OF_ROLE[OrgRole(role)]].add(user_id)
    return {capacity: frozenset(people) for capacity, people in found.items()}


def _owners_and_writers() -> tuple[dict[str, frozenset[int]], dict[str, frozenset[int]]]:
    """The owners, and all who can propose, of each team that has applications, by its name."""
    owners: dict[str, set[int]] = {}
    for name in Team.objects.filter(applications__isnull=False).values_list("name", flat=True):
        owners[name] = set()
    writers: dict[str, set[int]] = {name: set() for name in owners}
    rows = Membership.objects.filter(team__name__in=list(owners), user__is_active=True)
    for name, user_id, role in rows.values_list("team__name", "user_id", "role"):
        writers[name].add(user_id)
        if role == TeamRole.OWNER.value:
            owners[name].add(user_id)
    return _frozen(owners), _frozen(writers)


def _frozen(sets: dict[str, set[int]]) -> dict[str, frozenset[int]]:
    return {name: frozenset(people) for name, people in sets.items()}
