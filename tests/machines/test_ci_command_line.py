"""The command line in a job of CI: signed in by the job's token, as the service of its team."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from exercises.models import OidcIssuer
from tests import build
from tests.cast import Cast
from tests.cli.desk import URL, Terminal
from tests.machines.conftest import Ci

pytestmark = pytest.mark.django_db


def test_a_job_reads_and_is_told_what_it_may_not(
    cast: Cast, ci: Ci, issuer: OidcIssuer, tmp_path: Path
) -> None:
    _, run = build.live(cast)
    terminal = Terminal(cast, tmp_path)
    terminal.variables = {
        "CHAOSPLANE_URL": URL,
        "CHAOSPLANE_OIDC_TOKEN": ci.token(),
        "XDG_CONFIG_HOME": str(tmp_path),
    }
    listed = terminal.type("list", "runs", "--output", "json")
    assert (listed.code, [row["id"] for row in json.loads(listed.out)]) == (0, [str(run.pk)])
    terminal.variables["CHAOSPLANE_OIDC_TOKEN"] = ci.token(repository="org/other")
    refused = terminal.type("list", "runs")
    assert refused.code == 3
    assert f"rules: no rule of {issuer.url} lets this job in" in refused.error
