"""An experiment.json is data: what could run code or take more rights is refused by its place."""

from __future__ import annotations

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from exercises.domain.lint_rules import RULES
from exercises.domain.toolkit_document import from_experiment, is_experiment, lint, problems_of
from exercises.domain.toolkit_loads import file_of
from exercises.domain.toolkit_plan import origins, runnable, steps, touched

ALARM = "arn:aws:cloudwatch:eu-central-1:222222222222:alarm:content-moderation-customers"
Document = dict[str, Any]


def python(module: str, func: str, **arguments: object) -> dict[str, object]:
    return {"type": "python", "module": module, "func": func, "arguments": arguments}


def desired(count: object, service: str = "classify-image") -> dict[str, object]:
    return python(
        "chaosaws.ecs.actions",
        "update_desired_count",
        cluster="${cluster}",
        service=service,
        desired_count=count,
    )


def action(name: str, provider: dict[str, object], **more: object) -> dict[str, object]:
    return {"type": "action", "name": name, "provider": provider, **more}


LOCUST = ["-f", "attack", "--headless", "-u", "10", "-r", "1", "-t", "2m"]
SOUND: Document = {
    "experiment": {
        "title": "One model without tasks",
        "description": "The service goes to zero; its alarm scales it back.",
        "configuration": {"cluster": "content-moderation"},
        "steady-state-hypothesis": {
            "title": "all tasks run",
            "probes": [
                {
                    "type": "probe",
                    "name": "tasks-run",
                    "tolerance": True,
                    "provider": python(
                        "chaosaws.ecs.probes",
                        "are_all_desired_tasks_running",
                        cluster="${cluster}",
                        service="classify-image",
                    ),
                }
            ],
        },
        "method": [
            action("to-zero", desired(0), pauses={"after": 150}),
            action("load", {"type": "process", "path": "locust", "arguments": LOCUST}),
        ],
        "rollbacks": [action("put-back", desired(1))],
        "runtime": {"rollbacks": {"strategy": "always"}},
    },
    "loads": {
        "attack": {
            "host": "https://gateway.example.test",
            "requests": [{"method": "POST", "path": "/moderate", "json": {"text": ""}}],
        }
    },
    "deadline": "PT15M",
    "stopConditions": [{"source": "aws:cloudwatch:alarm", "value": ALARM}],
}


def changed(change: Callable[[Document], object]) -> Document:
    document = copy.deepcopy(SOUND)
    change(document)
    return document


def with_activity(provider: dict[str, object], **more: object) -> Document:
    return changed(lambda d: d["experiment"]["method"].append(action("odd", provider, **more)))


def with_experiment(**entries: object) -> Document:
    return changed(lambda d: d["experiment"].update(entries))


def with_words(*words: str) -> Document:
    return with_activity({"type": "process", "path": "locust", "arguments": list(words)})


REFUSED: list[tuple[str, Document, str, str]] = [
    (
        "an import outside the allow-list",
        with_activity(python("os", "system", command="id")),
        "experiment.method[2].provider.module",
        "os.system is not among the functions",
    ),
    (
        "a function that deletes",
        with_activity(python("chaosaws.ecs.actions", "delete_cluster", cluster="a")),
        "experiment.method[2].provider.module",
        "is not among the functions",
    ),
    (
        "a module chosen by a value",
        with_activity(python("${cluster}", "system")),
        "experiment.method[2].provider.module",
        "written out",
    ),
    (
        "an argument that leads elsewhere",
        with_activity(
            python("chaosaws.awslambda.actions", "delete_function_concurrency", region="x")
        ),
        "experiment.method[2].provider.arguments.region",
        "is no argument",
    ),
    (
        "a secret for a function",
        with_activity({**desired(0), "secrets": ["aws"]}),
        "experiment.method[2].provider.secrets",
        "is not taken",
    ),
    (
        "another program",
        with_activity({"type": "process", "path": "/bin/sh", "arguments": ["-c", "id"]}),
        "experiment.method[2].provider.path",
        "only locust",
    ),
    (
        "arguments through a shell",
        with_activity({"type": "process", "path": "locust", "arguments": "-f a; id"}),
        "experiment.method[2].provider.arguments",
        "a shell",
    ),
    (
        "a locustfile, which is a program",
        with_words("-f", "own.py", "--headless", "-u", "1", "-t", "1m"),
        "experiment.method[2].provider.arguments",
        "one of loads",
    ),
    (
        "a flag of Locust that opens more",
        with_words(*LOCUST, "--web-host", "0.0.0.0"),
        "experiment.method[2].provider.arguments",
        "only --headless",
    ),
    (
        "a load without an end",
        with_words("-f", "attack", "--headless", "-u", "1"),
        "experiment.method[2].provider.arguments",
        "-t: a run time",
    ),
    (
        "too many users",
        with_words("-f", "attack", "--headless", "-u", "1001", "-t", "1m"),
        "experiment.method[2].provider.arguments",
        "between 1 and 1,000 users",
    ),
    (
        "an endless pause",
        with_activity(desired(0), pauses={"after": 1e9}),
        "experiment.method[2].pauses.after",
        "0 to 3,300 seconds",
    ),
    (
        "a request without an end",
        with_activity({"type": "http", "url": "https://a.example", "timeout": 3600}),
        "experiment.method[2].provider.timeout",
        "at most 30 seconds",
    ),
    (
        "a request to a file",
        with_activity({"type": "http", "url": "file:///etc/passwd"}),
        "experiment.method[2].provider.url",
        "starts with https",
    ),
    (
        "an activity by reference",
        with_activity(desired(0), ref="to-zero"),
        "experiment.method[2].ref",
        "is not taken",
    ),
    (
        "a control of an activity",
        with_activity(desired(0), controls=[{"name": "c"}]),
        "experiment.method[2].controls",
        "is not taken",
    ),
    (
        "a control",
        with_experiment(controls=[{"name": "c", "provider": python("os", "x")}]),
        "experiment.controls",
        "is not taken",
    ),
    (
        "secrets",
        with_experiment(secrets={"aws": {"aws_access_key_id": "AKIA"}}),
        "experiment.secrets",
        "credentials of its own",
    ),
    (
        "a value from the environment",
        with_experiment(configuration={"cluster": {"type": "env", "key": "SECRET_KEY"}}),
        "experiment.configuration.cluster",
        "a plain value",
    ),
    (
        "a role of its own",
        with_experiment(configuration={"cluster": "a", "aws_assume_role_arn": "arn:x"}),
        "experiment.configuration.aws_assume_role_arn",
        "those of the deployment",
    ),
    (
        "a tolerance that calls",
        changed(
            lambda d: d["experiment"]["steady-state-hypothesis"]["probes"][0].update(
                tolerance={"type": "probe", "provider": python("os", "system")}
            )
        ),
        "experiment.steady-state-hypothesis.probes[0].tolerance",
        "an object of type range",
    ),
    (
        "rollbacks that are never played",
        with_experiment(runtime={"rollbacks": {"strategy": "never"}}),
        "experiment.runtime.rollbacks.strategy",
        "one of always",
    ),
    (
        "a fault that nothing puts back",
        with_experiment(rollbacks=[]),
        "experiment.method[0]",
        "lasts until it is put back",
    ),
    (
        "a rollback of another service",
        with_experiment(rollbacks=[action("put-back", desired(1, "classify-text"))]),
        "experiment.method[0]",
        "lasts until it is put back",
    ),
    (
        "two activities of one name",
        with_experiment(method=[action("a", desired(0)), action("a", desired(0))]),
        "experiment.method[1].name",
        "there twice",
    ),
    ("no method", with_experiment(method=[]), "experiment.method", "at least one"),
    (
        "too many activities",
        with_experiment(method=[action(f"a{n}", desired(0)) for n in range(51)]),
        "experiment.method",
        "at most 50",
    ),
    (
        "a deadline beyond the session",
        changed(lambda d: d.update(deadline="PT2H")),
        "deadline",
        "at most PT55M",
    ),
    ("no alarm", changed(lambda d: d.update(stopConditions=[])), "stopConditions", "at least one"),
    (
        "a document that is too large",
        with_experiment(tags=["x" * 200_000]),
        "definition",
        "at most 200,000 bytes",
    ),
    (
        "a load that leads to another host",
        changed(lambda d: d["loads"]["attack"]["requests"][0].update(path="//elsewhere")),
        "loads.attack.requests[0].path",
        "begins with one slash",
    ),
    (
        "a load by a name that leads elsewhere",
        changed(lambda d: d["loads"].update({"../../x": d["loads"]["attack"]})),
        "loads.../../x",
        "small letters",
    ),
]


def test_a_sound_experiment_has_no_problems() -> None:
    assert problems_of(SOUND) == []


@pytest.mark.parametrize(
    ("document", "field", "says"), [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED]
)
def test_what_is_not_allowed_is_refused_by_its_place(
    document: Document, field: str, says: str
) -> None:
    problems = dict(problems_of(document))
    assert says in problems.get(field, ""), problems


@pytest.mark.parametrize("odd", [None, 5, "x", [], {}, [[]], [{}], {"a": 1}])
@pytest.mark.parametrize("key", ["method", "rollbacks", "steady-state-hypothesis", "runtime"])
def test_what_is_of_another_kind_is_read_all_the_same(key: str, odd: object) -> None:
    document = with_experiment(**{key: odd})
    problems_of(document)
    steps(document)
    touched(document)


@pytest.mark.parametrize("name", ["experiment", "journal", "rollbacks"])
def test_a_load_is_not_called_like_a_file_of_the_run(name: str) -> None:
    document = changed(lambda d: d["loads"].update({name: d["loads"]["attack"]}))
    [(field, said)] = problems_of(document)
    assert field == f"loads.{name}"
    assert "not experiment, journal or rollbacks" in said
    longer = changed(lambda d: d["loads"].update({f"{name}-x": d["loads"]["attack"]}))
    assert problems_of(longer) == []


@pytest.mark.parametrize("name", sorted({"json", "locust", "time", "requests", "gevent"}))
def test_a_load_called_like_a_module_hides_none_from_locust(name: str) -> None:
    words = ["-f", name, *LOCUST[2:]]
    load = action("load", {"type": "process", "path": "locust", "arguments": words})
    document = with_experiment(method=[action("to-zero", desired(0)), load])
    document = {**document, "loads": {name: SOUND["loads"]["attack"]}}
    assert problems_of(document) == []

    handed_over = runnable(document, region="eu-central-1", speed=1)["method"][1]

    file = Path(handed_over["provider"]["arguments"][1])
    assert file.stem == file_of(name)
    assert not file.stem.isidentifier()


def test_rollbacks_are_short_and_put_no_load_on() -> None:
    call: dict[str, object] = {
        "type": "http",
        "url": "https://gateway.example.test/back",
        "method": "POST",
    }

    def of(pause: int) -> Document:
        back = [action("put-back", desired(1), pauses={"before": pause}), action("call", call)]
        return with_experiment(rollbacks=back)

    assert problems_of(of(30)) == []
    [(field, said)] = problems_of(of(31))
    assert (field, said[-12:]) == ("experiment.rollbacks", "these are 61")
    load: dict[str, object] = {"type": "process", "path": "locust", "arguments": LOCUST}
    loaded = with_experiment(rollbacks=[action("put-back", desired(1)), action("again", load)])
    assert [field for field, _ in problems_of(loaded)] == ["experiment.rollbacks[1].provider.type"]


def test_every_problem_belongs_to_a_rule() -> None:
    found = {problem.rule_id for row in REFUSED for problem in lint(row[1])}
    assert found == {"CTK-DOC-001", "CTK-RUN-001", "CTK-UNDO-001", "CTK-STOP-001"}
    assert all(RULES[rule].is_error for rule in found)


def test_the_timeline_follows_the_method() -> None:
    assert [(s.name, s.offset_s, s.duration_s) for s in steps(SOUND)] == [
        ("to-zero", 0, 150),
        ("load", 150, 120),
    ]


def test_what_an_action_names_is_what_it_touches() -> None:
    assert [(t.resource_type, t.identity) for t in touched(SOUND)] == [
        ("aws:ecs:service", ("content-moderation", "classify-image")),
        ("host", ("https://gateway.example.test",)),
    ]
    assert origins(SOUND) == ["https://gateway.example.test"]


def test_what_is_handed_over_has_nothing_left_to_look_up_and_the_time_of_the_estate() -> None:
    ready = runnable(SOUND, region="eu-central-1", speed=60)
    assert ready["configuration"] == {"aws_region": "eu-central-1"}
    assert "${" not in str(ready)
    zero, load = ready["method"]
    assert zero["provider"]["arguments"]["cluster"] == "content-moderation"
    assert zero["pauses"] == {"after": 2.5}
    assert load["provider"]["arguments"] == [
        *("-f", "load-of-attack.py", "--headless", "-u", "10", "-r", "10", "-t", "2s"),
        *("--csv", "load-1"),
    ]


def test_an_experiment_file_becomes_a_document_that_an_alarm_stops() -> None:
    assert is_experiment(SOUND["experiment"])
    assert not is_experiment({"actions": {}, "targets": {}, "description": ""})
    document = from_experiment(SOUND["experiment"])
    assert document["stopConditions"][0]["value"] == "{{alarm_arn}}"
    assert document["deadline"] == "PT15M"
