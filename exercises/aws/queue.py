"""Messages of an SQS queue: taken, and deleted once they were read. Used by
services.engine_events.

The queue may hold anything: whoever may send to it decides what it says.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from exercises.aws.failures import aws_errors
from exercises.aws.sessions import Purpose, client
from exercises.domain.plans import AccountAccess

WAIT_S: Final = 5
"""How long SQS waits for a message; below the time after which an answer is given up."""
AT_ONCE: Final = 10
"""More are not given (Amazon SQS API Reference, ReceiveMessage)."""


@dataclass(frozen=True, slots=True)
class Message:
    """What it says, and what takes it off the queue."""

    body: str
    receipt: str


def receive(access: AccountAccess, queue_url: str) -> Sequence[Message]:
    """The next messages, as soon as there are any. Raises EngineError."""
    sqs = client(access, "sqs", Purpose.READ)
    with aws_errors(f"read {queue_url}"):
        answer = sqs.receive_message(
            QueueUrl=queue_url, MaxNumberOfMessages=AT_ONCE, WaitTimeSeconds=WAIT_S
        )
    return [Message(each["Body"], each["ReceiptHandle"]) for each in answer.get("Messages", ())]


def delete(access: AccountAccess, queue_url: str, messages: Sequence[Message]) -> None:
    """Take messages off the queue; what stays comes again. Raises EngineError."""
    sqs = client(access, "sqs", Purpose.READ)
    with aws_errors(f"take messages off {queue_url}"):
        for message in messages:
            sqs.delete_message(QueueUrl=queue_url, ReceiptHandle=message.receipt)
