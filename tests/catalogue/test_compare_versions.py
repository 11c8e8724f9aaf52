"""Two versions of a template are compared leaf by leaf and line by line."""

from __future__ import annotations

import pytest
from django.test import Client

from exercises.models import TemplateVersion
from tests import build
from tests.cast import Cast

pytestmark = pytest.mark.django_db


def test_the_page_shows_what_changed_line_by_line(cast: Cast, client: Client) -> None:
    first = build.template_version()
    description = first.definition["description"]
    TemplateVersion.objects.create(
        template=first.template,
        number=2,
        definition=first.definition | {"description": "Stop one, gently"},
        parameters=first.parameters,
        rung=first.rung,
    )
    client.force_login(cast.author)
    page = client.get(f"/templates/{first.template.slug}/").content.decode()
    assert f"-    &quot;description&quot;: &quot;{description}&quot;," in page
    assert "+    &quot;description&quot;: &quot;Stop one, gently&quot;," in page
    same = client.get(f"/templates/{first.template.slug}/?v=1&compare=1").content.decode()
    assert "Line by line" not in same
