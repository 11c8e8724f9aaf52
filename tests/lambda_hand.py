"""The Lambda configuration engine with a clock to set, as its tests drive it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from exercises.aws.sessions import Purpose, client
from exercises.domain.engine_values import Observation, StartOrder, Watch
from exercises.domain.plans import AccountAccess
from exercises.engines.lambda_config import LambdaConfigEngine
from tests.lambda_definitions import NAME, slow


class Hand:
    """A clock to set, and the parameter as somebody with the console sees it."""

    def __init__(self, access: AccountAccess) -> None:
        self.now = datetime.now(UTC)
        self.engine = LambdaConfigEngine(lambda: self.now)
        self.access = access
        self.ssm = client(access, "ssm", Purpose.STOP)

    @property
    def value(self) -> str:
        return str(self.ssm.get_parameter(Name=NAME)["Parameter"]["Value"])

    @value.setter
    def value(self, text: str) -> None:
        self.ssm.put_parameter(Name=NAME, Value=text, Type="String", Overwrite=True)

    def order(self, definition: dict[str, Any] | None = None, **more: Any) -> StartOrder:
        document = definition or slow()
        run_id = str(uuid4())
        made = StartOrder(
            run_id=run_id,
            template_ref=self.engine.provision(self.access, document, "x"),
            token=f"chaosplane-{run_id}",
            is_rehearsal=False,
            not_after=self.now + timedelta(hours=1),
            tags={"chaosplane:exercise": "test"},
            definition=document,
        )
        return replace(made, **more)

    def start(self, order: StartOrder | None = None) -> Observation:
        return self.engine.start(self.access, order or self.order())

    def seen(self, ref: str, approved: Any = None) -> Observation:
        watch = Watch(ref, None, full=True, approved=approved)
        [found] = self.engine.observe(self.access, [watch])
        return found

    def passes(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)
