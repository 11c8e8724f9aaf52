"""A pack that was altered anywhere says so, and names what was altered."""

from __future__ import annotations

import io
import json
import random
import zipfile
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from chaosplane.cli import main
from exercises.domain.evidence_pack import _unzip, _zip, fingerprint, pack, verify
from tests.evidence.packs import KEY, flipped, small_pack, spans


@pytest.fixture
def whole() -> bytes:
    return small_pack(random.Random(7))


def test_a_pack_as_it_was_made_is_whole(whole: bytes) -> None:
    found = verify(whole)
    assert (found.problems, found.files, found.subject) == ((), 5, "2026-11")
    assert found.fingerprint == fingerprint(KEY.public_key())


def test_the_same_files_give_the_same_bytes() -> None:
    files = {"b.txt": b"2", "a.txt": b"1"}
    assert pack(files, subject="x", key=KEY) == pack(
        dict(reversed(files.items())), subject="x", key=KEY
    )


def test_one_flipped_byte_of_every_part_is_found(whole: bytes) -> None:
    rng = random.Random(11)
    for part, (begins, ends) in spans(whole).items():
        for at in (begins, (begins + ends) // 2, ends - 1):
            assert verify(flipped(whole, at, rng)).problems, f"{part}, byte {at - begins}"


@pytest.mark.parametrize("cut", [1, 22, 23, 500])
def test_a_cut_tail_is_found(whole: bytes, cut: int) -> None:
    assert verify(whole[:-cut]).problems


def test_what_is_added_before_or_behind_is_found(whole: bytes) -> None:
    assert verify(b"x" + whole).problems
    assert verify(whole + b"x").problems


def altered(whole: bytes, name: str, body: bytes | None) -> list[tuple[str, str]]:
    files = _unzip(whole)
    if body is None:
        del files[name]
    else:
        files[name] = body
    return [(problem.file, problem.what) for problem in verify(_zip(files)).problems]


def test_an_altered_file_is_named(whole: bytes) -> None:
    assert ("decisions.json", "was altered") in altered(whole, "decisions.json", b"[]\n")


def test_a_file_that_was_added_or_taken_away_is_named(whole: bytes) -> None:
    assert altered(whole, "more.txt", b"") == [("more.txt", "was added")]
    assert altered(whole, "decisions.json", None) == [("decisions.json", "is missing")]


@pytest.mark.parametrize("name", ["manifest.json", "plans/EXP-1-1.json", "audit.json"])
def test_a_file_that_nests_without_end_is_a_problem_not_a_crash(whole: bytes, name: str) -> None:
    assert name in [file for file, _ in altered(whole, name, b"[" * 200_000)]


def test_a_manifest_made_anew_lacks_its_signature(whole: bytes) -> None:
    files = _unzip(whole)
    body = b"[]\n"
    manifest = json.loads(files["manifest.json"])
    import hashlib

    manifest["files"]["decisions.json"]["sha256"] = hashlib.sha256(body).hexdigest()
    files |= {"decisions.json": body, "manifest.json": json.dumps(manifest).encode()}
    found = verify(_zip(files))
    assert [p.file for p in found.problems] == ["manifest.json"]


def test_a_plan_other_than_its_digest_is_named_even_if_signed() -> None:
    body = json.dumps({"plan": {"target_cap": 99}, "digest": "0" * 64}).encode()
    found = verify(pack({"plans/EXP-1-1.json": body}, subject="x", key=KEY))
    assert [p.what for p in found.problems] == ["is not the plan that its digest names"]


def test_an_audit_entry_that_was_edited_is_named_even_if_signed(whole: bytes) -> None:
    audit = json.loads(_unzip(whole)["audit.json"])
    audit["entries"][0]["action"] = "run.stop"
    found = verify(pack({"audit.json": json.dumps(audit).encode()}, subject="x", key=KEY))
    assert "entry 1 does not have the hash" in found.problems[0].what


@pytest.mark.parametrize(
    "data", [b"", b"PK", b"no zip at all", b"PK\x05\x06" + bytes(18)], ids=range(4)
)
def test_what_is_no_pack_is_said_to_be_none(data: bytes) -> None:
    assert verify(data).problems


def test_a_compressed_file_is_no_pack() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("bomb", b"0" * 100_000)
    assert "compressed" in verify(out.getvalue()).problems[0].what


def test_the_command_says_whole_altered_or_unreadable(
    whole: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "pack.zip"
    file.write_bytes(whole)
    assert main(["verify", str(file)]) == 0
    assert "Whole: 5 files about 2026-11." in capsys.readouterr().out
    assert main(["verify", str(file), "--key", fingerprint(KEY.public_key())]) == 0
    other = Ed25519PrivateKey.generate().public_key()
    assert main(["verify", str(file), "--key", fingerprint(other)]) == 1
    file.write_bytes(whole[:-1])
    assert main(["verify", str(file)]) == 1
    assert main(["verify", str(tmp_path / "missing.zip")]) == 3
