"""The project keeps its own rules, and each rule notices what breaks it."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

import pytest

from tests.project import house_rules
from tests.project.house_rules import EACH, Module

ROOT = Path(__file__).resolve().parents[2]
PRODUCT = ("chaosplane", "exercises", "simulator")
# A table is one statement, however long, and migrations are history.
NOT_HELD = ("exercises/migrations",)


def modules(*folders: str) -> list[Module]:
    found = []
    for folder in folders:
        for path in sorted((ROOT / folder).rglob("*.py")):
            module = Module(PurePosixPath(path.relative_to(ROOT)), path.read_text(encoding="utf-8"))
            if not module.below(*NOT_HELD):
                found.append(module)
    return found


@pytest.mark.parametrize("rule", EACH, ids=lambda rule: rule.__name__)
def test_product_keeps_the_rule(rule):
    broken = [f"{module.path}: {why}" for module in modules(*PRODUCT) for why in rule(module)]
    assert broken == []


@pytest.mark.parametrize(
    "rule",
    [house_rules.files_are_short, house_rules.names_say_something, house_rules.nothing_is_put_off],
    ids=lambda rule: rule.__name__,
)
def test_tests_keep_the_rule(rule):
    broken = [f"{module.path}: {why}" for module in modules("tests") for why in rule(module)]
    assert broken == []


def test_one_module_starts_experiments():
    starting = house_rules.modules_that_start_experiments(modules("chaosplane", "exercises"))
    assert starting == ["exercises/engines/fis.py"]


def test_rule_of_one_start_notices_a_second():
    way_in = 'client.start_experiment(experimentTemplateId="EXT1")\n'
    twice = [Module(PurePosixPath(name), way_in) for name in ("a.py", "b.py")]
    assert house_rules.modules_that_start_experiments(twice) == ["a.py", "b.py"]


@pytest.mark.parametrize(
    ("rule", "path", "source"),
    [
        (house_rules.files_are_short, "a.py", "x = 1\n" * 401),
        (
            house_rules.functions_are_short,
            "a.py",
            "def long():\n" + "    x = 1\n" * 61,
        ),
        (house_rules.modules_say_what_they_are_for, "a.py", "x = 1\n"),
        (house_rules.names_say_something, "exercises/web/utils.py", ""),
        (house_rules.names_say_something, "exercises/web/form_helpers.py", ""),
        (house_rules.names_say_something, "exercises/common/limits.py", ""),
        (house_rules.nothing_is_put_off, "a.py", "x = 1  # TODO: later\n"),
        (house_rules.rules_know_no_clock, "exercises/domain/gate.py", "timezone.now()\n"),
        (house_rules.rules_know_no_clock, "exercises/domain/gate.py", "datetime.now(UTC)\n"),
        (
            house_rules.pages_and_api_list_what_one_may_see,
            "exercises/web/home.py",
            "Run.objects.all()\n",
        ),
        (house_rules.messages_are_hints, "a.py", "task.apply_async(countdown=5)\n"),
        (house_rules.messages_are_hints, "a.py", "task.apply_async(args, eta=soon)\n"),
        (house_rules.messages_are_hints, "a.py", "self.retry()\n"),
        (house_rules.messages_are_hints, "a.py", "task.delay(1).get()\n"),
    ],
)
def test_rule_notices_what_breaks_it(rule, path, source):
    assert list(rule(Module(PurePosixPath(path), source)))
