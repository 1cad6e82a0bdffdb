"""Repositories that attack the updater, one folder for each, made by python-tuf with the keys that each attacker is taken to have.

  scenarios.py FOLDER PUBLISH_PY ARCHITECTURE

Each folder holds `before`, what an honest publisher gave out when the updater last looked, and `after`, what it meets now.
"""

import importlib.util
import json
import shutil
import sys
from datetime import datetime, timedelta, timezone
from pathlib import Path

# The checkout is left as it is.
sys.dont_write_bytecode = True
folder = Path(sys.argv[1])
spec = importlib.util.spec_from_file_location("publish", sys.argv[2])
publish = importlib.util.module_from_spec(spec)
spec.loader.exec_module(publish)
MetaFile = publish.MetaFile

PROGRAM = b"#!/bin/sh\necho desserte-probe VERSION\n".ljust(4096, b"#")


def program(version):
    path = folder / f"program-{version}"
    path.write_bytes(PROGRAM.replace(b"VERSION", version.encode()))
    return path


def past():
    return datetime.now(timezone.utc).replace(microsecond=0) - timedelta(hours=1)


def scenario(name):
    """An honest repository with 0.2.0, as `before` and as the beginning of `after`."""
    home = folder / name
    shutil.copytree(folder / "honest", home / "before")
    shutil.copytree(folder / "honest", home / "after")
    shutil.copytree(folder / "keys", home / "keys")
    return publish.Repository(home / "after", home / "keys")


def as_before(repository):
    """What was published so far counts as seen."""
    before = repository.folder.parent / "before"
    shutil.rmtree(before)
    shutil.copytree(repository.folder, before)


def add(repository, version, **more):
    repository.add(program(version), version, sys.argv[3], "0.1.0", 1000, **more)


honest = publish.Repository(folder / "honest", folder / "keys")
honest.init()
add(honest, "0.2.0")

scenario("honest_again")

it = scenario("newer")
add(it, "0.3.0")

# Arbitrary software: another program in the place of the signed one.
it = scenario("arbitrary_program")
for file in (it.folder / "targets").rglob("*desserte-probe-*"):
    file.write_bytes(file.read_bytes().replace(b"echo", b"evil"))

# Arbitrary software: a list signed by keys that the root does not name.
it = scenario("arbitrary_list")
targets = it.newest("targets").signed
targets.version += 1
it.sign("targets", targets, [publish.CryptoSigner.generate_ed25519() for _ in range(2)])
it.give_out(it.newest("targets"))

# Rollback: an older repository, all of it properly signed.
it = scenario("rollback")
add(it, "0.3.0")
before = it.folder.parent / "before"
older = it.folder.parent / "older"
before.rename(older)
it.folder.rename(before)
older.rename(it.folder)

# Rollback with the stolen key of the timestamp: a new timestamp for the old snapshot.
it = scenario("rollback_stolen_timestamp")
old_snapshot = it.newest("snapshot").signed.version
add(it, "0.3.0")
as_before(it)
timestamp = it.newest("timestamp").signed
timestamp.version += 1
timestamp.snapshot_meta = MetaFile(old_snapshot)
it.sign("timestamp", timestamp)

# Rollback with the stolen keys of timestamp and snapshot: a new snapshot for the old list.
it = scenario("rollback_stolen_snapshot")
old_targets = it.newest("targets").signed.version
add(it, "0.3.0")
as_before(it)
snapshot = it.newest("snapshot").signed
snapshot.version += 1
snapshot.meta["targets.json"] = MetaFile(old_targets)
it.sign("snapshot", snapshot)
timestamp = it.newest("timestamp").signed
timestamp.version += 1
timestamp.snapshot_meta = MetaFile(snapshot.version)
it.sign("timestamp", timestamp)

# Fast-forward: stolen keys of timestamp and snapshot raised the numbers; then the publisher replaced those keys.
it = scenario("fast_forward")
snapshot = it.newest("snapshot").signed
snapshot.version = 2_000_000
it.sign("snapshot", snapshot)
timestamp = it.newest("timestamp").signed
timestamp.version = 2_000_000
timestamp.snapshot_meta = MetaFile(2_000_000)
it.sign("timestamp", timestamp)
as_before(it)
shutil.rmtree(it.folder)
shutil.copytree(folder / "honest", it.folder)
it.rotate("snapshot")
it.rotate("timestamp")

# Indefinite freeze: each role in turn is out of date.
for role in ["timestamp", "snapshot", "targets", "root"]:
    it = scenario(f"freeze_{role}")
    signed = it.newest(role).signed
    signed.version += 1
    signed.expires = past()
    it.sign(role, signed)
    if role == "targets":
        it.give_out(it.newest("targets"))
    if role == "snapshot":
        timestamp = it.newest("timestamp").signed
        timestamp.version += 1
        timestamp.snapshot_meta = MetaFile(signed.version)
        it.sign("timestamp", timestamp)

# Mix and match: parts of repositories that were never given out together.
it = scenario("mix_and_match")
old = it.path("targets", it.newest("targets").signed.version).read_bytes()
add(it, "0.3.0")
it.path("targets", it.newest("targets").signed.version).write_bytes(old)

# Wrong software: the signed program of another release.
it = scenario("wrong_software")
add(it, "0.3.0")
files = {("0.3.0" if "0.3.0" in str(f) else "0.2.0"): f for f in (it.folder / "targets").rglob("*desserte-probe-*")}
files["0.3.0"].write_bytes(files["0.2.0"].read_bytes())

# A mirror that prevents updates: nothing that makes sense.
it = scenario("mirror")
for file in (it.folder / "metadata").glob("*.json"):
    file.write_text("<html>portail captif</html>")

# Key compromise: one key of the list, where two must sign.
it = scenario("one_key_of_two")
targets = it.newest("targets").signed
targets.version += 1
it.sign("targets", targets, it.signers("targets")[:1])
it.give_out(it.newest("targets"))

# Key compromise: the same key twice is still one.
it = scenario("one_key_twice")
targets = it.newest("targets").signed
targets.version += 1
it.sign("targets", targets, it.signers("targets")[:1])
it.give_out(it.newest("targets"))
path = it.path("targets", targets.version)
document = json.loads(path.read_text())
document["signatures"] = document["signatures"] * 2
path.write_text(json.dumps(document))

# Key compromise: keys that were replaced sign nothing any more.
it = scenario("revoked_keys")
old = it.signers("targets")
it.rotate("targets")
targets = it.newest("targets").signed
targets.version += 1
it.sign("targets", targets, old)
it.give_out(it.newest("targets"))

# Key compromise: a root that one key of the old ones has signed.
it = scenario("stolen_root_key")
root = it.newest("root").signed
root.version += 1
thieves = [publish.CryptoSigner.generate_ed25519() for _ in range(2)]
for keyid in list(root.roles["root"].keyids):
    root.revoke_key(keyid, "root")
for thief in thieves:
    root.add_key(thief.public_key, "root")
honest_keys = it.signers("root")
it.sign("root", root, [*thieves, honest_keys[0]])

# Keys are replaced in the open: all of them, and a release after it.
it = scenario("rotated")
for role in ["root", "targets", "snapshot", "timestamp"]:
    it.rotate(role)
add(it, "0.3.0")
