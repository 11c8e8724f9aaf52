"""What JSON Schema cannot say of a request: why one that fits the document may be refused.

Field by field, so that a refusal for anything else is a failure: the document promised it.
`*` is any operation. Every entry needs its reason.
"""

from __future__ import annotations

from typing import Any, Final

_THERE = "names something that has to be there"
_WORDS = "has a shortest length, counted without the spaces around it"
_TIMES = "two times have an order, a zone has to exist, a rule has to recur"
_ALARMS = "alarms of CloudWatch in the account and Region"
_PROBES = "probes of a kind that there is"
_CHANNEL = "by the kind of the channel: of mail, or of a chat service that can be reached"
_HTTPS = "an address that starts with https:// and can be reached from here"
_JOBS = "each names a team that is there, and with one claim at least whose job it is"
_PERIOD = "a quarter, or a month that ends three"
_ONE_DAY = "a weekday or a day of the month, one of them"
_ACCOUNT = {
    "regions": "at least one, by its name; its zones and queues are of the account",
    "read_role_arn": "a role of the account",
    "start_role_arn": "a role of the account",
    "stop_role_arn": "a role of the account",
    "fis_role_arn": "a role of the account",
}
_TEMPLATE = {
    "definition": "what FIS takes, and the linter",
    "parameters": "what FIS takes, and the linter",
    "origin": "is signed by template-beginnings",
}
_REPOSITORY = {
    "url": "of a host that CHAOSPLANE_GIT_ORIGINS allows",
    "ref": "what Git takes for a name, and nothing that leads elsewhere",
    "folder": "below the root, without .. and .git",
    "path": "below the root, without .. and .git; a file that the look named",
}
_WEBHOOK = {"url": _HTTPS, "events": "one at least, unless it is asked before each start"}
_APPLICATION = {
    "runbook_url": _HTTPS,
    "dashboard_url": _HTTPS,
    "architecture_tags": "up to 20 different ones of letters, digits and hyphens",
    "slo_percent": "above 0 and below 100",
}

_RULES = dict.fromkeys(("rules", "rows", "concurrency"), "the table of docs/teams/policy.md")
_FILE = {
    "schedules": "as each of them alone",
    "freezes": "as each of them alone",
    "policy": "as alone",
}

RULES: Final[dict[str, dict[str, str]]] = {
    "*": {
        "cursor": "is taken from `next`: no client makes one",
        "application": _THERE,
        "applications": _THERE,
        "account_id": _THERE,
        "accounts": _THERE,
        "exercise": _THERE,
        "experiment": _THERE,
        "failure_family": _THERE,
        "family": _THERE,
        "families": _THERE,
        "finding": _THERE,
        "lead": _THERE,
        "programme": _THERE,
        "recipients": _THERE,
        "region": _THERE,
        "safety_officer": _THERE,
        "team": _THERE,
        "teams": _THERE,
        "template": _THERE,
        "templates": _THERE,
        "timezone": _TIMES,
        "starts_at": _TIMES,
        "ends_at": _TIMES,
        "because": _WORDS,
        "body": _WORDS,
        "note": _WORDS,
        "reason": _WORDS,
        "text": _WORDS,
        "title": _WORDS,
        "name": _WORDS,
        "hypothesis": _WORDS,
        "slug": "is taken, or not made of the letters that the message names",
        "az": "is a zone of the region that is named beside it",
        "rrule": _TIMES,
        "local_start": _TIMES,
        "until": _TIMES,
    },
    "POST /api/v1/accounts/": _ACCOUNT,
    "PUT /api/v1/accounts/{account_id}/": _ACCOUNT,
    "PUT /api/v1/applications/{slug}/": _APPLICATION,
    "POST /api/v1/applications/": _APPLICATION,
    "POST /api/v1/applications/{slug}/deployments/": {
        "place": "takes an application once",
        "alarm_arns": _ALARMS,
        "steady_state": _PROBES,
    },
    "PUT /api/v1/applications/{slug}/deployments/{account_id}/{region}/": {
        "alarm_arns": _ALARMS,
        "steady_state": _PROBES,
    },
    "POST /api/v1/applications/{slug}/ladder/{family}/mentor/": {"mentor": _THERE},
    "PUT /api/v1/applications/{slug}/dependencies/": {"depends_on": _THERE},
    "POST /api/v1/channels/": {"address": _CHANNEL},
    "PUT /api/v1/channels/{id}/address/": {"address": _CHANNEL},
    "POST /api/v1/ci-issuers/": {"url": _HTTPS, "rules": _JOBS},
    "PUT /api/v1/ci-issuers/{id}/": {"rules": _JOBS},
    "POST /api/v1/clauses/": {"clauses": "a row names reports and packs, each of them once"},
    "PUT /api/v1/exercises/{slug}/participants/{application}/": {
        "on_call": "has to be named before it is accepted",
    },
    "PUT /api/v1/exercises/{slug}/run-sheet/": {
        "N": "the rows are those of the run sheet, each experiment in its wave",
    },
    "POST /api/v1/experiments/": {"slot": "or an exercise, one of them"},
    "PUT /api/v1/experiments/{id}/": {
        "retest_of": "stays as it was written",
        "deployment": "stays one of the application that it is of",
    },
    "PUT /api/v1/findings/{id}/": {
        "owner": "a member of the application's team",
        "tracker_url": _HTTPS,
    },
    "POST /api/v1/findings/{id}/move/": {"owner": "has to be named before it is accepted"},
    "POST /api/v1/findings/{id}/attachments/": {"file": "its bytes say whether it may be kept"},
    "POST /api/v1/freeze-calendars/": {"url": _HTTPS},
    "POST /api/v1/game-days/": {
        "chaos_team": _THERE,
        "rounds": "they follow each other",
        "rules": "of two minutes the first is smaller",
    },
    "GET /api/v1/gates/{slug}/": {"max_age": "from 1h to 366d: a limit in two units"},
    "PUT /api/v1/me/wishes/": {"quiet_until": _TIMES, "daily_at": _TIMES, "quiet_from": _TIMES},
    "PUT /api/v1/notice-policy/": {"*": "an object for each topic that there is"},
    "POST /api/v1/policy/": _RULES,
    "POST /api/v1/desired-state/plan/": _FILE,
    "PUT /api/v1/desired-state/": _FILE,
    "PUT /api/v1/desired-state/applications/{slug}/": {**_APPLICATION, "depends_on": _THERE},
    "PUT /api/v1/desired-state/policy/": _RULES,
    "PUT /api/v1/desired-state/templates/{slug}/": {
        **_TEMPLATE,
        "format": "is the one of template files, or left out",
        "digest": "is that of the content, or left out",
        "engine": "is one that there is",
        "generator": "is one that there is, and not beside a definition",
    },
    "PUT /api/v1/game-days/{slug}/rules/": {"thresholds": "of two minutes the first is smaller"},
    "POST /api/v1/feeds/": {"what": "at most 20 feeds a person", "team": "for one team only"},
    "POST /api/v1/report-mails/": {"weekday": _ONE_DAY, "day": _ONE_DAY},
    "GET /api/v1/reports/{period}/": {"period": _PERIOD},
    "POST /api/v1/reports/{period}/words/": {"period": _PERIOD},
    "POST /api/v1/teams/{slug}/members/": {"email": _THERE},
    "POST /api/v1/template-beginnings/": {"fis_template": "or action, one of them"},
    "POST /api/v1/template-imports/": {"file": "a template file, in a text"},
    "POST /api/v1/template-repositories/": _REPOSITORY,
    "POST /api/v1/template-repositories/import/": _REPOSITORY,
    "POST /api/v1/templates/": _TEMPLATE,
    "POST /api/v1/templates/{slug}/versions/": _TEMPLATE,
    "POST /api/v1/tokens/": {
        "scopes": "no more than the token that asks has",
        "days": "no longer than the token that asks is there",
    },
    "POST /api/v1/webhooks/": _WEBHOOK,
    "PUT /api/v1/webhooks/{id}/": _WEBHOOK,
    "GET /api/v1/webhook-deliveries/": {"webhook": _THERE},
}


def refused_by_rules(operation: str, problem: dict[str, Any]) -> bool:
    """Whether every field that this 422 names has a rule that the document cannot hold."""
    known = RULES["*"] | RULES.get(operation, {})
    fields = {_first(row["field"]) for row in problem.get("errors", ())}
    return bool(fields) and (fields <= set(known) or "*" in RULES.get(operation, {}))


def _first(field: str) -> str:
    """`rounds[2].title` is told of `rounds`, `1.wave` of the row N."""
    name = field.partition("[")[0].partition(".")[0]
    return "N" if name.isdigit() else name
