"""The estate as it was built first, kept for further starts in the same process.

moto keeps its state in the process and building the estate takes it more than a hundred calls.
Called by simulator.server.
"""

from __future__ import annotations

import io
import pickle
import threading
from typing import Any, Final

from moto.core.base_backend import BackendDict
from moto.core.model_instances import reset_model_data

_RLOCK: Final = type(threading.RLock())
# The services in use. moto empties this very list when it is reset.
_SERVICES: Final[list[BackendDict[Any]]] = BackendDict._instances  # type: ignore[misc]


class _Pickler(pickle.Pickler):
    """Locks guard what they lie in: a copy has locks of its own."""

    def reducer_override(self, value: Any) -> Any:
        return (threading.RLock, ()) if isinstance(value, _RLOCK) else NotImplemented


_kept: tuple[list[BackendDict[Any]], bytes] | None = None


def keep() -> None:
    """Keep what moto holds now."""
    global _kept
    services = list(_SERVICES)
    copy = io.BytesIO()
    _Pickler(copy, pickle.HIGHEST_PROTOCOL).dump([dict(service) for service in services])
    _kept = services, copy.getvalue()


def restore() -> bool:
    """Let moto hold what was kept and nothing else; False when there is nothing kept yet."""
    BackendDict.reset()
    reset_model_data()
    if _kept is None:
        return False
    services, copy = _kept
    # Bytes that this process wrote itself.
    for service, accounts in zip(services, pickle.loads(copy), strict=True):  # noqa: S301
        service.update(accounts)
        _SERVICES.append(service)
    return True
