"""The archive of the bus, which CloudFormation cannot make here."""

from infra.local import aws
from infra.local.ministack import ACCOUNT, REGION
from infra.replay import ARCHIVE, BUS


def keep_what_is_told(url: str) -> None:
    """Make the archive, unless the stack has one from an earlier deployment."""
    client = aws.client("events", url)
    if any(each["ArchiveName"] == ARCHIVE for each in client.list_archives()["Archives"]):
        return
    client.create_archive(
        ArchiveName=ARCHIVE, EventSourceArn=f"arn:aws:events:{REGION}:{ACCOUNT}:event-bus/{BUS}"
    )
