"""What moto leaves out of DescribeVolumes: whether a volume goes with its instance.

FIS filters volumes by it (`Attachments.DeleteOnTermination`), and so does who previews them.
"""

from __future__ import annotations

from moto.ec2.models.elastic_block_store import VolumeAttachment


def complete_attachments() -> None:
    """Let every attachment tell what the instance's block device mapping knows."""
    VolumeAttachment.delete_on_termination = property(  # type: ignore[attr-defined]
        _goes_with_instance
    )


def _goes_with_instance(attachment: VolumeAttachment) -> bool:
    mapping = attachment.instance.block_device_mapping.get(attachment.device)
    return bool(mapping and mapping.delete_on_termination)
