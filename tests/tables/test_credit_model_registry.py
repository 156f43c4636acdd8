"""The registry of models: who may do what, and that nothing in it can be changed unseen."""

from datetime import UTC, datetime

import pytest

from puhui.credit.models import registry as models
from puhui.kernel.refusals import Refusal

AT = datetime(2026, 7, 1, tzinfo=UTC)
DETAILS = {"kind": "scorecard", "model_hash": "aa", "data_hash": "bb", "code_version": "0", "seed": 0, "figures": {}}


class Book:
    """Records as they come in."""

    def __init__(self):
        self.lines = []

    @property
    def now(self):
        return models.read(self.lines)

    def add(self, record):
        self.lines.append(record.as_json())

    def new(self, name, by="张三"):
        self.add(models.register(self.now, name, by, AT, DETAILS))


@pytest.fixture
def book():
    made = Book()
    made.new("m1")
    return made


def code(function, *arguments):
    with pytest.raises(Refusal) as refused:
        function(*arguments)
    return refused.value.code


def test_a_new_model_is_a_candidate_and_decides_nothing(book):
    assert book.now.one("m1").role == "candidate"
    assert book.now.champion is None
    assert code(models.assign, book.now, "m1", "champion", "李四", AT) == "MODEL_NOT_APPROVED"
    assert code(models.assign, book.now, "m1", "challenger", "李四", AT) == "MODEL_NOT_APPROVED"
    book.add(models.assign(book.now, "m1", "shadow", "李四", AT))
    assert book.now.one("m1").role == "shadow"


@pytest.mark.parametrize("by", ["张三", " 张三 "])
def test_nobody_approves_his_own(book, by):
    assert code(models.approve, book.now, "m1", by, AT) == "MODEL_OWN"


def test_somebody_does_it(book):
    assert code(models.approve, book.now, "m1", " ", AT) == "WHO_MISSING"
    assert code(models.register, book.now, "m2", "", AT, DETAILS) == "WHO_MISSING"


def test_one_champion_at_a_time(book):
    book.new("m2")
    for name in ("m1", "m2"):
        book.add(models.approve(book.now, name, "李四", AT))
        book.add(models.assign(book.now, name, "champion", "李四", AT))
    assert book.now.champion.model == "m2"
    assert book.now.one("m1").role == "shadow"
    assert book.now.one("m1").approved_by == "李四"


def test_what_is_closed_stays_closed(book):
    book.add(models.approve(book.now, "m1", "李四", AT))
    assert code(models.approve, book.now, "m1", "王五", AT) == "MODEL_CLOSED"
    book.add(models.assign(book.now, "m1", "retired", "李四", AT))
    assert code(models.assign, book.now, "m1", "shadow", "李四", AT) == "MODEL_CLOSED"
    assert code(models.register, book.now, "m1", "张三", AT, DETAILS) == "MODEL_CLOSED"
    assert code(models.approve, book.now, "m9", "李四", AT) == "MODEL_UNKNOWN"


@pytest.mark.parametrize("harm", ["edit", "leave_out", "swap"])
def test_a_changed_line_is_seen(book, harm):
    book.new("m2")
    book.new("m3")
    if harm == "edit":
        book.lines[1]["by"] = "someone"
    elif harm == "leave_out":
        del book.lines[1]
    else:
        book.lines[1], book.lines[2] = book.lines[2], book.lines[1]
    assert code(models.read, book.lines) == "REGISTRY_BROKEN"
