"""Who may act from CI without a secret: issuers of OIDC tokens, and whose jobs they let in."""

from __future__ import annotations

from django.db import models

from exercises.domain.ci_claims import Condition, Rule
from exercises.models.base import Record
from exercises.models.people import Team, User


class OidcIssuer(Record):
    """A CI whose tokens are taken, as its discovery document names it.

    `keys` is the last good copy of its public keys, read at `keys_read_at`; what went wrong
    since is `keys_problem`.
    """

    url = models.CharField(max_length=300, unique=True)
    audience = models.CharField(max_length=300)
    is_active = models.BooleanField(default=True)
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    vouched_by = models.JSONField(default=list)
    """Ids of everybody who added or changed it: each could let in jobs of their own."""
    keys = models.JSONField(default=list)
    keys_read_at = models.DateTimeField(null=True, blank=True)
    keys_tried_at = models.DateTimeField(null=True, blank=True)
    keys_problem = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ("url",)

    def __str__(self) -> str:
        return self.url


class OidcRule(Record):
    """One of an issuer's rules, in their order; the first that fits decides."""

    issuer = models.ForeignKey(OidcIssuer, on_delete=models.CASCADE, related_name="rules")
    position = models.PositiveSmallIntegerField()
    team = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="+")
    scopes = models.JSONField(default=list)
    conditions = models.JSONField(default=list)
    last_used_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("position",)
        constraints = (
            models.UniqueConstraint(fields=("issuer", "position"), name="one_rule_a_position"),
        )

    @property
    def rule(self) -> Rule:
        """As the domain speaks of it; the team must be loaded."""
        conditions = tuple(Condition(claim, pattern) for claim, pattern in self.conditions)
        return Rule(self.team.slug, tuple(self.scopes), conditions)
