"""Things as a file says them (domain.desired_state): one of them, or all that is set up."""

from __future__ import annotations

from django.db.models import QuerySet

from exercises.domain.desired_state import FORMAT, Fields, instant, template_fields
from exercises.domain.template_entry import entry_document
from exercises.models import (
    Application,
    FreezeWindow,
    PolicyVersion,
    Programme,
    Schedule,
    Template,
    TemplateVersion,
)
from exercises.models.due_work import database_now
from exercises.queries.catalogue import entry_of
from exercises.queries.policy import BUILT_IN, current_policy, document_of_version


def whole_state() -> dict[str, object]:
    """The file that changes nothing when it is applied at once, in a constant number of queries.

    Without what is retired, lifted, over or read from a calendar.
    """
    newest: dict[int, TemplateVersion] = {
        version.template_id: version
        for version in TemplateVersion.objects.filter(template__retired_at__isnull=True)
        .select_related("template")
        .order_by("template__slug", "number")
    }
    return {
        "format": FORMAT,
        "templates": [template_state(version) for version in newest.values()],
        "applications": [application_state(each) for each in applications().order_by("slug")],
        "schedules": [schedule_state(each) for each in schedules().order_by("slug")],
        "freezes": [freeze_state(each) for each in _first_of_each_name()],
        "policy": policy_state(current_policy().number),
    }


def template_state(version: TemplateVersion) -> Fields:
    return template_fields(entry_document(entry_of(version)))


def applications() -> QuerySet[Application]:
    return Application.objects.select_related("team").prefetch_related("depends_on")


def application_state(application: Application) -> Fields:
    return {
        "slug": application.slug,
        "name": application.name,
        "team": application.team.slug,
        "tier": application.tier,
        "runbook_url": application.runbook_url,
        "dashboard_url": application.dashboard_url,
        "slo_percent": application.slo_percent,
        "rto_s": application.rto_s,
        "rpo_s": application.rpo_s,
        "architecture_tags": sorted(application.architecture_tags),
        "depends_on": sorted(each.slug for each in application.depends_on.all()),
    }


def schedules() -> QuerySet[Schedule]:
    return Schedule.objects.select_related("programme")


def schedule_state(schedule: Schedule) -> Fields:
    return {
        "slug": schedule.slug,
        "programme": schedule.programme.slug,
        "rrule": schedule.rrule,
        "timezone": schedule.timezone,
        "local_start": schedule.local_start,
        "duration_s": schedule.duration_s,
        "region": schedule.region,
        "az": schedule.az,
        "horizon_days": schedule.horizon_days,
    }


def freezes() -> QuerySet[FreezeWindow]:
    """Those that people declared here, whatever became of them."""
    rows = FreezeWindow.objects.filter(source__isnull=True).order_by("starts_at", "pk")
    return rows.prefetch_related("accounts", "teams")


def standing_freezes() -> QuerySet[FreezeWindow]:
    return freezes().filter(lifted_at__isnull=True, ends_at__gt=database_now())


def freeze_state(freeze: FreezeWindow) -> Fields:
    return {
        "name": freeze.name,
        "reason": freeze.reason,
        "starts_at": instant(freeze.starts_at),
        "ends_at": instant(freeze.ends_at),
        "environments": sorted(freeze.environments),
        "accounts": sorted(each.account_id for each in freeze.accounts.all()),
        "teams": sorted(each.slug for each in freeze.teams.all()),
    }


def policy_state(number: int) -> Fields:
    """A version of the rules; the built-in one was proposed by nobody."""
    proposed = PolicyVersion.objects.filter(number=number).first() if number > BUILT_IN else None
    return {
        "rules": document_of_version(number),
        "reason": proposed.reason if proposed else "",
    }


def newest_policy() -> int:
    """The number of the version that was proposed last, whether it is in force or not."""
    last = PolicyVersion.objects.order_by("-number").values_list("number", flat=True).first()
    return last or BUILT_IN


def programme_of(slug: str) -> Programme | None:
    return Programme.objects.filter(slug=slug).first()


def template_of(slug: str) -> Template | None:
    return Template.objects.filter(slug=slug).first()


def _first_of_each_name() -> list[FreezeWindow]:
    """A file names a freeze by its name: of two that are called the same, neither is in it."""
    by_name: dict[str, list[FreezeWindow]] = {}
    for freeze in standing_freezes():
        by_name.setdefault(freeze.name, []).append(freeze)
    return [same[0] for same in by_name.values() if len(same) == 1]
