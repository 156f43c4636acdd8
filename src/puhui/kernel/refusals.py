"""Refusals: the expected no. Each kind has a stable code, an HTTP status and a sentence in two languages.

A refusal says which field is wrong and what to do. A bug is never a refusal: it asserts and stops loudly.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from puhui.kernel.language import Text


class Refusal(Exception):
    """An expected no, raised by `RefusalKind.refuse`.

    `fields` are dotted paths into the input ("grace.principal"); `details` fill the sentence.
    """

    def __init__(self, kind: "RefusalKind", fields: tuple[str, ...], details: Mapping[str, object]) -> None:
        self.kind = kind
        self.fields = fields
        self.details = dict(details)
        super().__init__(self.message("en"))

    @property
    def code(self) -> str:
        """The stable code, for programs."""
        return self.kind.code

    @property
    def status(self) -> int:
        """The HTTP status that a door answers with."""
        return self.kind.status

    def message(self, language: str | None = None) -> str:
        """Return the sentence for a person, in `language` or the user's."""
        values = {
            name: value.say(language) if isinstance(value, Text) else value for name, value in self.details.items()
        }
        return self.kind.text.say(language).format(**values)

    def as_dict(self) -> dict[str, object]:
        """Return what a program reads: code, status, fields and both sentences."""
        return {
            "code": self.code,
            "status": self.status,
            "fields": list(self.fields),
            "message": {"zh": self.message("zh"), "en": self.message("en")},
        }


@dataclass(frozen=True, slots=True)
class RefusalKind:
    """A family of refusals; `text` has {placeholders} filled by the details."""

    code: str
    status: int
    text: Text

    def refuse(self, *fields: str, **details: object) -> Refusal:
        """Return the refusal to raise; `fields` name what is wrong, `details` fill the sentence."""
        return Refusal(self, fields, {"field": ", ".join(fields), **details})


KINDS: dict[str, RefusalKind] = {}


def declare(code: str, status: int, zh: str, en: str) -> RefusalKind:
    """Add a kind of refusal to the list that the reference page is made from; a code is declared once."""
    assert code not in KINDS, f"refusal code {code} is declared twice"
    kind = RefusalKind(code, status, Text(zh, en))
    KINDS[code] = kind
    return kind


INPUT_INVALID = declare("INPUT_INVALID", 422, "输入有误：{problem}", "The input is wrong: {problem}")
INPUT_UNREADABLE = declare(
    "INPUT_UNREADABLE",
    400,
    "无法读取 {name}：{problem}。请检查路径和格式。",
    "Cannot read {name}: {problem}. Check the path and the format.",
)
