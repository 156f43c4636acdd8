"""The parts that decisions were made with are kept, each content once, so that a decision can be executed again."""

import json
from collections.abc import Collection, Mapping, Sequence
from typing import Any, NamedTuple, Protocol

from puhui.kernel.refusals import declare
from puhui.workflows.case import Kit
from puhui.workflows.kit import CODE, hash_of

PART_MISSING = declare(
    "PART_MISSING",
    404,
    "当时所用的 {part}（{hash}）没有留存，无法按当时的版本重新执行。",
    "The {part} of that day ({hash}) is not kept, so the decision cannot be executed again with it.",
)
PART_TAMPERED = declare(
    "PART_TAMPERED",
    409,
    "留存的 {part} 与其哈希 {hash} 不符，可能被改动，拒绝使用。",
    "The {part} that is kept does not fit its hash {hash}: it was changed, and is not used.",
)


class Part(NamedTuple):
    """One part as it is kept: its hash, the name it had first, its content as JSON text."""

    hash: str
    name: str
    content: str


class KeptParts(Protocol):
    """The port that storage fills."""

    def known(self, hashes: Collection[str]) -> set[str]:
        """Return those hashes whose content is kept."""
        ...

    def add(self, parts: Sequence[Part]) -> None:
        """Keep parts; one that another decision keeps at the same time is kept once."""
        ...

    def content(self, hashes: Collection[str]) -> Mapping[str, str]:
        """Return the content of each hash that is kept."""
        ...


def keep(kept: KeptParts, kit: Kit) -> None:
    """Keep the parts of a kit that are not kept yet: one question about the whole, and nothing more once it is kept.

    The whole is the list of its parts' hashes, written with them in the same transaction.
    """
    whole = {name: kit.versions[name] for name in kit.parts}
    digest = hash_of(whole)
    if kept.known([digest]):
        return
    absent = {part: name for name, part in whole.items()}
    for known in kept.known(absent):
        del absent[known]
    parts = [Part(part, name, _text(kit.parts[name])) for part, name in sorted(absent.items())]
    kept.add([*parts, Part(digest, "kit", _text(whole))])


def parts_of(kept: KeptParts, versions: Mapping[str, str]) -> dict[str, Any]:
    """Return the parts of versions, by name; what comes with the code is left out.

    Refuses PART_MISSING, and PART_TAMPERED where the content is not that of its hash.
    """
    wanted = {name: digest for name, digest in versions.items() if name not in CODE}
    content = kept.content(set(wanted.values()))
    return {name: _read(name, digest, content) for name, digest in wanted.items()}


def _text(part: Any) -> str:
    return json.dumps(part, ensure_ascii=False)


def _read(name: str, digest: str, content: Mapping[str, str]) -> Any:
    if digest not in content:
        raise PART_MISSING.refuse("part", part=name, hash=digest)
    part = json.loads(content[digest])
    if hash_of(part) != digest:
        raise PART_TAMPERED.refuse("part", part=name, hash=digest)
    return part
