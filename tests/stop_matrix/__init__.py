"""Stop with everything else down: `make stop-matrix TRIES=n`."""
