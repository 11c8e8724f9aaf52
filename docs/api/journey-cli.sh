#!/bin/sh
# From a proposal to a verdict with the command line; people approve on the page in between.
# Needs `chaosplane login`, or CHAOSPLANE_URL and CHAOSPLANE_TOKEN (scopes read and write).
# Exits as `chaosplane run` does: 0 held, 1 not held, 2 blocked by policy, 3 the tool, 4 stopped.
set -eu
folder=$(mktemp -d)
trap 'rm -r "$folder"' EXIT
starts_at=$(python3 -c 'from datetime import *; print((datetime.now(timezone.utc) + timedelta(seconds=30)).isoformat())')
cat >"$folder/experiment.json" <<JSON
{
  "starts_at": "$starts_at",
  "application": "mqtt-broker",
  "account_id": "333333333333",
  "region": "eu-central-1",
  "template": "stop-one-instance",
  "title": "One broker stops, proposed by the command line",
  "hypothesis": "If one broker stops, then messages are delivered again within 2 minutes.",
  "parameters": {},
  "target_cap": 3
}
JSON
chaosplane propose --file "$folder/experiment.json" --output json >"$folder/proposed.json"
code=$(python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))["code"])' "$folder/proposed.json")

ended=0
chaosplane run "$code" --wait --timeout "${PATIENCE_S:-900}" || ended=$?
[ "$ended" -le 1 ] || exit "$ended"

# The gate says the same: fresh if it held, failed if not. Its answer is checked without a server.
gate=0
chaosplane gate mqtt-broker --family instance-loss --max-age 1d --output json >"$folder/gate.json" ||
  gate=$?
chaosplane verify "$folder/gate.json"
[ "$gate" -eq "$ended" ] || exit 3
exit "$ended"
