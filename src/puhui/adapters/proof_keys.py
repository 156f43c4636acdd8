"""The keys of the proof, outside the database: the log's own, for its owner's eyes only, and those of its witnesses.

`keys/log.key` in the home folder holds "NAME SECRET", the secret of Ed25519 in base64; it is made when it is first
needed, for a log cannot be signed by a key that others could have chosen. `keys/trusted.txt` is what a verifier is
given: the log's public key, the witnesses' and how many of them must cosign; an institution adds its witnesses there.
"""

import base64
import os
from pathlib import Path

from puhui.kernel.home import home
from puhui.kernel.refusals import declare
from puhui.proof.note import COSIGNATURE, ED25519, Quorum, SigningKey, TrustedKeys, keys_text, parse_keys

ORIGIN_VARIABLE = "PUHUI_LOG_ORIGIN"
ORIGIN = "puhui.local/log"
SEED_BYTES = 32

PROOF_KEY = declare(
    "PROOF_KEY",
    503,
    "存证密钥文件 {file} 有误：{problem}",
    "The proof key file {file} is wrong: {problem}",
)


def log_key() -> SigningKey:
    """Return the log's signing key, made anew where there is none; refuse PROOF_KEY."""
    path = _folder() / "log.key"
    if not path.exists():
        key = SigningKey.new(os.environ.get(ORIGIN_VARIABLE) or ORIGIN)
        _write_secret(path, key)
    return read_key(path)


def witness_key(path: Path, name: str) -> SigningKey:
    """Return a witness's key, made anew under `name` where the file does not exist; refuse PROOF_KEY."""
    if not path.exists():
        _write_secret(path, SigningKey.new(name, COSIGNATURE))
    return read_key(path, COSIGNATURE)


def trusted() -> tuple[TrustedKeys, Quorum]:
    """Return the keys and the quorum that a verifier of this log trusts; refuse PROOF_KEY."""
    try:
        return parse_keys(trusted_text())
    except ValueError as error:
        raise PROOF_KEY.refuse("keys", file=str(_trusted_file()), problem=str(error)) from None


def trusted_text() -> str:
    """Return the file of public keys for verifiers, made from the log's key where there is none."""
    path = _trusted_file()
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(keys_text(log_key().verifier, {}), encoding="utf-8")
    return path.read_text(encoding="utf-8")


def read_key(path: Path, kind: int = ED25519) -> SigningKey:
    """Return the key of a file; refuse PROOF_KEY when it cannot be read, or others can."""
    try:
        if path.stat().st_mode & 0o077:
            raise PROOF_KEY.refuse("key", file=str(path), problem=f"chmod 600 {path.name}")
        name, _, secret = path.read_text(encoding="utf-8").strip().partition(" ")
        seed = base64.b64decode(secret, validate=True)
        if len(seed) != SEED_BYTES:
            raise ValueError("NAME SECRET")
        return SigningKey.of_seed(name, seed, kind)
    except (OSError, ValueError) as error:
        raise PROOF_KEY.refuse("key", file=str(path), problem=str(error)) from None


def _write_secret(path: Path, key: SigningKey) -> None:
    """Write a new key; where another process was first, its key stands."""
    path.parent.mkdir(parents=True, exist_ok=True)
    text = f"{key.name} {base64.b64encode(key.private.private_bytes_raw()).decode()}\n"
    part = path.with_name(f".{path.name}.{os.getpid()}")
    part.touch(mode=0o600)
    part.write_text(text, encoding="utf-8")
    try:
        os.link(part, path)
    except FileExistsError:
        pass
    finally:
        part.unlink()


def _folder() -> Path:
    return home() / "keys"


def _trusted_file() -> Path:
    return _folder() / "trusted.txt"
