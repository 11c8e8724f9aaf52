#!/bin/sh
# From a proposal to a verdict with nothing but curl; people approve on the page in between.
# Needs CHAOSPLANE_URL and CHAOSPLANE_TOKEN (scopes read and write), curl, and Python to read JSON.
# Exits with 0 when the hypothesis held, 1 when it did not, 3 when there is no verdict.
set -eu
: "${CHAOSPLANE_URL:?the address, such as https://chaosplane.example.org}"
: "${CHAOSPLANE_TOKEN:?a token of Settings, API tokens}"
api=${CHAOSPLANE_URL%/}/api/v1
patience_s=${PATIENCE_S:-900}

ask() { # ask METHOD PATH [BODY]
  curl --silent --show-error --fail-with-body --max-time 30 --request "$1" "$api/$2" \
    --header "Authorization: Bearer $CHAOSPLANE_TOKEN" \
    --header "Content-Type: application/json" ${3:+--data "$3"} || {
    echo >&2
    exit 3
  }
}

value() { # value EXPRESSION: of the JSON on the input, named `it`
  python3 -c 'import json, sys; it = json.load(sys.stdin); print(eval(sys.argv[1]))' "$1"
}

starts_at=$(python3 -c 'from datetime import *; print((datetime.now(timezone.utc) + timedelta(seconds=30)).isoformat())')
experiment=$(ask POST experiments/ '{
  "starts_at": "'"$starts_at"'",
  "application": "mqtt-broker",
  "account_id": "333333333333",
  "region": "eu-central-1",
  "template": "stop-one-instance",
  "title": "One broker stops, proposed by curl",
  "hypothesis": "If one broker stops, then messages are delivered again within 2 minutes.",
  "parameters": {},
  "target_cap": 3
}' | value 'it["id"]')
ask POST "experiments/$experiment/propose/" >/dev/null
echo "EXP-$experiment is sent for approval." >&2

waited_s=0
said=
while [ "$waited_s" -lt "$patience_s" ]; do
  asked=$(ask GET "experiments/$experiment/asked/" | value '", ".join(it["missing"])')
  runs=$(ask GET "runs/?experiment=$experiment&is_rehearsal=false")
  state=$(echo "$runs" | value 'it["results"][-1]["state"] if it["results"] else ""')
  verdict=$(echo "$runs" | value 'it["results"][-1]["verdict"] if it["results"] else ""')
  stage="EXP-$experiment ${state:-waits for the approval of: $asked}"
  [ "$stage" = "$said" ] || echo "$stage" >&2
  said=$stage
  case $verdict in
    held) echo "EXP-$experiment held"; exit 0 ;;
    not_held | inconclusive) echo "EXP-$experiment $verdict"; exit 1 ;;
  esac
  case $state in
    cancelled | skipped) echo "EXP-$experiment $state"; exit 3 ;;
  esac
  sleep 2
  waited_s=$((waited_s + 2))
done
echo "EXP-$experiment: no verdict within $patience_s s" >&2
exit 3
