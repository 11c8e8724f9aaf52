"""`make reproducible`: every report and pack of the demo's past, rendered in two processes.

The second has another hash seed, time zone and locale, and a database that answers what is
not ordered in another order. Everything has to be the same, byte by byte. Ends in one line
with its figures; exits with 1 on any difference.
"""

from __future__ import annotations

import hashlib
import io
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ONE = {"PYTHONHASHSEED": "0", "TZ": "UTC", "LC_ALL": "C.UTF-8", "PGOPTIONS": ""}
OTHER = {
    "PYTHONHASHSEED": "4711",
    "TZ": "Pacific/Auckland",
    "LC_ALL": "tr_TR.UTF-8",
    "PGOPTIONS": "-c enable_seqscan=off -c enable_hashagg=off -c enable_hashjoin=off"
    " -c enable_memoize=off -c max_parallel_workers_per_gather=0",
}


def main() -> int:
    from benchmarks._database import migrated_database

    with migrated_database("reproducible"), tempfile.TemporaryDirectory() as folder:
        _seed()
        rendered = []
        for name, changes in (("one", ONE), ("other", OTHER)):
            into = Path(folder) / name
            into.mkdir()
            _in_a_process(into, changes)
            rendered.append({file.name: file.read_bytes() for file in into.iterdir()})
    return _say(*rendered)


def _seed() -> None:
    """The demo's organisation with its past months, without the edition that needs AWS."""
    from exercises.management.demo.history import seed_history
    from exercises.management.demo.mentoring import seed_mentoring
    from exercises.management.demo.programme import seed_schedule
    from exercises.management.demo.report import seed_report
    from exercises.management.demo.world import seed_world

    world = seed_world()
    seed_history(world)
    seed_mentoring(world)
    seed_schedule(world.programme)
    seed_report(world)


def _in_a_process(into: Path, changes: dict[str, str]) -> None:
    command = [sys.executable, "-m", "tests.reproducible", str(into)]
    subprocess.run(command, env={**os.environ, **changes}, check=True)


def _say(one: dict[str, bytes], other: dict[str, bytes]) -> int:
    different = sorted(
        name for name in one.keys() | other.keys() if one.get(name) != other.get(name)
    )
    for name in different:
        digests = [hashlib.sha256(side.get(name, b"")).hexdigest()[:12] for side in (one, other)]
        print(f"{name} differs: {digests[0]} and {digests[1]}")
    kinds = sorted({name.rpartition(".")[2] for name in one})
    size = sum(map(len, one.values()))
    print(
        f"reproducible: {len(one)} files ({', '.join(kinds)}; {size:,} bytes) rendered in two"
        f" processes, {len(different)} differ"
    )
    return 1 if different or not one else 0


def render(into: Path) -> None:
    """Write everything that is handed out; runs in a process of its own."""
    import django

    django.setup()
    for name, data in _everything():
        (into / name).write_bytes(data)


def _everything() -> Iterator[tuple[str, bytes]]:
    from django.test import Client

    from exercises.domain import evidence_pack
    from exercises.domain.capacities import OrgRole
    from exercises.models import Exercise, OrganisationRole
    from exercises.models.due_work import database_now
    from exercises.queries.evidence_pack import files_of
    from exercises.queries.report import periods_with_runs
    from exercises.services.evidence_pack import signing_key

    reader = OrganisationRole.objects.filter(role=OrgRole.LEADERSHIP.value).order_by("id")[0].user
    client = Client()
    client.force_login(reader)
    for period in periods_with_runs(now=database_now())[1:]:  # the first is not over yet
        yield from _report(client, f"/reports/{period.key}/", f"programme-{period.key}")
    for exercise in Exercise.objects.filter(is_imported=True).order_by("slug"):
        yield from _report(client, f"/exercises/{exercise.slug}/report/", exercise.slug)
        key = signing_key()
        pack = evidence_pack.pack(files_of(exercise), subject=exercise.slug, key=key)
        yield f"{exercise.slug}.zip", pack


def _report(client: Any, address: str, name: str) -> Iterator[tuple[str, bytes]]:
    """A report as page, PDF, its text, and CSV."""
    from pypdf import PdfReader

    stem = address.removesuffix("/")
    if stem.startswith("/reports/"):
        stem += "/report"
    pdf = _got(client, f"{stem}.pdf")
    pages = PdfReader(io.BytesIO(pdf)).pages
    yield f"{name}.pdf", pdf
    yield f"{name}.txt", "\f".join(page.extract_text() for page in pages).encode()
    yield f"{name}.csv", _got(client, f"{stem}.csv")
    # Around it stand what changes with every answer: the tokens of forms, the nonce.
    found = re.search(rb"<main\b.*</main>", _got(client, address), re.DOTALL)
    assert found, address
    yield f"{name}.html", found[0]


def _got(client: Any, address: str) -> bytes:
    answer = client.get(address)
    assert answer.status_code == 200, (address, answer.status_code)
    content: bytes = answer.content
    return content


if __name__ == "__main__":
    if len(sys.argv) > 1:
        render(Path(sys.argv[1]))
    else:
        sys.exit(main())
