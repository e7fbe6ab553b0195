"""Signatures as the Standard Webhooks specification has them (standardwebhooks.com), for which
most languages have a library: HMAC-SHA256 over id, time and body."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping
from datetime import datetime
from typing import Final

from pydantic import SecretStr

_PREFIX: Final = "whsec_"


def headers(secret: SecretStr, event_id: str, at: datetime, content: bytes) -> Mapping[str, str]:
    """What goes with a body that is sent at `at`; each attempt is signed anew."""
    seconds = str(int(at.timestamp()))
    signed = b".".join((event_id.encode(), seconds.encode(), content))
    digest = hmac.new(_key(secret), signed, hashlib.sha256).digest()
    return {
        "webhook-id": event_id,
        "webhook-timestamp": seconds,
        "webhook-signature": f"v1,{base64.b64encode(digest).decode()}",
    }


def _key(secret: SecretStr) -> bytes:
    """`whsec_` and base64 is the specification's form; any other text is its own bytes."""
    text = secret.get_secret_value()
    if text.startswith(_PREFIX):
        try:
            return base64.b64decode(text.removeprefix(_PREFIX), validate=True)
        except binascii.Error:
            pass
    return text.encode()
