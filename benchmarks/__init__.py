"""The performance goals as programs: each prints its figure against a floor or a peer."""
