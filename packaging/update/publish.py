#!/usr/bin/env python3
"""Publishes releases of the probe: makes and signs a TUF repository with python-tuf, the reference implementation.

A repository is a folder that any web server can give out. Keys are files; those of root and targets belong on machines without a network, each
on another one. docs/spec/update.md says how a release is made.

  publish.py init REPOSITORY --keys FOLDER
  publish.py add REPOSITORY --keys FOLDER --program FILE --version 0.2.0 --architecture x86_64 --from 0.1.0 --share 10
  publish.py sign REPOSITORY --keys FOLDER --role targets                      (the second of two who must sign)
  publish.py share REPOSITORY --keys FOLDER --version 0.2.0 --share 100        (0 halts)
  publish.py refresh REPOSITORY --keys FOLDER                                  (each day, by the machine that gives it out)
  publish.py rotate REPOSITORY --keys FOLDER --role timestamp                  (a key was lost or stolen)
"""

import argparse
import sys
from datetime import datetime, timedelta, timezone
from pathlib import Path

from cryptography.hazmat.primitives.serialization import load_pem_private_key
from securesystemslib.signer import CryptoSigner
from tuf.api.metadata import Metadata, MetaFile, Root, Snapshot, TargetFile, Targets, Timestamp

# How many keys a role has, and how many of them must sign. Snapshot and timestamp are signed by machines, every day; what they can do at the worst is
# hold back a release, not make one.
KEYS = {"root": (3, 2), "targets": (3, 2), "snapshot": (1, 1), "timestamp": (1, 1)}

# For how long what is signed holds: how long somebody on the way can hide that there is something newer.
DAYS = {"root": 365, "targets": 90, "snapshot": 14, "timestamp": 7}


def until(role, now=None):
    now = now or datetime.now(timezone.utc)
    return now.replace(microsecond=0) + timedelta(days=DAYS[role])


class Repository:
    """The folder that is given out, and the keys that are at hand."""

    def __init__(self, folder, keys):
        self.folder = Path(folder)
        self.keys = Path(keys)

    def signers(self, role):
        """The keys of a role that are in the folder."""
        files = sorted(self.keys.glob(f"{role}-*.pem"))
        return [CryptoSigner(load_pem_private_key(file.read_bytes(), None)) for file in files]

    def new_keys(self, role, first=1):
        self.keys.mkdir(parents=True, exist_ok=True)
        for number in range(first, first + KEYS[role][0]):
            path = self.keys / f"{role}-{number}.pem"
            path.touch(mode=0o600, exist_ok=False)
            path.write_bytes(CryptoSigner.generate_ed25519().private_bytes)

    def path(self, role, version=None):
        prefix = "" if version is None else f"{version}."
        return self.folder / "metadata" / f"{prefix}{role}.json"

    def newest(self, role):
        """The newest metadata of a role that is given out."""
        if role == "timestamp":
            return Metadata.from_file(str(self.path(role)))
        versions = [int(file.name.split(".")[0]) for file in self.path(role).parent.glob(f"*.{role}.json")]
        return Metadata.from_file(str(self.path(role, max(versions))))

    def valid_targets(self):
        """The newest list of releases that as many have signed as must: one that still waits for a signature holds nothing up."""
        root = self.newest("root").signed
        for version in range(self.newest("targets").signed.version, 0, -1):
            targets = Metadata.from_file(str(self.path("targets", version)))
            seen = root.get_verification_result("targets", targets.signed_bytes, targets.signatures)
            if seen:
                return targets
            print(f"list {version} waits: {len(seen.signed)} of {seen.threshold} signatures (publish.py sign)", file=sys.stderr)
        sys.exit("no list of releases has the signatures that it needs")

    def sign(self, role, signed, signers=None):
        """Signs with every key at hand, and writes."""
        metadata = Metadata(signed)
        for signer in self.signers(role) if signers is None else signers:
            metadata.sign(signer, append=True)
        path = self.path(role, None if role == "timestamp" else signed.version)
        path.parent.mkdir(parents=True, exist_ok=True)
        metadata.to_file(str(path))
        return metadata

    def init(self):
        root = Root(expires=until("root"), consistent_snapshot=True)
        for role, (_, threshold) in KEYS.items():
            self.new_keys(role)
            for signer in self.signers(role):
                root.add_key(signer.public_key, role)
            root.roles[role].threshold = threshold
        self.sign("root", root)
        self.sign("targets", Targets(expires=until("targets")))
        self.sign("snapshot", Snapshot(expires=until("snapshot")))
        self.sign("timestamp", Timestamp(expires=until("timestamp")))

    def add(self, program, version, architecture, came_from, share, channel="stable"):
        """Lists a program, puts it into the repository, and signs."""
        # Without folders: clients differ in where they put the digest before a name that has some.
        name = f"desserte-probe-{version}-{channel}-{architecture}"
        target = TargetFile.from_file(name, str(program))
        target.unrecognized_fields["custom"] = {
            "desserte": {
                "program": "desserte-probe",
                "version": version,
                "architecture": architecture,
                "channel": channel,
                "from": came_from,
                "share_per_mille": share,
            }
        }
        for digest in target.hashes.values():
            place = self.folder / "targets" / f"{digest}.{name}"
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(Path(program).read_bytes())
        targets = self.newest("targets").signed
        targets.targets[name] = target
        self.release(targets)

    def share(self, version, share):
        """Lets a release go to so many probes in a thousand."""
        targets = self.newest("targets").signed
        found = [
            target.unrecognized_fields["custom"]["desserte"]
            for target in targets.targets.values()
            if target.unrecognized_fields["custom"]["desserte"]["version"] == version
        ]
        if not found:
            sys.exit(f"there is no version {version} in the repository")
        for about in found:
            about["share_per_mille"] = share
        self.release(targets)

    def release(self, targets):
        targets.version += 1
        targets.expires = until("targets")
        self.sign("targets", targets)
        # Elsewhere, the machine that gives the repository out does that.
        if self.signers("snapshot") and self.signers("timestamp"):
            self.refresh()

    def add_signatures(self, role):
        """Signs what others have made, with the keys at hand."""
        metadata = self.newest(role)
        for signer in self.signers(role):
            metadata.sign(signer, append=True)
        metadata.to_file(str(self.path(role, metadata.signed.version)))

    def refresh(self):
        """Signs snapshot and timestamp anew."""
        self.give_out(self.valid_targets())

    def give_out(self, targets):
        """Signs snapshot and timestamp of a list of releases, whoever signed that."""
        snapshot = self.newest("snapshot").signed
        snapshot.version += 1
        snapshot.expires = until("snapshot")
        snapshot.meta["targets.json"] = MetaFile(targets.signed.version)
        self.sign("snapshot", snapshot)
        timestamp = self.newest("timestamp").signed
        timestamp.version += 1
        timestamp.expires = until("timestamp")
        timestamp.snapshot_meta = MetaFile(snapshot.version)
        self.sign("timestamp", timestamp)

    def rotate(self, role):
        """Replaces the keys of a role; the old ones are worth nothing from then on."""
        root = self.newest("root").signed
        old_root = self.signers("root")
        last = max(int(file.stem.rsplit("-", 1)[1]) for file in self.keys.glob(f"{role}-*.pem"))
        retired = self.keys / "retired"
        retired.mkdir(exist_ok=True)
        for file in self.keys.glob(f"{role}-*.pem"):
            file.rename(retired / file.name)
        self.new_keys(role, last + 1)
        for keyid in list(root.roles[role].keyids):
            root.revoke_key(keyid, role)
        for signer in self.signers(role):
            root.add_key(signer.public_key, role)
        root.version += 1
        root.expires = until("root")
        # A new root is signed by the keys of the one before and by its own.
        signers = {signer.public_key.keyid: signer for signer in [*old_root, *self.signers("root")]}
        self.sign("root", root, signers.values())
        if role == "targets":
            self.release(self.newest("targets").signed)
        else:
            self.refresh()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("command", choices=["init", "add", "sign", "share", "refresh", "rotate"])
    parser.add_argument("repository")
    parser.add_argument("--keys", required=True)
    parser.add_argument("--program")
    parser.add_argument("--version")
    parser.add_argument("--architecture")
    parser.add_argument("--from", dest="came_from")
    parser.add_argument("--share", type=int, help="probes in a thousand")
    parser.add_argument("--channel", default="stable")
    parser.add_argument("--role", choices=list(KEYS))
    told = parser.parse_args()
    needed = {"add": ["program", "version", "architecture", "came_from", "share"], "share": ["version", "share"], "rotate": ["role"], "sign": ["role"]}
    missing = [name for name in needed.get(told.command, []) if getattr(told, name) is None]
    if missing:
        parser.error(f"{told.command} needs " + ", ".join("--" + name.replace("came_", "") for name in missing))
    repository = Repository(told.repository, told.keys)
    if told.command == "init":
        repository.init()
    elif told.command == "add":
        repository.add(told.program, told.version, told.architecture, told.came_from, told.share, told.channel)
    elif told.command == "sign":
        repository.add_signatures(told.role)
    elif told.command == "share":
        repository.share(told.version, told.share)
    elif told.command == "refresh":
        repository.refresh()
    else:
        repository.rotate(told.role)


if __name__ == "__main__":
    main()
