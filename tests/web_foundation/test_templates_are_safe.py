"""What the content security policy would refuse is not written in the first place."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.template import engines

ROOT = Path(settings.BASE_DIR) / "templates"
TEMPLATES = sorted(path.relative_to(ROOT).as_posix() for path in ROOT.rglob("*.html"))
FORBIDDEN = {
    "an inline style": r"\sstyle\s*=|<style",
    "an inline script": r"<script(?![^>]*\ssrc=)",
    "an inline handler": r"\son[a-z]+\s*=",
    "unescaped output": r"\|\s*safe\b|autoescape\s+off",
    "a javascript: address": r"javascript:",
}


@pytest.mark.parametrize("name", TEMPLATES)
def test_a_template_compiles_and_holds_nothing_the_policy_refuses(name: str) -> None:
    engines["django"].get_template(name)
    text = (ROOT / name).read_text()
    found = [what for what, pattern in FORBIDDEN.items() if re.search(pattern, text)]
    assert not found


@pytest.mark.parametrize("name", TEMPLATES)
def test_a_form_that_posts_carries_the_token(name: str) -> None:
    text = (ROOT / name).read_text()
    forms = re.findall(r"<form[^>]*method=\"post\".*?</form>", text, re.DOTALL)
    assert all("csrf_token" in form for form in forms)
