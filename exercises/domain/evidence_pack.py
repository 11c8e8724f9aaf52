"""The evidence pack: a ZIP that proves by itself that nobody changed it.

`services.evidence_pack` fills it, `chaosplane verify` and the tests read it. Nothing here
needs a server: hashes (SHA-256) of every file in a manifest, an Ed25519 signature
(RFC 8032) over the manifest, the digests that people approved recomputed from the plans,
and each audit entry checked against its own hash.

A pack has one form: files sorted, stored, without dates. So the reader packs what it read
again and compares byte by byte; a change outside of any file shows, too.
"""

from __future__ import annotations

import hashlib
import io
import json
import struct
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey,
    Ed25519PublicKey,
)
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from exercises.domain.audit_chain import link, mark_of
from exercises.domain.canonical_json import canonical_bytes

MANIFEST: Final = "manifest.json"
SIGNATURE: Final = "manifest.sig"
VERSION: Final = 1
MAX_BYTES: Final = 512 * 1024 * 1024
MAX_FILES: Final = 20_000
# What zipfile raises for bytes that are no ZIP, or a broken one.
_UNREADABLE: Final = (
    zipfile.BadZipFile,
    zipfile.LargeZipFile,
    ValueError,
    OSError,
    NotImplementedError,
    RuntimeError,
    EOFError,
    OverflowError,
    struct.error,
)
# What reading JSON raises that is broken, nested too deep, or of another shape.
_NOT_AS_WRITTEN: Final = (ValueError, KeyError, TypeError, AttributeError, RecursionError)
_EPOCH: Final = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong, and with which file of the pack; an empty name means the pack itself."""

    file: str
    what: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a reader found. `fingerprint` names the key of the installation that signed it."""

    problems: tuple[Problem, ...]
    files: int
    subject: str
    fingerprint: str

    @property
    def is_whole(self) -> bool:
        return not self.problems


def document(value: object) -> bytes:
    """A JSON file of the pack: readable, and the same bytes for the same value."""
    text = json.dumps(value, indent=1, sort_keys=True, ensure_ascii=False)
    return text.encode() + b"\n"


def pack(files: Mapping[str, bytes], *, subject: str, key: Ed25519PrivateKey) -> bytes:
    """The ZIP with its manifest and signature. The same files give the same bytes."""
    public = key.public_key()
    manifest = document(
        {
            "version": VERSION,
            "subject": subject,
            "public_key": _raw(public).hex(),
            "files": {
                name: {"sha256": hashlib.sha256(body).hexdigest(), "bytes": len(body)}
                for name, body in files.items()
            },
        }
    )
    signature = key.sign(manifest).hex().encode() + b"\n"
    return _zip({**files, MANIFEST: manifest, SIGNATURE: signature})


def fingerprint(public: Ed25519PublicKey) -> str:
    """How people name a key: the first 32 hex digits of its SHA-256, in groups of four."""
    digits = hashlib.sha256(_raw(public)).hexdigest()[:32]
    return " ".join(digits[i : i + 4] for i in range(0, 32, 4))


def verify(data: bytes) -> Verdict:
    """Check a pack. Never raises for what is inside; says what was altered."""
    try:
        files = _unzip(data)
    except _UNREADABLE as error:
        return Verdict((Problem("", f"not a pack that can be read: {error!r}"),), 0, "", "")
    manifest, problems = _manifest(files)
    if manifest is None:
        return Verdict(tuple(problems), len(files), "", "")
    problems += _signature(files, manifest)
    problems += _listed(files, manifest)
    problems += _approved(files)
    problems += _audited(files)
    if not problems and _zip(files) != data:
        problems.append(Problem("", "bytes outside the files were changed or added"))
    public = Ed25519PublicKey.from_public_bytes(bytes.fromhex(manifest["public_key"]))
    return Verdict(
        tuple(problems), len(manifest["files"]), str(manifest["subject"]), fingerprint(public)
    )


def _raw(public: Ed25519PublicKey) -> bytes:
    return public.public_bytes(Encoding.Raw, PublicFormat.Raw)


def _zip(files: Mapping[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        for name in sorted(files):
            entry = zipfile.ZipInfo(name, _EPOCH)
            entry.create_system = 3  # else it would tell the system that wrote it
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, files[name])
    return out.getvalue()


def _unzip(data: bytes) -> dict[str, bytes]:
    """Every file by its name. Raises ValueError for what no pack contains."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        entries = archive.infolist()
        names = [entry.filename for entry in entries]
        if len(set(names)) != len(names):
            raise ValueError("a name is there twice")
        if len(names) > MAX_FILES or sum(entry.file_size for entry in entries) > MAX_BYTES:
            raise ValueError(f"more than {MAX_FILES} files or {MAX_BYTES} bytes")
        if any(entry.compress_type != zipfile.ZIP_STORED for entry in entries):
            raise ValueError("a file is compressed")
        return {name: archive.read(name) for name in names}


def _manifest(files: Mapping[str, bytes]) -> tuple[dict[str, Any] | None, list[Problem]]:
    if MANIFEST not in files:
        return None, [Problem(MANIFEST, "is missing")]
    try:
        found = json.loads(files[MANIFEST])
        Ed25519PublicKey.from_public_bytes(bytes.fromhex(found["public_key"]))
        listed = {str(name): (row["sha256"], row["bytes"]) for name, row in found["files"].items()}
        readable = found["version"] == VERSION and isinstance(found["subject"], str)
    except _NOT_AS_WRITTEN:
        return None, [Problem(MANIFEST, "cannot be read")]
    if not readable or MANIFEST in listed or SIGNATURE in listed:
        return None, [Problem(MANIFEST, "cannot be read")]
    return found, []


def _signature(files: Mapping[str, bytes], manifest: dict[str, Any]) -> Iterator[Problem]:
    public = Ed25519PublicKey.from_public_bytes(bytes.fromhex(manifest["public_key"]))
    try:
        public.verify(bytes.fromhex(files[SIGNATURE].decode()), files[MANIFEST])
    except KeyError:
        yield Problem(SIGNATURE, "is missing")
    except (ValueError, InvalidSignature):
        yield Problem(MANIFEST, "does not have the signature that stands beside it")


def _listed(files: Mapping[str, bytes], manifest: dict[str, Any]) -> Iterator[Problem]:
    listed = manifest["files"]
    for name in sorted(files.keys() - listed.keys() - {MANIFEST, SIGNATURE}):
        yield Problem(name, "was added")
    for name, row in sorted(listed.items()):
        if name not in files:
            yield Problem(name, "is missing")
        elif hashlib.sha256(files[name]).hexdigest() != row["sha256"]:
            yield Problem(name, "was altered")


def _approved(files: Mapping[str, bytes]) -> Iterator[Problem]:
    """Every plan is what its digest says, so what was approved is what stands here."""
    for name, body in sorted(files.items()):
        if not name.startswith("plans/"):
            continue
        try:
            found = json.loads(body)
            digest = hashlib.sha256(canonical_bytes(found["plan"])).hexdigest()
            fits = digest == found["digest"]
        except _NOT_AS_WRITTEN:
            fits = False
        if not fits:
            yield Problem(name, "is not the plan that its digest names")


def _audited(files: Mapping[str, bytes]) -> Iterator[Problem]:
    try:
        found = json.loads(files.get("audit.json", b'{"entries": []}'))
        broken = [e.get("seq") for e in found["entries"] if not _is_linked(e)]
        names = found.get("names", {}).items()
        wrong = [mark for mark, row in names if mark_of(row["name"], row["salt"]) != mark]
    except _NOT_AS_WRITTEN:
        yield Problem("audit.json", "cannot be read")
        return
    for seq in broken:
        yield Problem("audit.json", f"entry {seq} does not have the hash that stands beside it")
    for mark in wrong:
        yield Problem("audit.json", f"the name beside {mark[:9]} is not the one that was marked")


def _is_linked(entry: dict[str, Any]) -> bool:
    payload = {k: v for k, v in entry.items() if k not in {"previous_hash", "hash"}}
    return link(str(entry["previous_hash"]), payload) == str(entry["hash"])
