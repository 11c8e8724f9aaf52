"""`make schemathesis`: every operation of the OpenAPI document against a running demo.

All checks, all phases; ends in one line with its figures, and with 1 on any failure. A
failure is shown with the request that finds it again.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, Final
from urllib.error import HTTPError

from tests.journey.demo_process import PROJECT, Demo, running_demo
from tests.openapi.estate import Api, configuration

TOOL: Final = PROJECT / ".venv-schemathesis" / "bin" / "schemathesis"
CASES: Final = 10
SEED: Final = 20261117


def main() -> int:
    with running_demo() as demo, tempfile.TemporaryDirectory() as folder:
        return attack(demo, Path(folder))


def attack(demo: Demo, folder: Path) -> int:
    """Run schemathesis and say what came of it."""
    api = Api(demo.url, _token(demo))
    document = api.read("/api/schema/?format=json")
    config, report = folder / "schemathesis.toml", folder / "report.json"
    config.write_text(configuration(api, document), encoding="utf-8")
    (folder / "openapi.json").write_text(json.dumps(document), encoding="utf-8")
    done = subprocess.run(
        [
            TOOL, "--config-file", config, "run", folder / "openapi.json",
            "--url", demo.url,
            "--header", f"Authorization: Bearer {api.token}",
            "--phases", "examples,coverage,fuzzing,stateful",
            "--checks", "all",
            "--max-examples", os.environ.get("CASES") or str(CASES),
            "--seed", os.environ.get("SEED") or str(SEED),
            "--request-timeout", "120",
            "--continue-on-failure",
            "--report", "json", "--report-json-path", report,
            *sys.argv[1:],
        ],
        cwd=folder,
        env=os.environ | {"SCHEMATHESIS_HOOKS": "tests.openapi.hooks", "PYTHONPATH": str(PROJECT)},
        check=False,
    )  # fmt: skip
    if not report.exists():
        print(f"schemathesis: no report, exit {done.returncode}")
        return 1
    try:
        api.read("/api/v1/me/")
    except HTTPError as ended:
        print(f"schemathesis: the token that asks was ended on the way: {ended}")
        return 1
    return _say(json.loads(report.read_text(encoding="utf-8")), done.returncode)


def _token(demo: Demo) -> str:
    asked = subprocess.run(
        [sys.executable, "-m", "tests.openapi.everybody"],
        cwd=PROJECT,
        env=os.environ
        | {
            "CHAOSPLANE_ENV": "demo",
            "CHAOSPLANE_HOME": str(demo.child.log.parent),
            "DJANGO_SETTINGS_MODULE": "chaosplane.settings",
        },
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return asked.stdout.split()[-1]


def _say(report: dict[str, Any], code: int) -> int:
    if not report["complete"] or not report["test_cases"]["generated"]:
        print(f"schemathesis: ended early: {report['stop_reason']}")
        return 1
    operations, cases = report["operations"], report["test_cases"]
    broken = sum(f["count"] for f in report["failures"] if f["type"] == "ServerError")
    print(
        f"schemathesis: {operations['tested']} operations, {cases['generated']:,} cases,"
        f" {cases['unique_failures']} failures, {broken} × 5xx"
        f" (seed {report['seed']})"
    )
    whole = operations["tested"] == operations["selected"] and not operations["errored"]
    return 0 if code == 0 and whole else 1


if __name__ == "__main__":
    sys.exit(main())
