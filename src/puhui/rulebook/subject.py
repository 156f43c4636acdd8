"""What a check is about: which lender, which product, where, at which moment."""

from dataclasses import dataclass

from pydantic import Field

from puhui.kernel.inputs import Record
from puhui.kernel.refusals import declare
from puhui.rulebook.vocabulary import LENDERS, MOMENTS, PRODUCTS, lender_codes, product_tags

SUBJECT_INVALID = declare(
    "SUBJECT_INVALID",
    422,
    "{field} 不认识：{value}。可用：{known}。",
    "{field} is not known: {value}. Known: {known}.",
)


@dataclass(frozen=True, slots=True)
class Subject:
    """One lender's proposal or deed: codes of `vocabulary`; refuses SUBJECT_INVALID.

    `products` are tags, at least one; `region` is a GB/T 2260 code, "" when unknown (regional rules then apply);
    `moment` says what is being done: design a product, make an offer, service a loan, collect, ...

    >>> Subject("auto_finance", ("auto_used", "facilitated"), region="410329").moment
    'offer'
    """

    lender: str
    products: tuple[str, ...]
    region: str = ""
    moment: str = "offer"

    def __post_init__(self) -> None:
        if self.lender not in LENDERS:
            raise SUBJECT_INVALID.refuse("lender", value=self.lender, known=", ".join(LENDERS))
        unknown = [tag for tag in self.products if tag not in PRODUCTS]
        if unknown or not self.products or type(self.products) is not tuple:
            raise SUBJECT_INVALID.refuse("products", value=unknown or self.products, known=", ".join(PRODUCTS))
        if self.moment not in MOMENTS:
            raise SUBJECT_INVALID.refuse("moment", value=self.moment, known=", ".join(MOMENTS))
        if self.region and not (self.region.isascii() and self.region.isdigit() and len(self.region) == 6):
            raise SUBJECT_INVALID.refuse("region", value=self.region, known="GB/T 2260: 410329")

    @property
    def lender_codes(self) -> frozenset[str]:
        """The lender's code and the wider ones it implies."""
        return lender_codes(self.lender)

    @property
    def tags(self) -> frozenset[str]:
        """The product tags and all that they imply."""
        return product_tags(self.products)

    def as_dict(self) -> dict[str, object]:
        """Return the subject for JSON."""
        return {
            "lender": self.lender,
            "products": list(self.products),
            "region": self.region,
            "moment": self.moment,
        }


class SubjectRecord(Record):
    """A subject as written in a file."""

    lender: str
    products: list[str] = Field(min_length=1)
    region: str = ""
    moment: str = "offer"


def read_subject(record: SubjectRecord) -> Subject:
    """Return the Subject of a record; refuse SUBJECT_INVALID."""
    return Subject(record.lender, tuple(record.products), record.region, record.moment)
