"""Verify a proof bundle offline: this one file, Python, the `cryptography` library, the bundle and the public keys.

    python verify.py BUNDLE KEYS

It imports nothing else of Puhui, so it can be read, copied and run alone. What it holds to: RFC 9162 section 2.1
(Merkle tree), C2SP signed-note, tlog-checkpoint and tlog-cosignature, RFC 8785 (canonical JSON, without fractions).
A bundle that verifies is true in every byte: each is either signed, hashed into the log, or has one form only.
"""

import base64
import binascii
import hashlib
import json
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

FORMAT = "puhui-proof/1"
EMPTY_ROOT = hashlib.sha256(b"").digest()
HASH_BYTES = 32
SALT_BYTES = 32
LARGEST = 2**53 - 1  # the largest whole number that every JSON reader holds exactly
ED25519, COSIGNATURE = 0x01, 0x04  # C2SP signature types: a signed note, a timestamped cosignature


class Unreadable(Exception):
    """The bundle or the file of keys is not what it should be: nothing could be checked."""


class Failed(Exception):
    """A check that did not pass: `problem` is a stable code, `about` says where."""

    def __init__(self, problem: str, about: object = "") -> None:
        self.problem, self.about = problem, str(about)
        super().__init__(f"{problem} {about}".strip())


# --- hashes of the tree (RFC 9162, 2.1) -------------------------------------------------------------


def leaf_hash(leaf: bytes) -> bytes:
    """Return the hash of a leaf: SHA-256(00 || leaf)."""
    return hashlib.sha256(b"\0" + leaf).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the hash of a node: SHA-256(01 || left || right)."""
    return hashlib.sha256(b"\1" + left + right).digest()


def whole_root(leaves: Sequence[bytes]) -> bytes:
    """Return the root over all `leaves`."""
    row = [leaf_hash(leaf) for leaf in leaves]
    while len(row) > 1:
        odd = row[len(row) & ~1 :]
        row = [node_hash(row[i], row[i + 1]) for i in range(0, len(row) - 1, 2)] + odd
    return row[0] if row else EMPTY_ROOT


def verify_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> bool:
    """Return whether `proof` shows that `leaf` is leaf `index` (from 0) of the tree of `size` and `root` (2.1.3.2)."""
    if not 0 <= index < size:
        return False
    at, last, found = index, size - 1, leaf_hash(leaf)
    for step in proof:
        if last == 0:
            return False
        if at & 1 or at == last:
            found = node_hash(step, found)
            at, last = _up_to_right(at, last)
        else:
            found = node_hash(found, step)
        at, last = at >> 1, last >> 1
    return last == 0 and found == root


def verify_consistency(older: int, newer: int, proof: Sequence[bytes], old_root: bytes, new_root: bytes) -> bool:
    """Return whether `proof` shows that the tree of size `newer` only appends to that of size `older` (2.1.4.2)."""
    if not 0 <= older <= newer:
        return False
    if older in (0, newer):
        return not proof and old_root == (new_root if older else EMPTY_ROOT)
    path = [old_root, *proof] if older & (older - 1) == 0 else list(proof)
    if not proof:
        return False
    at, last = older - 1, newer - 1
    while at & 1:
        at, last = at >> 1, last >> 1
    old = new = path[0]
    for step in path[1:]:
        if last == 0:
            return False
        if at & 1 or at == last:
            old, new = node_hash(step, old), node_hash(step, new)
            at, last = _up_to_right(at, last)
        else:
            new = node_hash(new, step)
        at, last = at >> 1, last >> 1
    return last == 0 and old == old_root and new == new_root


def _up_to_right(at: int, last: int) -> tuple[int, int]:
    """Go up from a node without a sibling until one that is the right child, or the top."""
    while not at & 1 and at:
        at, last = at >> 1, last >> 1
    return at, last


# --- canonical JSON (RFC 8785) and commitments ------------------------------------------------------


def canonical(value: object) -> bytes:
    """Return the one JSON text of `value`: keys in order of UTF-16, no spaces, UTF-8.

    Text, whole numbers up to 2**53 - 1, true, false, null, lists and objects; anything else, a float above all, is
    a ValueError that names its place.
    """
    return _compact(_ordered(value, "$")).encode()


_compact = json.JSONEncoder(ensure_ascii=False, check_circular=False, separators=(",", ":")).encode


def _ordered(value: object, where: str) -> object:
    if isinstance(value, str):
        if not value.isascii() and any("\ud800" <= character <= "\udfff" for character in value):
            raise ValueError(f"{where}: half a character (a lone surrogate)")
        return value
    if value is None or isinstance(value, bool):
        return value
    if type(value) is int:
        if abs(value) > LARGEST:
            raise ValueError(f"{where}: a whole number beyond 2**53 - 1")
        return value
    if isinstance(value, list | tuple):
        return [_ordered(item, f"{where}[{i}]") for i, item in enumerate(value)]
    if isinstance(value, Mapping):
        for key in value:
            if not isinstance(key, str):
                raise ValueError(f"{where}: a key that is not text")
            _ordered(key, where)
        keys = sorted(value) if all(map(str.isascii, value)) else sorted(value, key=lambda key: key.encode("utf-16-be"))
        return {key: _ordered(value[key], f"{where}.{key}") for key in keys}
    raise ValueError(f"{where}: {type(value).__name__} has no canonical form here")


def commitment(salt: bytes, value: object) -> bytes:
    """Return SHA-256(salt || canonical JSON): without the salt, 32 random-looking bytes."""
    assert len(salt) == SALT_BYTES
    return hashlib.sha256(salt + canonical(value)).digest()


def decode_base64(text: object, length: int | None = None) -> bytes:
    """Return the bytes of standard base64 in its one padded form, `length` of them; else ValueError."""
    if not isinstance(text, str):
        raise ValueError("base64 is text")
    try:
        data = base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise ValueError(str(error)) from None
    if base64.b64encode(data).decode() != text or length not in (None, len(data)):
        raise ValueError("not the one base64 text of its bytes, or of another length")
    return data


# --- signed notes, checkpoints, cosignatures (C2SP) -------------------------------------------------


def key_id(name: str, kind: int, public: bytes) -> bytes:
    """Return the four bytes by which a note names a key: SHA-256(name || newline || type || key), its beginning."""
    return hashlib.sha256(name.encode() + b"\n" + bytes([kind]) + public).digest()[:4]


class VerifierKey(NamedTuple):
    """A public key with its owner's name; `kind` is ED25519 (logs) or COSIGNATURE (witnesses)."""

    name: str
    kind: int
    public: bytes

    @property
    def id(self) -> bytes:
        """The key id."""
        return key_id(self.name, self.kind, self.public)

    def __str__(self) -> str:
        return f"{self.name}+{self.id.hex()}+{base64.b64encode(bytes([self.kind]) + self.public).decode()}"

    def verify(self, signature: bytes, text: str) -> bool:
        """Return whether `signature` (of a note line, without the key id) is this key's over the note's text."""
        if self.kind == COSIGNATURE:
            if len(signature) != 72:
                return False
            stamp, signature = int.from_bytes(signature[:8], "big"), signature[8:]
            text = cosigned(text, stamp)
        try:
            Ed25519PublicKey.from_public_bytes(self.public).verify(signature, text.encode())
        except InvalidSignature:
            return False
        return True


def cosigned(text: str, stamp: int) -> str:
    """Return the message that a witness signs at `stamp`, seconds since 1970: cosignature/v1."""
    return f"cosignature/v1\ntime {stamp}\n{text}"


def key_name(name: str) -> str:
    """Return `name` if it may name a key: not empty, no space, no plus; else ValueError."""
    if not name or "+" in name or any(character.isspace() for character in name):
        raise ValueError(f"{name!r} cannot name a key: no spaces, no plus")
    return name


def parse_key(text: str) -> VerifierKey:
    """Return the key of `name+keyid+base64`; ValueError when the parts do not agree."""
    name, _, encoded = [*text.split("+", 2), "", ""][:3]
    data = decode_base64(encoded, 33)
    key = VerifierKey(key_name(name), data[0], data[1:])
    if key.kind not in (ED25519, COSIGNATURE) or str(key) != text:
        raise ValueError(f"{text!r} is not a verifier key, or its key id is not that of its name and key")
    return key


class Signature(NamedTuple):
    """One signature line of a note."""

    name: str
    key_id: bytes
    signature: bytes


_LINE = re.compile(r"— (\S+) (\S+)")


def parse_note(note: str) -> tuple[str, list[Signature]]:
    """Return the text of a signed note, with its last newline, and its signature lines; ValueError otherwise."""
    cut = note.rfind("\n\n")
    if cut < 0 or not note.endswith("\n") or any(c < " " and c != "\n" for c in note):
        raise ValueError("a signed note is text, an empty line, signature lines")
    signatures = []
    for line in note[cut + 2 : -1].split("\n"):
        found = _LINE.fullmatch(line)
        if not found:
            raise ValueError("a signature line is: dash, name, base64")
        data = decode_base64(found[2])
        if len(data) < 5:
            raise ValueError("a signature is too short")
        signatures.append(Signature(key_name(found[1]), data[:4], data[4:]))
    return note[: cut + 1], signatures


class Checkpoint(NamedTuple):
    """What a log states: of which origin, at which size, with which root; further lines are `extensions`."""

    origin: str
    size: int
    root: bytes
    extensions: tuple[str, ...] = ()


def parse_checkpoint(text: str) -> Checkpoint:
    """Return the checkpoint in a note's text; ValueError when it is none."""
    lines = text.split("\n")
    if len(lines) < 4 or lines[-1] or "" in lines[:-1]:
        raise ValueError("a checkpoint is: origin, size, root, each on a line")
    origin, size, root, *extensions = lines[:-1]
    if not re.fullmatch(r"0|[1-9][0-9]{0,15}", size):
        raise ValueError("the size of a checkpoint is a whole number")
    return Checkpoint(origin, int(size), decode_base64(root, HASH_BYTES), tuple(extensions))


# --- whom the verifier trusts -----------------------------------------------------------------------


class TrustedKeys(NamedTuple):
    """The log's key and those of the witnesses."""

    log: VerifierKey
    witnesses: tuple[VerifierKey, ...] = ()


class Quorum(NamedTuple):
    """How many of which witnesses must have cosigned: `required` of `witnesses`, names of keys in order."""

    required: int = 0
    witnesses: tuple[str, ...] = ()


def parse_keys(text: str) -> tuple[TrustedKeys, Quorum]:
    """Return keys and quorum of a file of keys; Unreadable when it says less or more than it must.

    Its lines: `log KEY`, `witness NAME KEY`, `group NAME K NAMES...`, `quorum GROUP` or `quorum none`; # begins a
    note. One name, one key; one key, one name: a witness under two names would count twice.
    """
    logs: list[VerifierKey] = []
    witnesses: dict[str, VerifierKey] = {}
    groups: dict[str, Quorum] = {"none": Quorum()}
    quorums: list[Quorum] = []
    for number, line in enumerate(text.splitlines(), start=1):
        try:
            match line.split("#")[0].split():
                case []:
                    pass
                case ["log", key]:
                    logs.append(parse_key(key))
                case ["witness", name, key] if name not in witnesses:
                    witnesses[name] = parse_key(key)
                case ["group", name, k, *names] if name not in groups and 0 < int(k) <= len(set(names)) == len(names):
                    groups[name] = Quorum(int(k), tuple(sorted(witnesses[each].name for each in names)))
                case ["quorum", name]:
                    quorums.append(groups[name])
                case _:
                    raise Unreadable(f"keys, line {number}: cannot be read")
        except (ValueError, KeyError) as error:
            raise Unreadable(f"keys, line {number}: {error}") from None
    keys = [*logs, *witnesses.values()]
    if len(logs) != 1 or len(quorums) != 1 or logs[0].kind != ED25519:
        raise Unreadable("keys: one log with a key of type 1 and one quorum are needed")
    if any(key.kind != COSIGNATURE for key in witnesses.values()):
        raise Unreadable("keys: a witness needs a key of type 4")
    if len({key.name for key in keys}) < len(keys) or len({key.public for key in keys}) < len(keys):
        raise Unreadable("keys: the same name or the same key twice")
    return TrustedKeys(logs[0], tuple(witnesses.values())), quorums[0]


# --- the bundle -------------------------------------------------------------------------------------


class Check(NamedTuple):
    """One check of the report; when it did not pass, `problem` is a stable code and `about` says where."""

    name: str
    passed: bool
    problem: str = ""
    about: str = ""


@dataclass(frozen=True)
class Report:
    """What was checked, in order, and what the bundle covers ("log", "subject" or "leaves")."""

    checks: tuple[Check, ...]
    covers: Mapping[str, Any]
    size: int = 0
    root: bytes = b""
    cosigned_seconds: Mapping[str, int] | None = None

    @property
    def verified(self) -> bool:
        """Whether every check passed."""
        return bool(self.checks) and all(check.passed for check in self.checks)


def verify_bundle(bundle: bytes, trusted_keys: TrustedKeys, policy: Quorum, seen: str | None = None) -> Report:
    """Check a bundle against the keys and the quorum that the verifier trusts; Unreadable when it is not JSON.

    `seen` is a checkpoint (signed note) that the verifier has kept from before: the bundle must agree with it or
    prove that it only appends to it; else the log shows different people different histories.
    """
    data = _json(bundle)
    checks: list[Check] = []

    def check(name: str, test: Callable[[], None]) -> bool:
        try:
            test()
        except Failed as failed:
            checks.append(Check(name, False, failed.problem, failed.about))
            return False
        checks.append(Check(name, True))
        return True

    if not check("form", lambda: _check_form(data, bundle)):
        return Report(tuple(checks), {})
    check("policy", lambda: _check_policy(data["policy"], policy))
    opened: dict[str, tuple[Checkpoint, dict[str, int]]] = {}

    def check_checkpoint(name: str, note: str) -> None:
        check(name, lambda: opened.update({name: _open(note, trusted_keys)}))
        check(f"{name} quorum", lambda: _check_quorum(opened.get(name), policy))

    check_checkpoint("checkpoint", data["checkpoint"])
    if data["older"] is not None:
        check_checkpoint("older", data["older"]["checkpoint"])
    check("leaves", lambda: _check_leaves(data["leaves"], data["covers"]))
    check("inclusion", lambda: _check_inclusion(data, _known(opened, "checkpoint")))
    check("personal", lambda: _check_personal(data["leaves"]))
    if data["older"] is not None:
        proof = [decode_base64(step) for step in data["older"]["proof"]]
        check("consistency", lambda: _check_consistency(_known(opened, "older"), proof, _known(opened, "checkpoint")))
    if seen is not None:
        check("seen", lambda: _check_seen(seen, opened, trusted_keys))
    checkpoint, stamps = opened.get("checkpoint", (None, None))
    if checkpoint is None:
        return Report(tuple(checks), data["covers"])
    return Report(tuple(checks), data["covers"], checkpoint.size, checkpoint.root, stamps)


def _json(raw: bytes) -> Any:
    try:
        return json.loads(raw.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise Unreadable(f"the bundle is not JSON: {error}") from None


LEAF_FIELDS = ("body", "effective_on", "kind", "personal", "recorded_at", "sequence", "subject")


def _check_form(data: Any, raw: bytes) -> None:
    """The file is the canonical text of its own content, and the content has the shape of a bundle."""
    try:
        if canonical(data) + b"\n" != raw:
            raise Failed("not_canonical")
        _shape(data, "$", "checkpoint", "covers", "format", "leaves", "older", "policy")
        if data["format"] != FORMAT:
            raise Failed("format", data["format"])
        _shape(data["policy"], "policy", "required", "witnesses")
        _text(data["checkpoint"], "checkpoint")
        _is(isinstance(data["covers"], dict), "covers")
        _shape(data["covers"], "covers", "count", "scope", *(["subject"] * (data["covers"].get("scope") == "subject")))
        _is(data["covers"]["scope"] in ("log", "subject", "leaves"), "covers.scope")
        if data["older"] is not None:
            _shape(data["older"], "older", "checkpoint", "proof")
            _text(data["older"]["checkpoint"], "older.checkpoint")
            _hashes(data["older"]["proof"], "older.proof")
        _is(isinstance(data["leaves"], list), "leaves")
        for place, entry in enumerate(data["leaves"]):
            _check_entry(entry, f"leaves[{place}]")
    except (ValueError, RecursionError) as error:
        raise Failed("shape", error) from None


def _check_entry(entry: Any, where: str) -> None:
    _shape(entry, where, "disclosed", "index", "leaf", "proof")
    _is(type(entry["index"]) is int, f"{where}.index")
    _hashes(entry["proof"], f"{where}.proof")
    leaf = entry["leaf"]
    _shape(leaf, f"{where}.leaf", *LEAF_FIELDS)
    for name in ("effective_on", "kind", "recorded_at", "subject"):
        _text(leaf[name], f"{where}.leaf.{name}")
    _is(type(leaf["sequence"]) is int, f"{where}.leaf.sequence")
    for part in (leaf["personal"], entry["disclosed"]):
        _is(isinstance(part, dict), where)
    _hashes(list(leaf["personal"].values()), f"{where}.leaf.personal")
    for name, part in entry["disclosed"].items():
        _shape(part, f"{where}.disclosed.{name}", "salt", "value")
        decode_base64(part["salt"], SALT_BYTES)


def _is(fits: bool, where: str) -> None:
    if not fits:
        raise Failed("shape", where)


def _shape(value: Any, where: str, *fields: str) -> None:
    _is(isinstance(value, dict) and sorted(value) == sorted(fields), where)


def _text(value: Any, where: str) -> None:
    _is(isinstance(value, str) and bool(value), where)


def _hashes(value: Any, where: str) -> None:
    _is(isinstance(value, list), where)
    for item in value:
        decode_base64(item, HASH_BYTES)


def _check_policy(stated: Any, policy: Quorum) -> None:
    """The bundle was made for the quorum that the verifier asks for."""
    if stated != {"required": policy.required, "witnesses": list(policy.witnesses)}:
        raise Failed("policy_differs")


def _open(note: str, keys: TrustedKeys) -> tuple[Checkpoint, dict[str, int]]:
    """Return a checkpoint and when each witness cosigned it: the log's signature and every further one are right.

    A stranger's signature is refused, though a signed note may carry it: in a bundle no byte goes unchecked.
    """
    try:
        text, signatures = parse_note(note)
        checkpoint = parse_checkpoint(text)
    except ValueError as error:
        raise Failed("note", error) from None
    if checkpoint.origin != keys.log.name:
        raise Failed("origin", checkpoint.origin)
    known = {(key.name, key.id): key for key in (keys.log, *keys.witnesses)}
    found: dict[str, int] = {}
    for name, identifier, signature in signatures:
        key = known.get((name, identifier))
        if key is None:
            raise Failed("stranger", name)
        if name in found:
            raise Failed("signed_twice", name)
        if not key.verify(signature, text):
            raise Failed("signature", name)
        found[name] = int.from_bytes(signature[:8], "big")
    if found.pop(keys.log.name, None) is None:
        raise Failed("unsigned", keys.log.name)
    return checkpoint, found


def _known(opened: Mapping[str, tuple[Checkpoint, dict[str, int]]], name: str) -> Checkpoint:
    if name not in opened:
        raise Failed("no_checkpoint", name)
    return opened[name][0]


def _check_quorum(opened: tuple[Checkpoint, dict[str, int]] | None, policy: Quorum) -> None:
    """Enough of the named witnesses have cosigned."""
    if opened is None:
        raise Failed("no_checkpoint")
    count = len(set(policy.witnesses) & set(opened[1]))
    if count < policy.required:
        raise Failed("quorum", f"{count} < {policy.required}")


def _check_leaves(entries: Sequence[Any], covers: Mapping[str, Any]) -> None:
    """As many leaves as stated, in the log's order, and without a gap where the bundle claims a whole history."""
    if len(entries) != covers["count"] or not entries:
        raise Failed("count", f"{len(entries)} != {covers['count']}")
    indexes = [entry["index"] for entry in entries]
    if any(later <= earlier for earlier, later in zip([-1, *indexes], indexes, strict=False)):
        raise Failed("order", indexes)
    if covers["scope"] == "subject":
        for number, entry in enumerate(entries, start=1):
            if entry["leaf"]["subject"] != covers["subject"]:
                raise Failed("other_subject", entry["index"])
            if entry["leaf"]["sequence"] != number:
                raise Failed("gap", f"{entry['leaf']['sequence']} != {number}")


def _check_inclusion(data: Any, checkpoint: Checkpoint) -> None:
    """Each leaf is in the log where the bundle says; a bundle of the whole log has exactly the log's root."""
    entries = data["leaves"]
    if data["covers"]["scope"] == "log":
        leaves = [canonical(entry["leaf"]) for entry in entries]
        if len(leaves) != checkpoint.size or [entry["index"] for entry in entries] != list(range(len(leaves))):
            raise Failed("not_whole", f"{len(leaves)} != {checkpoint.size}")
        if whole_root(leaves) != checkpoint.root or any(entry["proof"] for entry in entries):
            raise Failed("root")
        return
    for entry in entries:
        proof = [decode_base64(step) for step in entry["proof"]]
        leaf, index = canonical(entry["leaf"]), entry["index"]
        if not verify_inclusion(leaf, index, checkpoint.size, proof, checkpoint.root):
            raise Failed("inclusion", index)


def _check_personal(entries: Sequence[Any]) -> None:
    """Each disclosed personal part, with its salt, gives the digest that the leaf holds."""
    for entry in entries:
        for name, part in entry["disclosed"].items():
            digest = commitment(decode_base64(part["salt"]), part["value"])
            if entry["leaf"]["personal"].get(name) != base64.b64encode(digest).decode():
                raise Failed("personal", f"{entry['index']} {name}")


def _check_consistency(older: Checkpoint, proof: list[bytes], newer: Checkpoint) -> None:
    """The newer checkpoint only appends to the older: one history, not two."""
    if older.size == newer.size and older.root != newer.root:
        raise Failed("split_view", older.size)
    if older.size > newer.size:
        raise Failed("shrunk", f"{older.size} > {newer.size}")
    if not verify_consistency(older.size, newer.size, proof, older.root, newer.root):
        raise Failed("consistency", f"{older.size} -> {newer.size}")


def _check_seen(seen: str, opened: Mapping[str, tuple[Checkpoint, dict[str, int]]], keys: TrustedKeys) -> None:
    """What the verifier has seen before is one of the bundle's checkpoints."""
    before = _open(seen, keys)[0]
    for checkpoint, _ in opened.values():
        if before.size == checkpoint.size:
            if before.root != checkpoint.root:
                raise Failed("split_view", before.size)
            return
    raise Failed("not_reached", before.size)


def main(arguments: list[str]) -> int:
    """Print each check of BUNDLE with the keys of KEYS; return 0 verified, 1 not verified, 2 unreadable."""
    if len(arguments) != 2:
        print("usage: python verify.py BUNDLE KEYS", file=sys.stderr)  # noqa: T201
        return 2
    try:
        keys, quorum = parse_keys(Path(arguments[1]).read_text(encoding="utf-8"))
        report = verify_bundle(Path(arguments[0]).read_bytes(), keys, quorum)
    except (OSError, ValueError, Unreadable) as error:
        print(f"unreadable: {error}", file=sys.stderr)  # noqa: T201
        return 2
    for check in report.checks:
        print("passed" if check.passed else "FAILED", check.name, check.problem, check.about)  # noqa: T201
    print("verified" if report.verified else "NOT VERIFIED")  # noqa: T201
    return 0 if report.verified else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
