#!/bin/sh
# Feature flag: a flag in AWS AppConfig goes on for some, faults are injected while it is on, and
# the verdict decides whether it goes on for all or off again.
#   APPLICATION, ENVIRONMENT, PROFILE, STRATEGY  the ids in AppConfig
#   OFF, SOME, ALL   versions of the profile: the flag off, on for some callers, on for all
#   EXPERIMENT       a file for `chaosplane propose`
# Needs the AWS command line and `chaosplane login`, or the job's own token (docs/api/ci.md).
# Exits as `chaosplane run` does: 0 held and on for all, anything else off.
set -eu
deploy() {
  number=$(aws appconfig start-deployment --application-id "$APPLICATION" \
    --environment-id "$ENVIRONMENT" --configuration-profile-id "$PROFILE" \
    --configuration-version "$1" --deployment-strategy-id "$STRATEGY" \
    --query DeploymentNumber --output text)
  aws appconfig wait deployment-complete --application-id "$APPLICATION" \
    --environment-id "$ENVIRONMENT" --deployment-number "$number"
}

# However this ends, Ctrl-C included, the flag is on for all or off afterwards.
winner=$OFF
trap 'deploy "$winner"' EXIT
trap 'exit 130' INT TERM

deploy "$SOME"
proposed=$(chaosplane propose --file "$EXPERIMENT" --output json)
code=$(printf '%s' "$proposed" | python3 -c 'import json, sys; print(json.load(sys.stdin)["code"])')

ended=0
chaosplane run "$code" --wait --timeout "${PATIENCE_S:-86400}" || ended=$?
[ "$ended" -ne 0 ] || winner=$ALL
exit "$ended"
