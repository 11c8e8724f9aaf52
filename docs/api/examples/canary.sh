#!/bin/sh
# Canary: a new version of a Lambda function answers some of the calls, faults are injected while
# it does, and the verdict decides whether it answers all of them or none.
#   FUNCTION, ALIAS  the function, and the alias that its callers use
#   EXPERIMENT       a file for `chaosplane propose`; its template hits what the alias stands for
#   SHARE            of the calls that the candidate answers meanwhile (0.1)
# Needs the AWS command line and `chaosplane login`, or the job's own token (docs/api/ci.md).
# Exits as `chaosplane run` does: 0 held and promoted, anything else as it was before.
set -eu
before=$(aws lambda get-alias --function-name "$FUNCTION" --name "$ALIAS" \
  --query FunctionVersion --output text)
candidate=$(aws lambda publish-version --function-name "$FUNCTION" --query Version --output text)

# However this ends, Ctrl-C included, one version answers all calls afterwards.
winner=$before
settle() {
  aws lambda update-alias --function-name "$FUNCTION" --name "$ALIAS" \
    --function-version "$winner" --routing-config 'AdditionalVersionWeights={}' >/dev/null
}
trap settle EXIT
trap 'exit 130' INT TERM

aws lambda update-alias --function-name "$FUNCTION" --name "$ALIAS" --function-version "$before" \
  --routing-config "AdditionalVersionWeights={$candidate=${SHARE:-0.1}}" >/dev/null
proposed=$(chaosplane propose --file "$EXPERIMENT" --output json)
code=$(printf '%s' "$proposed" | python3 -c 'import json, sys; print(json.load(sys.stdin)["code"])')

ended=0
chaosplane run "$code" --wait --timeout "${PATIENCE_S:-86400}" || ended=$?
[ "$ended" -ne 0 ] || winner=$candidate
exit "$ended"
