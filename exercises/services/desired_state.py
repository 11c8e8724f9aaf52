"""Make things as a file says they are to be, or say what that would change.

A plan is the same work, taken back at its end: what it says is what would happen. Everything is
done in one transaction or nothing, by the use cases that pages call, with their rights and their
rules: a changed template is a new version, changed rules of the policy are a version that another
person puts in force, and nothing is decided. What a file does not name stays. Called by the API.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from django.db import connection, models, transaction

from exercises.domain.actors import Actor
from exercises.domain.desired_state import Fields, Wanted, differences, read_one, read_state
from exercises.domain.digest import Change
from exercises.domain.errors import Conflict, Invalid, NotAllowed
from exercises.domain.template_entry import FORMAT, read_entry
from exercises.models import Application, CloudAccount, FreezeWindow, Schedule, Team, Template
from exercises.models.due_work import database_now
from exercises.permissions import authorize
from exercises.queries import desired_state as now_there
from exercises.queries.catalogue import newest_version_of
from exercises.queries.policy import current_policy
from exercises.services.applications import change_application, register_application
from exercises.services.audit import kept_to_the_end
from exercises.services.catalogue import change_template
from exercises.services.dependencies import change_dependencies
from exercises.services.freezes import Scope, change_freeze, declare_freeze
from exercises.services.objectives import FIELDS as OBJECTIVES
from exercises.services.objectives import set_objectives
from exercises.services.policy import propose_policy
from exercises.services.schedules import Times, change_schedule, create_schedule
from exercises.services.template_imports import import_entry

FILES_LOCK: Final = 0x66696C65  # any constant; it names files that are applied among the locks

CREATE: Final = "create"
CHANGE: Final = "change"
NOTHING: Final = "nothing"

Check = Callable[[Fields | None], None]


@dataclass(slots=True)
class Step:
    """What is due for one thing; `said` is what is to be known beside what differs."""

    wanted: Wanted
    does: str = NOTHING
    changes: list[Change] = field(default_factory=list)
    said: str = ""

    @property
    def is_due(self) -> bool:
        return self.does != NOTHING


def apply_file(*, actor: Actor, document: object, is_plan: bool) -> list[Step]:
    """Raises Invalid with every problem by its place, NotAllowed, Conflict; then nothing is
    changed. Nor by a plan."""
    return _carry_out(actor, read_state(document), is_plan, check=None)


def apply_thing(
    *, actor: Actor, kind: str, key: str, document: object, check: Check | None = None
) -> Step:
    """The same for one thing. `check` is given what is there, which stays until the end."""
    return _carry_out(actor, [read_one(kind, key, document)], False, check)[0]


def thing_there(kind: str, key: str) -> Fields | None:
    """One thing as a file would say it; None when it is not there."""
    row = _row(kind, key) if kind != "policy" else None
    return _state(kind, row) if row is not None or kind == "policy" else None


def _carry_out(
    actor: Actor, wanted: list[Wanted], is_plan: bool, check: Check | None
) -> list[Step]:
    authorize(actor, "state.declare")
    steps: list[Step] = []
    problems: list[tuple[str, str]] = []
    with transaction.atomic(), kept_to_the_end():
        _lock(wanted)
        for each in wanted:
            with _named(each, problems), transaction.atomic():
                there = thing_there(each.kind, each.key)
                if check is not None:
                    check(there)
                steps.append(_APPLY[each.kind](actor, each, there))
        for step in steps:
            if step.wanted.kind == "applications" and step.is_due:
                with _named(step.wanted, problems), transaction.atomic():
                    _depend(actor, step.wanted)
        if problems:
            raise Invalid.of(problems)
        if is_plan:
            transaction.set_rollback(True)
    return steps


@contextmanager
def _named(wanted: Wanted, problems: list[tuple[str, str]]) -> Iterator[None]:
    """What is wrong with one thing is gathered with its place; what is refused says which."""
    which = f"{wanted.path} ({wanted.key}): " if wanted.path and wanted.key else ""
    try:
        yield
    except Invalid as error:
        problems += wanted.within(error.problems)
    except (NotAllowed, Conflict) as error:
        raise type(error)(f"{which}{error}") from error


def _lock(wanted: list[Wanted]) -> None:
    """One file at a time, and every row that it may change, before the first change."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [FILES_LOCK])
    keys: dict[str, list[str]] = {}
    for each in wanted:
        keys.setdefault(each.kind, []).append(each.key)
    # Who depends on whom is asked of all applications; publishing locks a template like this.
    everything = Application.objects.all() if "applications" in keys else Application.objects.none()
    rows: tuple[models.QuerySet[Any], ...] = (
        Template.objects.filter(slug__in=keys.get("templates", ())).select_for_update(),
        everything.select_for_update(no_key=True),
        Schedule.objects.filter(slug__in=keys.get("schedules", ())).select_for_update(no_key=True),
        FreezeWindow.objects.filter(name__in=keys.get("freezes", ())).select_for_update(
            no_key=True
        ),
    )
    for each_of in rows:
        list(each_of.order_by("pk").values_list("pk", flat=True))


def _row(kind: str, key: str) -> models.Model | None:
    if kind == "templates":
        return now_there.template_of(key)
    if kind == "applications":
        return now_there.applications().filter(slug=key).first()
    if kind == "schedules":
        return now_there.schedules().filter(slug=key).first()
    standing = list(now_there.standing_freezes().filter(name=key)[:2])
    if len(standing) > 1:
        raise Invalid("name", "two freezes that stand are called this; call one something else")
    return standing[0] if standing else None


def _state(kind: str, row: models.Model | None) -> Fields | None:
    if isinstance(row, Template):
        newest = newest_version_of(row)
        return now_there.template_state(newest) if newest else None
    if isinstance(row, Application):
        return now_there.application_state(row)
    if isinstance(row, Schedule):
        return now_there.schedule_state(row)
    if isinstance(row, FreezeWindow):
        return now_there.freeze_state(row)
    return now_there.policy_state(current_policy().number)


def _template(actor: Actor, wanted: Wanted, there: Fields | None) -> Step:
    entry = read_entry({"format": FORMAT, **wanted.fields})
    template = now_there.template_of(wanted.key)
    if template is None or there is None:
        version = import_entry(actor=actor, entry=entry)
        return Step(wanted, CREATE, said=f"version {version.number} is published")
    stays = [
        (name, f"stays “{there[name]}”: its runs count for it; publish another template")
        for name in ("engine", "failure_family")
        if there[name] != wanted.fields[name]
    ]
    if stays:
        raise Invalid.of(stays)
    notes = {"notes": wanted.fields["notes"]}  # of the version that they were published with
    step = _step(wanted, {**there, **notes})
    if any(change.path in {"name", "summary"} for change in step.changes):
        change_template(actor=actor, template=template, name=entry.name, summary=entry.summary)
    if any(change.path not in {"name", "summary"} for change in step.changes):
        version = import_entry(actor=actor, entry=entry)
        step.said = f"version {version.number} is published"
    return step


def _application(actor: Actor, wanted: Wanted, there: Fields | None) -> Step:
    fields: dict[str, Any] = dict(wanted.fields)
    fields.pop("depends_on")
    fields["team"] = _found(Team, "team", "slug", [str(fields["team"])])[0]
    if there is None:
        register_application(actor=actor, **fields)
        return Step(wanted, CREATE)
    step = _step(wanted, there)
    differ = {change.path.partition("[")[0] for change in step.changes}
    if differ.difference(OBJECTIVES, {"depends_on"}):
        changed = {n: v for n, v in fields.items() if n not in {"slug", *OBJECTIVES}}
        change_application(actor=actor, application=_application_of(wanted), **changed)
    if differ.intersection(OBJECTIVES):
        objectives = {name: fields[name] for name in OBJECTIVES}
        set_objectives(actor=actor, application=_application_of(wanted), **objectives)
    return step


def _depend(actor: Actor, wanted: Wanted) -> None:
    """After all applications are there: one may depend on a later one."""
    application = _application_of(wanted)
    names = _texts(wanted, "depends_on")
    if now_there.application_state(application)["depends_on"] == names:
        return
    needed = _found(Application, "depends_on", "slug", names)
    change_dependencies(actor=actor, application=application, depends_on=needed)


def _application_of(wanted: Wanted) -> Application:
    return now_there.applications().get(slug=wanted.key)


def _schedule(actor: Actor, wanted: Wanted, there: Fields | None) -> Step:
    fields = dict(wanted.fields)
    slug, programme_slug = str(fields.pop("slug")), str(fields.pop("programme"))
    programme = now_there.programme_of(programme_slug)
    if programme is None:
        raise Invalid("programme", f"there is none called “{programme_slug}”")
    fields["local_start"] = datetime.fromisoformat(str(fields["local_start"]))
    times = Times(**fields)  # type: ignore[arg-type]
    with _duration_named():
        if there is None:
            create_schedule(actor=actor, programme=programme, times=times, slug=slug)
            return Step(wanted, CREATE)
        if there["programme"] != programme_slug:
            raise Invalid("programme", f"stays “{there['programme']}”: its editions are of it")
        step = _step(wanted, there)
        if step.is_due:
            schedule = now_there.schedules().get(slug=slug)
            effect = change_schedule(actor=actor, schedule=schedule, times=times)
            step.said = (
                f"creates {len(effect.creates)}, leaves {len(effect.leaves)}, no longer names"
                f" {len(effect.unmatched)} of the editions ahead"
            )
        return step


@contextmanager
def _duration_named() -> Iterator[None]:
    """The field is called as in the file."""
    try:
        yield
    except Invalid as error:
        said = [("duration_s" if n == "duration" else n, text) for n, text in error.problems]
        raise Invalid.of(said) from error


def _freeze(actor: Actor, wanted: Wanted, there: Fields | None) -> Step:
    starts_at, ends_at = (
        datetime.fromisoformat(str(wanted.fields[name])) for name in ("starts_at", "ends_at")
    )
    scope = Scope(
        _texts(wanted, "environments"),
        _found(CloudAccount, "accounts", "account_id", _texts(wanted, "accounts")),
        _found(Team, "teams", "slug", _texts(wanted, "teams")),
    )
    window = {
        "name": wanted.key,
        "reason": str(wanted.fields["reason"]),
        "starts_at": starts_at,
        "ends_at": ends_at,
    }
    if there is not None:
        step = _step(wanted, there)
        if step.is_due:
            freeze = now_there.standing_freezes().get(name=wanted.key)
            change_freeze(actor=actor, freeze=freeze, scope=scope, **window)  # type: ignore[arg-type]
        return step
    if starts_at < ends_at <= database_now():
        return Step(wanted, said="is over")
    lifted = now_there.freezes().filter(lifted_at__isnull=False, name=wanted.key)
    if lifted.filter(starts_at=starts_at, ends_at=ends_at).exists():
        return Step(wanted, said="was lifted; a file does not bring it back")
    declare_freeze(actor=actor, scope=scope, **window)  # type: ignore[arg-type]
    return Step(wanted, CREATE)


def _policy(actor: Actor, wanted: Wanted, there: Fields | None) -> Step:
    assert there is not None, "some rules are always in force"
    rules, reason = wanted.fields["rules"], str(wanted.fields["reason"])
    assert isinstance(rules, Mapping)
    reason_of_now = {"reason": there["reason"]}  # what was said then is not compared
    step = _step(wanted, there, {"rules": rules, **reason_of_now})
    if not step.is_due:
        return step
    newest = now_there.newest_policy()
    if not differences({"rules": now_there.policy_state(newest)["rules"]}, {"rules": rules}):
        said = f"version {newest} has these rules and waits for another person to put it in force"
        return Step(wanted, said=said)
    with _rules_named():
        version = propose_policy(actor=actor, document=rules, reason=reason)
    step.said = f"version {version.number} is proposed; another person puts it in force"
    return step


@contextmanager
def _rules_named() -> Iterator[None]:
    """The place of a rule is its place in the file."""
    try:
        yield
    except Invalid as error:
        said = [(n if n == "reason" else f"rules.{n}", text) for n, text in error.problems]
        raise Invalid.of(said) from error


def _step(wanted: Wanted, there: Fields, meant: Fields | None = None) -> Step:
    changes = differences(there, meant or wanted.fields)
    return Step(wanted, CHANGE if changes else NOTHING, changes)


def _texts(wanted: Wanted, name: str) -> list[str]:
    found = wanted.fields[name]
    assert isinstance(found, list)
    return found


def _found(
    kind: type[models.Model], field_name: str, column: str, names: Iterable[str]
) -> list[Any]:
    """The rows that are named. Raises Invalid that says which are not there."""
    rows = kind._default_manager.filter(**{f"{column}__in": list(names)})
    by_name = {getattr(row, column): row for row in rows}
    missing = [(field_name, f"there is none called “{n}”") for n in names if n not in by_name]
    if missing:
        raise Invalid.of(missing)
    return list(by_name.values())


_APPLY: Final[dict[str, Callable[[Actor, Wanted, Fields | None], Step]]] = {
    "templates": _template,
    "applications": _application,
    "schedules": _schedule,
    "freezes": _freeze,
    "policy": _policy,
}
