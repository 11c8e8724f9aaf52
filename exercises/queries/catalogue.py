"""The catalogue as pages show it: what each template does, and what came of it so far.

The example stands in for an account, so that a document can be drawn and linted before
anybody proposes from it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db.models import Count, Max, Q, QuerySet

from exercises.domain.actors import Actor
from exercises.domain.capacities import label
from exercises.domain.digest import Change, changes
from exercises.domain.engine_documents import KINDS, EngineKind
from exercises.domain.errors import Invalid
from exercises.domain.generators import BuildContext, build_definition
from exercises.domain.line_diff import line_diff
from exercises.domain.parameters import ParameterSpec, specs_from_json
from exercises.domain.risks_lint import takes_back
from exercises.domain.template_entry import Entry
from exercises.domain.timeline import PlannedAction, planned_actions, planned_duration_s
from exercises.models import Experiment, Run, Template, TemplateVersion
from exercises.models.accounts import ENVIRONMENTS
from exercises.queries.policy import current_policy

# Only to see whether a document is sound: no account or alarm of anybody's.
EXAMPLE: Final = BuildContext(
    account_id="111111111111",
    region="eu-central-1",
    az="eu-central-1a",
    application="example",
    fis_role_arn="arn:aws:iam::111111111111:role/example",
    alarm_arns=("arn:aws:cloudwatch:eu-central-1:111111111111:alarm:example",),
    environment="production",
)
_EXAMPLE_OF: Final[Mapping[str, object]] = {"az": EXAMPLE.az, "list": ["example"]}
_SERVICE_NAMES: Final[Mapping[str, str]] = {
    "dynamodb": "DynamoDB",
    "elasticache": "ElastiCache",
    "memorydb": "MemoryDB",
}
MOST_RUNS: Final = 10


@dataclass(frozen=True, slots=True)
class Record:
    """What came of a template's runs that the actor may see."""

    runs: int = 0
    judged: int = 0
    held: int = 0
    teams: int = 0
    last_held_at: datetime | None = None

    @property
    def held_percent(self) -> int | None:
        return round(100 * self.held / self.judged) if self.judged else None


@dataclass(frozen=True, slots=True)
class Card:
    """One template in the list."""

    template: Template
    version: TemplateVersion
    services: tuple[str, ...]
    record: Record

    @property
    def engine(self) -> EngineKind:
        return KINDS[self.template.engine]


@dataclass(frozen=True, slots=True)
class Agreement:
    """Whose word an environment asks for."""

    environment: str
    capacities: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TemplateView:
    """One version of a template, in full."""

    template: Template
    version: TemplateVersion
    versions: tuple[TemplateVersion, ...]
    definition: Mapping[str, object]
    actions: tuple[PlannedAction, ...]
    duration_s: int
    parameters: tuple[ParameterSpec, ...]
    record: Record
    agreements: tuple[Agreement, ...]
    runs: tuple[Run, ...]
    services: tuple[str, ...]

    @property
    def is_newest(self) -> bool:
        return self.version == self.versions[0]

    @property
    def engine(self) -> EngineKind:
        return KINDS[self.template.engine]

    @property
    def is_taken_back(self) -> bool:
        """Whether its end, or Stop, undoes all that it does."""
        return takes_back(self.definition)


def newest_version_of(template: Template) -> TemplateVersion | None:
    return template.versions.select_related("template").order_by("-number").first()


def entry_of(version: TemplateVersion) -> Entry:
    """The version with its template, as it is exported."""
    template = version.template
    return Entry(
        slug=template.slug,
        name=template.name,
        summary=template.summary,
        failure_family=template.failure_family,
        engine=template.engine,
        generator=version.generator,
        definition=version.definition,
        parameters=version.parameters,
        rung=version.rung,
        hypothesis=version.hypothesis,
        notes=version.notes,
    )


def version_digest(version: TemplateVersion) -> str:
    """Of what it does and asks: equal for equal content, wherever it is."""
    return entry_of(version).digest


def example_values(specs: Sequence[ParameterSpec]) -> dict[str, object]:
    """The default of each parameter, or something of its kind."""
    values: dict[str, object] = {}
    for spec in specs:
        if spec.default not in (None, ""):
            values[spec.name] = spec.default
        elif spec.kind in {"int", "minutes"}:
            values[spec.name] = spec.minimum if spec.minimum is not None else 1
        elif spec.choices:
            values[spec.name] = spec.choices[0]
        else:
            values[spec.name] = _EXAMPLE_OF.get(spec.kind, "example")
    return values


def example_definition(version: TemplateVersion) -> dict[str, object]:
    """The version's document with its defaults; as it stands when it cannot be filled."""
    try:
        return build_definition(
            generator=version.generator,
            definition=version.definition,
            values=example_values(specs_from_json(version.parameters)),
            context=EXAMPLE,
        )
    except Invalid:
        return dict(version.definition)


def services_of(definition: Mapping[str, object]) -> tuple[str, ...]:
    """The AWS services that a document acts on, from ids such as aws:ec2:stop-instances."""
    if isinstance(definition.get("parameters"), list):
        return ("Lambda", "Systems Manager")
    actions = definition.get("actions")
    ids = [
        str(action.get("actionId", ""))
        for action in (actions.values() if isinstance(actions, Mapping) else ())
        if isinstance(action, Mapping)
    ]
    parts = {found[1] for found in (text.split(":") for text in ids) if len(found) == 3}
    return tuple(sorted(_service_name(part) for part in parts - {"fis"}))


def _service_name(part: str) -> str:
    return _SERVICE_NAMES.get(part) or (part.upper() if len(part) <= 4 else part.title())


def cards(
    actor: Actor,
    *,
    text: str = "",
    families: Sequence[str] = (),
    rungs: Sequence[int] = (),
    engines: Sequence[str] = (),
) -> list[Card]:
    """The templates that match, by name, in a constant number of queries."""
    newest = {
        version.template_id: version
        for version in TemplateVersion.objects.filter(template__retired_at__isnull=True)
        .select_related("template")
        .order_by("template", "number")
    }
    records = _records(actor)
    found = [
        Card(
            template=version.template,
            version=version,
            services=services_of(example_definition(version)),
            record=records.get(template_id, Record()),
        )
        for template_id, version in newest.items()
    ]
    words = text.lower().split()[:8]
    return sorted(
        (
            card
            for card in found
            if all(word in _searched(card) for word in words)
            and (not families or card.template.failure_family in families)
            and (not rungs or card.version.rung in rungs)
            and (not engines or card.template.engine in engines)
        ),
        key=lambda card: card.template.name.lower(),
    )


def _searched(card: Card) -> str:
    parts = (
        card.template.name,
        card.template.summary,
        card.template.failure_family,
        card.engine.words,
    )
    return " ".join((*parts, *card.services)).lower()


def family_counts() -> list[tuple[str, str, int]]:
    """Each family of failures on offer, its name in words, and how many templates it has."""
    rows = (
        Template.objects.filter(retired_at__isnull=True, versions__isnull=False)
        .values("failure_family")
        .annotate(count=Count("pk", distinct=True))
        .order_by("failure_family")
    )
    return [(row["failure_family"], _words(row["failure_family"]), row["count"]) for row in rows]


def _words(family: str) -> str:
    words = family.replace("-", " ").capitalize()
    return "AZ" + words[2:] if words.startswith("Az ") else words


def _visible_runs(actor: Actor) -> QuerySet[Run]:
    seen = Experiment.objects.visible_to(actor).values("pk")
    return Run.objects.filter(experiment__in=seen, is_rehearsal=False, started_at__isnull=False)


def _records(actor: Actor, template: Template | None = None) -> dict[int, Record]:
    runs = _visible_runs(actor)
    if template is not None:
        runs = runs.filter(experiment__template_version__template=template)
    held = Q(verdict="held")
    path = "experiment__template_version__template"
    rows = (
        runs.order_by()
        .values_list(path)
        .annotate(
            runs=Count("pk"),
            judged=Count("pk", filter=~Q(verdict="")),
            held=Count("pk", filter=held),
            teams=Count("experiment__application__team", distinct=True),
            last_held_at=Max("ended_at", filter=held),
        )
    )
    return {template_id: Record(*counted) for template_id, *counted in rows}


def template_view(actor: Actor, template: Template, number: int | None) -> TemplateView | None:
    """One version, the newest unless a number is given. None when there is no such version."""
    versions = tuple(template.versions.select_related("author", "template"))
    version = next((v for v in versions if number in (None, v.number)), None)
    if version is None:
        return None
    definition = example_definition(version)
    runs = (
        _visible_runs(actor)
        .filter(experiment__template_version__template=template)
        .select_related("experiment__application__team", "experiment__exercise")
        .order_by("-started_at")[:MOST_RUNS]
    )
    return TemplateView(
        template=template,
        version=version,
        versions=versions,
        definition=definition,
        actions=planned_actions(definition),
        duration_s=planned_duration_s(definition),
        parameters=specs_from_json(version.parameters),
        record=_records(actor, template).get(template.pk, Record()),
        agreements=_agreements(version.rung),
        runs=tuple(runs),
        services=services_of(definition),
    )


def _agreements(rung: int) -> tuple[Agreement, ...]:
    """For the services that matter most; others may need less."""
    policy = current_policy()
    return tuple(
        Agreement(
            words,
            tuple(
                label(c)
                for c in policy.row_for(environment=environment, rung=rung, tier=1).required()
            ),
        )
        for environment, words in ENVIRONMENTS
    )


def version_changes(before: TemplateVersion, after: TemplateVersion) -> list[Change]:
    """What differs in what two versions do and ask."""
    return changes(_document(before), _document(after))


def version_lines(before: TemplateVersion, after: TemplateVersion) -> str:
    """The same line by line; empty when nothing differs."""
    return line_diff(_document(before), _document(after))


def _document(version: TemplateVersion) -> dict[str, object]:
    return {
        "definition": version.definition,
        "generator": version.generator,
        "parameters": {str(p.get("name")): p for p in version.parameters},
        "rung": version.rung,
        "hypothesis": version.hypothesis,
    }
