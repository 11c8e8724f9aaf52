# Thin on purpose: dev.py does the work and `make help` says what there is.
PYTHON ?= python3
export CASES ONLY PORT HEADLESS NAME ARGS WORKERS TRIES RUNS SEEDS SEED FIRST BUG

.PHONY: help setup demo scenarios test journey drills journey-curl journey-cli schemathesis authz test-fast check fix browser stop-matrix crash crash-inprocess without-valkey planted-bugs invariants tamper reproducible ledger fuzz bypass time-properties bench lock migrations sim shots clean

help setup demo scenarios test journey drills journey-curl journey-cli schemathesis authz test-fast check fix browser stop-matrix crash crash-inprocess without-valkey planted-bugs invariants tamper reproducible ledger fuzz bypass time-properties bench lock migrations sim shots clean:
	@$(PYTHON) dev.py $@
