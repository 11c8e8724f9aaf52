"""What a command found, as text, JSON, JUnit or SARIF: for people, scripts and pipelines."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, TextIO
from xml.etree import ElementTree as ET

FORMS: Final = ("text", "json", "junit", "sarif")
SARIF_SCHEMA: Final = "https://json.schemastore.org/sarif-2.1.0.json"
SARIF_LEVEL: Final = {1: "note", 2: "warning", 3: "error"}


@dataclass(frozen=True, slots=True)
class Result:
    """One thing looked at. `passed` is None where nothing was judged."""

    name: str
    passed: bool | None
    word: str
    message: str
    rule: str
    url: str = ""
    level: str = "error"


def write(
    out: TextIO, form: str, *, suite: str, results: Sequence[Result], document: object
) -> None:
    """`document` is what the server said, for JSON."""
    if form == "json":
        out.write(json.dumps(document, indent=2, ensure_ascii=False) + "\n")
    elif form == "junit":
        out.write(_junit(suite, results))
    elif form == "sarif":
        out.write(json.dumps(_sarif(results), indent=2, ensure_ascii=False) + "\n")
    else:
        for one in results:
            out.write(f"{one.name}: {one.word}. {one.message}".rstrip() + "\n")
            if one.url:
                out.write(f"  {one.url}\n")


def _junit(suite: str, results: Sequence[Result]) -> str:
    """The form that CI servers agree on: a failure each that did not pass, skipped if unknown."""
    failures = sum(one.passed is False for one in results)
    skipped = sum(one.passed is None for one in results)
    counts = {"tests": len(results), "failures": failures, "skipped": skipped, "errors": 0}
    written = {name: str(count) for name, count in counts.items()}
    root = ET.Element("testsuites", {"name": "chaosplane", **written})
    holder = ET.SubElement(root, "testsuite", {"name": _xml(suite), **written})
    for one in results:
        names = {"classname": _xml(f"chaosplane.{one.rule}"), "name": _xml(one.name)}
        case = ET.SubElement(holder, "testcase", names)
        if one.passed is False:
            failure = ET.SubElement(
                case, "failure", {"type": _xml(one.word), "message": _xml(one.message)}
            )
            failure.text = _xml(f"{one.message}\n{one.url}".rstrip())
        elif one.passed is None:
            ET.SubElement(case, "skipped", {"message": _xml(one.message or one.word)})
    ET.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(root, "unicode") + "\n"


def _xml(text: str) -> str:
    """Without the characters that XML 1.0 cannot hold at all."""
    return "".join(c if c in "\t\n" or " " <= c <= "\ud7ff" or c >= "\ue000" else "�" for c in text)


def _sarif(results: Sequence[Result]) -> dict[str, Any]:
    """SARIF 2.1.0. It is about files; ours are about applications, so places are logical."""
    found = [one for one in results if one.passed is False]
    return {
        "$schema": SARIF_SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {
                    "driver": {
                        "name": "chaosplane",
                        "rules": [{"id": rule} for rule in sorted({one.rule for one in found})],
                    }
                },
                "results": [_sarif_result(one) for one in found],
            }
        ],
    }


def _sarif_result(one: Result) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "ruleId": one.rule,
        "level": one.level,
        "message": {"text": f"{one.name}: {one.word}. {one.message}".rstrip()},
        "locations": [{"logicalLocations": [{"name": one.name, "kind": "resource"}]}],
    }
    return shown | ({"hostedViewerUri": one.url} if one.url else {})
