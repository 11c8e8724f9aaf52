# Thin on purpose: dev.py does the work and `make help` says what there is.
PYTHON ?= python3
export PORT HEADLESS NAME ARGS WORKERS TRIES

.PHONY: help setup demo test test-fast check fix browser stop-matrix bench lock migrations sim shots clean

help setup demo test test-fast check fix browser stop-matrix bench lock migrations sim shots clean:
	@$(PYTHON) dev.py $@
