"""What a build says, as far as it is kept, and what it means when it fails."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

KEPT = 256 << 10  # characters: the end of the log, where the reason is
_LAYER = re.compile(r"^ ---> ([0-9a-f]{12})$", re.MULTILINE)
_LOST_LAYER = re.compile(
    r"unknown parent image ID|No such image: sha256:|failed to get digest sha256:|layer does not exist"
)
_NETWORK_SIGNS = (
    "Temporary failure in name resolution",
    "Failed to establish a new connection",
    "Network is unreachable",
    "CERTIFICATE_VERIFY_FAILED",
    "SELF_SIGNED_CERT",
    "UNABLE_TO_GET_ISSUER_CERT",
    "unable to get local issuer certificate",
    "EAI_AGAIN",
    "ENOTFOUND",
    "ECONNREFUSED",
    "ETIMEDOUT",
)
NETWORK_HINT = (
    "The build could not reach a package registry. Has this machine a network? With a proxy or a registry of your own, "
    "set PIP_INDEX_URL or npm_config_registry, and WF_BUILD_CA_FILE when its certificates are your own."
)


class BuildLog:
    """Collects an engine's messages."""

    def __init__(self) -> None:
        self._text = ""
        self.image_id = ""
        self.error = ""

    def begin(self) -> None:
        """One more attempt: what the last one came to is over, what it has said stays."""
        self.image_id = self.error = ""

    @property
    def has_lost_layer(self) -> bool:
        """Somebody has removed a layer that the engine was about to build on."""
        return bool(_LOST_LAYER.search(self.error))

    def add(self, message: Mapping[str, Any]) -> None:
        """One message: text, the finished image's id, or the error that ended the build."""
        self._text = (self._text + str(message.get("stream", "")))[-KEPT:]
        aux = message.get("aux")
        if isinstance(aux, dict):
            self.image_id = str(aux.get("ID", self.image_id))
        if "error" in message:
            self.error = str(message["error"])

    def text(self) -> str:
        """The log, fit for every database."""
        return self._text.encode("utf-8", "replace").decode().replace("\x00", "\ufffd")

    def last_layer(self) -> str:
        """The id of the last layer that was finished, empty when there was none."""
        layers = _LAYER.findall(self._text)
        return layers[-1] if layers else ""

    def explanation(self) -> str:
        """Why it failed, in one paragraph."""
        hint = f" {NETWORK_HINT}" if any(sign in self._text for sign in _NETWORK_SIGNS) else ""
        return f"The image could not be built: {self.error}.{hint}"
