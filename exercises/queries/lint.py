"""What the linter says of an experiment and of a template beyond what refuses them."""

from __future__ import annotations

from collections import Counter

from exercises.domain.errors import Invalid
from exercises.domain.hypothesis_lint import lint_hypothesis
from exercises.domain.lint_rules import Problem
from exercises.domain.probes_lint import lint_probes
from exercises.domain.risks_lint import Surroundings, risks
from exercises.domain.steady_state import ProbeSpec, probes_from_json
from exercises.domain.timeline import planned_duration_s
from exercises.models import Experiment, TargetPreview, TemplateVersion
from exercises.queries.catalogue import example_definition
from exercises.queries.offered_actions import lint_offered
from exercises.queries.plans import definition_of


def problems_of_version(version: TemplateVersion) -> list[Problem]:
    """All that is known of a version before anybody proposes from it: with its defaults, as
    in production. Errors are those of rules that came after it was published."""
    definition = example_definition(version)
    around = Surroundings(failure_family=version.template.failure_family)
    engine = version.template.engine
    return [
        *lint_offered(definition, production=True, engine=engine),
        *risks(definition, around),
    ]


def warnings_of(experiment: Experiment, *, preview: TargetPreview | None = None) -> list[Problem]:
    """The risks of an experiment where it would run; those of an unfinished one as far as it
    can be read."""
    try:
        definition = definition_of(experiment)
    except Invalid:  # what refuses it says so
        return []
    around = Surroundings(
        failure_family=experiment.template_version.template.failure_family,
        architecture_tags=experiment.application.architecture_tags,
        found=_found(preview),
    )
    probes = _probes(experiment)
    found = lint_probes(probes, lasts_s=planned_duration_s(definition))
    return [
        *risks(definition, around),
        *lint_hypothesis(experiment.hypothesis, probes),
        *(problem for problem in found if not problem.is_error),
    ]


def _probes(experiment: Experiment) -> tuple[ProbeSpec, ...]:
    try:
        return probes_from_json(experiment.steady_state)
    except Invalid:
        return ()


def _found(preview: TargetPreview | None) -> Counter[str] | None:
    if preview is None or preview.problem:
        return None
    return Counter(str(target.get("target_name", "")) for target in preview.targets)
