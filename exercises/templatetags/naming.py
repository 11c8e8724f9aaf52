"""Filters that speak of people as blameless mode wants it: {{ person|called:names }}."""

from __future__ import annotations

from django import template

from exercises.models import User
from exercises.queries.naming import Names

register = template.Library()


@register.filter
def called(person: User | None, names: Names) -> str:
    """What a person is called; empty for nobody."""
    return names.of(person)


@register.filter
def blameless(text: str, names: Names) -> str:
    """A text that people wrote, without names in blameless mode."""
    return names.text(str(text))
