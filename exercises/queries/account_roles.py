"""What the policies of an account's roles are made from: its Regions and the templates in use."""

from __future__ import annotations

from exercises.domain import iam_parameters
from exercises.domain.engine_documents import FIS, LAMBDA_CONFIG, TOOLKIT
from exercises.domain.failure_families import applies_to
from exercises.domain.iam_policies import (
    Document,
    RoleSetup,
    own_rights_policy,
    start_policy_of_actions,
)
from exercises.domain.timeline import planned_actions
from exercises.domain.toolkit_plan import rights_of
from exercises.models import AccountRegion, Application, CloudAccount, Experiment, TemplateVersion
from exercises.queries.catalogue import example_definition

HIDDEN = "the external id that a programme lead or an owner of the team sees here"


def role_setup(account: CloudAccount, *, principal_arn: str, shows_secret: bool) -> RoleSetup:
    """The setup of one account. Without the right to see it, its external id stays hidden."""
    places = list(account.regions.order_by("region"))
    return RoleSetup(
        account_id=account.account_id,
        external_id=account.external_id if shows_secret else HIDDEN,
        principal_arn=principal_arn,
        regions=tuple(place.region for place in places),
        read_role_arn=account.read_role_arn,
        start_role_arn=account.start_role_arn,
        stop_role_arn=account.stop_role_arn,
        fis_role_arn=account.fis_role_arn,
        action_ids=actions_in_use(account),
        parameter_names=parameters_in_use(account),
        queue_arns=tuple(_queue_arn(place) for place in places if place.event_queue_url),
    )


def start_policy_of(version: TemplateVersion, account: CloudAccount | None = None) -> Document:
    """What the role that starts needs for this version alone: in an account, or with words in
    place of what belongs to one."""
    ids = action_ids_of(version)
    names = parameter_names_of(version)
    if names:
        where = _where(account)
        return iam_parameters.policy_of("start", names, account_id=where[0], regions=where[1])
    if version.template.engine == TOOLKIT:
        return own_rights_policy(rights_of(example_definition(version)), _where(account)[1])
    if account is None:
        role = "arn:aws:iam::ACCOUNT_ID:role/FIS_ROLE"
        return start_policy_of_actions(
            ids, account_id="ACCOUNT_ID", regions=("REGION",), fis_role_arn=role
        )
    return start_policy_of_actions(
        ids,
        account_id=account.account_id,
        regions=tuple(account.regions.order_by("region").values_list("region", flat=True)),
        fis_role_arn=account.fis_role_arn,
    )


def action_ids_of(version: TemplateVersion) -> tuple[str, ...]:
    """The FIS actions of one version, each once; none of a version for another engine."""
    if version.template.engine != FIS:
        return ()
    planned = planned_actions(example_definition(version))
    return tuple(sorted({action.action_id for action in planned}))


def parameter_names_of(version: TemplateVersion) -> tuple[str, ...]:
    """The parameters of Systems Manager that a version sets, with its defaults."""
    if version.template.engine != LAMBDA_CONFIG:
        return ()
    return tuple(action.name for action in planned_actions(example_definition(version)))


def _where(account: CloudAccount | None) -> tuple[str, tuple[str, ...]]:
    if account is None:
        return "ACCOUNT_ID", ("REGION",)
    regions = account.regions.order_by("region").values_list("region", flat=True)
    return account.account_id, tuple(regions)


def _queue_arn(place: AccountRegion) -> str:
    """From https://sqs.<Region>.amazonaws.com/<account>/<name>."""
    owner, name = place.event_queue_url.rstrip("/").rsplit("/", 2)[-2:]
    return f"arn:aws:sqs:{place.region}:{owner}:{name}"


def actions_in_use(account: CloudAccount) -> tuple[str, ...]:
    """The FIS actions of the templates that can happen to what is deployed in the account.

    With nothing deployed yet, those of the whole catalogue.
    """
    tags = [
        application.architecture_tags
        for application in Application.objects.filter(
            deployments__place__account=account
        ).distinct()
    ]
    newest = (
        TemplateVersion.objects.filter(template__retired_at=None)
        .order_by("template_id", "-number")
        .distinct("template_id")
        .select_related("template")
    )
    found = {
        action
        for version in newest
        if not tags or any(applies_to(version.template.failure_family, each) for each in tags)
        for action in action_ids_of(version)
    }
    return tuple(sorted(found))


def parameters_in_use(account: CloudAccount) -> tuple[str, ...]:
    """The parameters that experiments in this account set, as they were proposed."""
    plans = Experiment.objects.filter(
        deployment__place__account=account,
        template_version__template__engine=LAMBDA_CONFIG,
        revision__isnull=False,
    ).values_list("revision__plan__definition", flat=True)
    return tuple(sorted({action.name for plan in plans for action in planned_actions(plan)}))
