"""c2pa-python with the net shut: no remote manifests, no questions about revoked certificates, no time stamps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from deepmask.errors import EngineMissing

if TYPE_CHECKING:
    from c2pa import Context

MIME_TYPES = {
    ".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".jpe": "image/jpeg", ".jfif": "image/jpeg",
    ".png": "image/png", ".apng": "image/png", ".webp": "image/webp", ".gif": "image/gif",
    ".tif": "image/tiff", ".tiff": "image/tiff", ".avif": "image/avif",
    ".heic": "image/heic", ".heif": "image/heif", ".hif": "image/heif",
    ".mp4": "video/mp4", ".m4v": "video/mp4", ".mov": "video/quicktime",
    ".wav": "audio/wav", ".wave": "audio/wav", ".mp3": "audio/mpeg", ".flac": "audio/flac", ".m4a": "audio/mp4",
}  # fmt: skip
"""Files that hold content credentials, by suffix."""


_MOST_IN_MEMORY_MB = 32
"""Of a file that is being signed; what is beyond it lies in a temporary file of the system's."""


def holds_credentials(suffix: str) -> bool:
    """Whether files that end like this can have content credentials."""
    return suffix.lower() in MIME_TYPES


def load() -> Any:
    """The module.

    Raises:
        EngineMissing: it, or the library in it, is not there for this machine.
    """
    try:
        import c2pa
    except (ImportError, OSError, RuntimeError) as error:
        raise EngineMissing(
            "Content credentials cannot be used here, because c2pa-python does not load; run: pip install c2pa-python"
        ) from error
    return c2pa


def context(anchors_pem: str = "") -> Context:
    """How files are read and signed.

    Args:
        anchors_pem: authorities that are believed; none: every signature is that of a stranger.
    """
    settings: dict[str, Any] = {
        "version": 1,
        "core": {"allowed_network_hosts": [], "backing_store_memory_threshold_in_mb": _MOST_IN_MEMORY_MB},
        "verify": {"remote_manifest_fetch": False, "ocsp_fetch": False, "verify_trust": True},
        "builder": {"thumbnail": {"enabled": False}},
    }
    if anchors_pem:
        settings["trust"] = {"user_anchors": anchors_pem}
    return load().Context.from_dict(settings)
