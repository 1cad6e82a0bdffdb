"""Verifies one of our signed requests with an implementation that is not ours.

Standard input: JSON with method, url, headers, body (Base64) and public_key (Base64 of 32 octets).
Standard output: the identifier of the key. Exit status 1 with the reason when the request does not verify.
"""

import base64
import hashlib
import json
import sys
from datetime import timedelta
from types import SimpleNamespace

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from http_message_signatures import HTTPMessageVerifier, HTTPSignatureKeyResolver, algorithms
from http_message_signatures.structures import CaseInsensitiveDict

request = json.load(sys.stdin)
body = base64.b64decode(request["body"])


class OneKey(HTTPSignatureKeyResolver):
    def resolve_public_key(self, key_id):
        return Ed25519PublicKey.from_public_bytes(base64.b64decode(request["public_key"]))

    def resolve_private_key(self, key_id):
        raise NotImplementedError


message = SimpleNamespace(
    method=request["method"], url=request["url"], headers=CaseInsensitiveDict(request["headers"]), body=body
)
verifier = HTTPMessageVerifier(signature_algorithm=algorithms.ED25519, key_resolver=OneKey())
results = verifier.verify(message, max_age=timedelta(days=36500), expect_tag="desserte-batch-1")
covered = list(results[0].covered_components)
expected = [f'"{name}"' for name in ("@method", "@path", "content-type", "content-encoding", "content-digest")]
expected.append('"@signature-params"')
if covered != expected:
    sys.exit(f"covered components {covered}, expected {expected}")

digest = "sha-256=:" + base64.b64encode(hashlib.sha256(body).digest()).decode() + ":"
if request["headers"]["content-digest"] != digest:
    sys.exit("Content-Digest differs")
print(results[0].parameters["keyid"])
