"""The REST API, /api/v1/: the same use cases as the pages, for a developer platform."""
