"""The JDM file as written: the nodes, columns and settings that our graphs may have. What is not here is refused."""

from typing import Annotated, Any, Literal

from pydantic import Field

from puhui.kernel.inputs import Record

FieldName = Annotated[str, Field(pattern="^[a-z][a-z0-9_]{0,63}$")]
# 2**53: what the ends of an input may be, so that the file reads the same in every JSON reader.
Whole = Annotated[int, Field(gt=-(2**53), lt=2**53)]


class InputRecord(Record):
    """One fact the policy reads. Numbers have ends; `required`: an application without it is refused, not referred."""

    field: FieldName
    type: Literal["int", "text", "bool"]
    min: Whole | None = None
    max: Whole | None = None
    values: tuple[str, ...] = ()
    required: bool = False
    zh: str = Field(min_length=1)
    en: str = Field(min_length=1)


class TitleRecord(Record):
    """A title in both languages."""

    zh: str = Field(min_length=1)
    en: str = Field(min_length=1)


class PolicyRecord(Record):
    """What the platform adds to JDM: whose policy, which version, and the facts it reads."""

    id: str = Field(pattern="^[a-z][a-z0-9_]*$")
    version: int = Field(ge=1)
    title: TitleRecord
    line: str = Field(min_length=1)
    source: TitleRecord
    inputs: list[InputRecord] = Field(min_length=1, max_length=200)


class NodeRecord(Record):
    """One node; `content` is read by its type."""

    id: str = Field(min_length=1)
    type: Literal["inputNode", "outputNode", "decisionTableNode", "expressionNode", "switchNode"]
    name: str = Field(min_length=1)
    position: dict[str, Any] = Field(default_factory=dict)
    content: dict[str, Any] = Field(default_factory=dict)


class EdgeRecord(Record):
    """One edge; from a switch it says which statement it leaves by."""

    id: str = Field(min_length=1)
    type: Literal["edge"] = "edge"
    source: str = Field(alias="sourceId")
    target: str = Field(alias="targetId")
    handle: str | None = Field(default=None, alias="sourceHandle")


class GraphRecord(Record):
    """The file."""

    content_type: Literal["application/vnd.gorules.decision"] = Field(alias="contentType")
    puhui: PolicyRecord
    nodes: list[NodeRecord] = Field(min_length=2, max_length=100)
    edges: list[EdgeRecord] = Field(min_length=1, max_length=400)


class PlainContent(Record):
    """An input or output node: the facts are described under `puhui`."""

    # The editor calls it schema; a schema is text and its check is ours.
    described: Literal[""] = Field(default="", alias="schema")


class _Whole(Record):
    """Every node passes on what it was given, once."""

    pass_through: Literal[True] = Field(alias="passThrough")
    input_field: None = Field(default=None, alias="inputField")
    execution_mode: Literal["single"] = Field(default="single", alias="executionMode")


class InColumn(Record):
    """A column of conditions on one field; without one, its cells are whole conditions."""

    id: str = Field(min_length=1)
    name: str = Field(min_length=1)
    field: FieldName | None = None


class OutColumn(Record):
    """A column of results."""

    id: str = Field(min_length=1)
    name: str = Field(min_length=1)
    field: FieldName


class TableContent(_Whole):
    """A decision table."""

    hit: Literal["first", "collect"] = Field(alias="hitPolicy")
    inputs: list[InColumn] = Field(min_length=1, max_length=60)
    outputs: list[OutColumn] = Field(min_length=1, max_length=20)
    rules: list[dict[str, str]] = Field(min_length=1, max_length=64)
    output_path: FieldName | None = Field(default=None, alias="outputPath")

    @property
    def column_ids(self) -> list[str]:
        """The ids of all columns, conditions first."""
        return [column.id for column in self.inputs] + [column.id for column in self.outputs]


class StepRecord(Record):
    """One line of an expression node."""

    id: str = Field(min_length=1)
    key: FieldName
    value: str = Field(min_length=1)


class WorkContent(_Whole):
    """An expression node."""

    expressions: list[StepRecord] = Field(min_length=1, max_length=60)
    output_path: None = Field(default=None, alias="outputPath")


class StatementRecord(Record):
    """One way out of a switch; an empty condition is "otherwise"."""

    id: str = Field(min_length=1)
    condition: str = ""
    is_default: bool = Field(default=False, alias="isDefault")


class SwitchContent(Record):
    """A switch: the first statement that holds."""

    hit: Literal["first"] = Field(alias="hitPolicy")
    statements: list[StatementRecord] = Field(min_length=1, max_length=10)
