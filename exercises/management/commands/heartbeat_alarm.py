"""`manage.py heartbeat_alarm ACCOUNT REGION ARN`: the alarm that stops what nobody watches."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from exercises.domain.errors import Invalid
from exercises.models import AccountRegion
from exercises.services.accounts import set_heartbeat_alarm


class Command(BaseCommand):
    help = "Name the heartbeat's alarm of an account and Region; '' takes it away."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("account")
        parser.add_argument("region")
        parser.add_argument("arn")

    def handle(self, *args: Any, account: str, region: str, arn: str, **options: Any) -> None:
        place = AccountRegion.objects.filter(account__account_id=account, region=region).first()
        if place is None:
            raise CommandError(f"No account {account} with Region {region} is registered.")
        try:
            set_heartbeat_alarm(place=place, arn=arn)
        except Invalid as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"{place}: {arn or 'no alarm'}. It counts for what is proposed now on.")
