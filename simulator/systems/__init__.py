"""The systems that can join the estate on demand, by their name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from simulator.systems.base import System
from simulator.systems.content_moderation import ContentModeration
from simulator.systems.developer_platform import DeveloperPlatform
from simulator.systems.media_functions import MediaFunctions
from simulator.systems.writer_database import WriterDatabase

SYSTEMS: Final[Mapping[str, type[System]]] = {
    kind.name: kind
    for kind in (DeveloperPlatform, ContentModeration, MediaFunctions, WriterDatabase)
}
