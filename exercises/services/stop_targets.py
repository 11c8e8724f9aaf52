"""Write down, while the database answers, what a stop needs to know when it does not."""

from __future__ import annotations

from pathlib import Path

from django.conf import settings
from django.db.models import Q

from exercises.domain.actors import Door
from exercises.domain.doors import SCOPE_OF
from exercises.domain.exercise_phases import Phase
from exercises.models import AccountRegion, ApiToken, Exercise, Run
from exercises.models.due_work import database_now
from exercises.permissions import actor_for
from exercises.queries.stop_target import target_of
from exercises.stopping.capability import capability_of
from exercises.stopping.stop_tokens import StopToken, write_tokens
from exercises.stopping.targets import LiveExercise, Stoppable, write_targets


def write_down_targets() -> bool:
    """Bring the file up to date; returns whether it had changed. Raises OSError."""
    return write_targets(Path(settings.CHAOSPLANE_STOP_JOURNAL), stoppable_now())


def write_down_tokens() -> bool:
    """Bring the file of API tokens that may stop up to date; returns whether it had changed.
    As many queries for one as for many. Raises OSError."""
    tokens = (
        ApiToken.objects.filter(
            revoked_at=None,
            expires_at__gt=database_now(),
            user__is_active=True,
            scopes__contains=[SCOPE_OF["run.stop"]],
        )
        .select_related("user")
        .prefetch_related("user__memberships", "user__organisation_roles")
        .order_by("pk")
    )
    return write_tokens(
        Path(settings.CHAOSPLANE_STOP_JOURNAL),
        [
            StopToken(
                token.digest,
                token.expires_at,
                capability_of(actor_for(token.user, Door.API, frozenset(token.scopes))),
            )
            for token in tokens
        ],
    )


def stoppable_now() -> Stoppable:
    """Every place, every exercise with something to stop, every experiment that may run."""
    places = AccountRegion.objects.select_related("account").order_by("pk")
    runs = list(
        Run.objects.unfinished()
        .exclude(experiment_ref="")
        .select_related("revision", "experiment__exercise")
        .select_related("experiment__deployment__place__account")
        .order_by("pk")
    )
    live = (
        Exercise.objects.filter(
            Q(phase=Phase.LIVE.value) | Q(pk__in={run.experiment.exercise_id for run in runs})
        )
        .filter(is_imported=False)
        .order_by("pk")
    )
    return Stoppable(
        places=tuple(place.access for place in places),
        names={place.account.account_id: place.account.name for place in places},
        exercises=tuple(
            LiveExercise(
                slug=exercise.slug,
                name=exercise.name,
                is_private=exercise.kind == "self_service",
                team_ids=tuple(
                    exercise.experiments.order_by()
                    .values_list("application__team_id", flat=True)
                    .distinct()
                ),
            )
            for exercise in live
        ),
        targets=tuple(target for run in runs if (target := target_of(run)) is not None),
    )
