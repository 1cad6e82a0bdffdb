"""Checks a proof of ours (docs/spec/custody.md) without any code of ours.

Arguments: the proof, the seal of its day as published.
Standard output: the record that the proof is for. Exit status 1 with the reason when it does not hold.
"""

import base64
import gzip
import hashlib
import json
import sys

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

proof_file, seal_file = sys.argv[1:3]
with open(proof_file, encoding="utf-8") as file:
    proof = json.load(file)
with open(seal_file, "rb") as file:
    published = file.read()


def digest(octets):
    return hashlib.sha256(octets).digest()


def need(condition, text):
    if not condition:
        sys.exit(text)


seal = proof["seal"]
text = f"desserte-custody-seal/1\nday {seal['day']}\nsize {seal['size']}\nroot {seal['root']}\n"
need(text.encode() == published, "the proof is of another seal")

# The signature of the request (RFC 9421, section 2.5), over the digest of the body (RFC 9530).
batch = proof["batch"]
body = base64.b64decode(batch["body"], validate=True)
head = json.loads(batch["signature"])
need(head["content-digest"] == f"sha-256=:{base64.b64encode(digest(body)).decode()}:", "the body was changed")
names = ["@method", "@path", "content-type", "content-encoding", "content-digest"]
values = {"@method": head["method"], "@path": head["path"], **head}
lines = [f'"{name}": {values[name]}' for name in names if values.get(name) is not None]
parameters = head["signature-input"].removeprefix("desserte=")
base = "\n".join([*lines, f'"@signature-params": {parameters}'])
signature = base64.b64decode(head["signature"].removeprefix("desserte=:").removesuffix(":"))
key = base64.b64decode(batch["public_key"])
Ed25519PublicKey.from_public_bytes(key).verify(signature, base.encode())

# The leaf and its path (RFC 9162, section 2.1.3.2).
leaf = "\n".join(
    [
        "desserte-custody-leaf/1",
        "kind batch",
        f"batch {batch['batch']}",
        f"probe {digest(key)[:16].hex()}",
        f"public-key {batch['public_key']}",
        f"received-us {batch['received_us']}",
        f"signature-sha256 {digest(batch['signature'].encode()).hex()}",
        f"body-sha256 {digest(body).hex()}",
        "",
    ]
)
node, position, last = digest(b"\x00" + leaf.encode()), proof["index"], seal["size"] - 1
need(position <= last, "there is no such leaf")
for sibling in map(bytes.fromhex, proof["path"]):
    need(last > 0, "the path is too long")
    if position % 2 == 1 or position == last:
        node = digest(b"\x01" + sibling + node)
        while position % 2 == 0 and position != 0:
            position, last = position >> 1, last >> 1
    else:
        node = digest(b"\x01" + node + sibling)
    position, last = position >> 1, last >> 1
need(last == 0, "the path is too short")
need(node.hex() == seal["root"], "the path does not lead to the root")

records = (gzip.decompress(body) if head.get("content-encoding") == "gzip" else body).split(b"\n")[1:]
found = [record for record in records if digest(record).hex() == batch["record_sha256"]]
need(found, "the batch does not hold the record")
sys.stdout.write(found[0].decode())
