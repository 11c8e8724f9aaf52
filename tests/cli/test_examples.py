"""The examples of docs/api: they can be read, and every command in them is one that there is."""

from __future__ import annotations

import re
import shlex
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from chaosplane import cli

DOCS = Path(__file__).resolve().parents[2] / "docs" / "api"
EXAMPLES = sorted((DOCS / "examples").glob("*.yml"))
COMMAND = re.compile(r"^\s*(?:- )?(chaosplane (?!login|stop)[^\n>#|]+)", re.MULTILINE)


class WithTags(yaml.SafeLoader):
    """CloudFormation's short forms (!Ref, !Sub, !GetAtt) are tags of their own."""


def _plain(loader: yaml.SafeLoader, suffix: str, node: yaml.Node) -> Any:
    assert isinstance(node, yaml.ScalarNode)
    return loader.construct_scalar(node)


WithTags.add_multi_constructor("!", _plain)


@pytest.mark.parametrize("file", EXAMPLES, ids=lambda file: file.name)
def test_an_example_is_yaml_that_asks_the_gate(file: Path) -> None:
    read = yaml.load(file.read_text(), WithTags)
    assert isinstance(read, dict)
    assert "chaosplane gate" in file.read_text()
    for resource in read.get("Resources", {}).values():
        if spec := resource["Properties"].get("Source", {}).get("BuildSpec"):
            assert yaml.safe_load(spec)["version"] == 0.2


@pytest.mark.parametrize(
    "file",
    [*EXAMPLES, DOCS / "cli.md", DOCS / "gates.md", DOCS / "ci.md", DOCS / "declarative.md"],
    ids=lambda file: file.name,
)
def test_every_command_in_it_is_read_by_the_command_line(file: Path) -> None:
    commands = COMMAND.findall(file.read_text())
    assert commands
    for command in commands:
        words = shlex.split(command.replace('"$code"', "EXP-1"))[1:]
        cli.parser().parse_args(words)


@pytest.mark.parametrize("name", ["journey.sh", "journey-cli.sh"])
def test_a_journey_is_a_script_that_the_shell_reads(name: str) -> None:
    script = DOCS / name
    assert script.stat().st_mode & 0o111
    subprocess.run(["sh", "-n", script], check=True)
