"""The kit of a day, made from parts that are plain JSON: what is in force now, or what was when a decision was made.

A part has a name (`product:auto_new`, `funder:demo_bank`, `policy:auto`, `model`, `costs`, `limit`) and is known by the
SHA-256 of its content. Rules, features, places and the program itself come with the code: only their hash is kept.
"""

import json
from collections.abc import Mapping
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Any, Final, TypeAlias

from pydantic import Field

from puhui.credit.features.catalogue import version as features_version
from puhui.credit.limit import AssumptionsFile, assumptions_file, read_assumptions
from puhui.credit.models import load_model
from puhui.credit.policy.engine import PolicyEngine
from puhui.credit.policy.graph import read_graph
from puhui.credit.policy.shipped import GRAPHS
from puhui.credit.pricing import Costs
from puhui.funding.application import Used
from puhui.funding.definition import own_funders, read_funder
from puhui.kernel.home import home
from puhui.kernel.inputs import Record, parse, read_json
from puhui.kernel.places import codes, place
from puhui.kernel.rates import PPM
from puhui.products.definition import catalogue, read_product
from puhui.rulebook.files import read_yaml
from puhui.rulebook.loader import default_rulebook
from puhui.workflows.case import Kit

COSTS_FILE = Path(__file__).parent / "costs.yaml"
OWN_COSTS = "costs.yaml"
OWN_POLICIES = "policies"
# What comes with the code; the layers of it that a judgement runs through.
CODE: Final = ("features", "rules", "places", "program")
RUN: Final = ("kernel", "rulebook", "products", "credit", "funding", "workflows")

Parts: TypeAlias = Mapping[str, Any]
Share = Annotated[int, Field(ge=0, le=PPM)]


class CostsRecord(Record):
    """What money and work cost the lender, and what a default loses, ppm of the balance a year, as written."""

    funding_ppm: Share
    operating_ppm: Share
    fixed_minor: Annotated[int, Field(ge=0)]
    margin_ppm: Share
    lgd_ppm: Share
    source: str


def parts_here(model: Mapping[str, Any]) -> dict[str, Any]:
    """Return the parts in force here, with a model's JSON: what is shipped, and the home folder's own in its place."""
    parts: dict[str, Any] = {"model": dict(model), "costs": _costs(), "limit": _limit()}
    parts |= {
        f"product:{name}": definition.model_dump(mode="json", exclude_unset=True)
        for name, definition in catalogue().items()
    }
    parts |= {
        f"funder:{name}": funder.model_dump(mode="json", exclude_unset=True) for name, funder in own_funders().items()
    }
    for folder in (GRAPHS, home().joinpath(OWN_POLICIES)):
        for path in sorted(folder.glob("*.json")):
            data = read_json(path)
            parts[f"policy:{read_graph(data).id}"] = data
    return parts


def _costs() -> Any:
    own = home().joinpath(OWN_COSTS)
    return read_yaml(own if own.is_file() else COSTS_FILE)


def _limit() -> Any:
    path = assumptions_file()
    return parse(AssumptionsFile, read_yaml(path), path.name).model_dump(mode="json")


def hash_of(part: object) -> str:
    """Return the SHA-256 of a part's content, hex."""
    text = json.dumps(part, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return sha256(text.encode()).hexdigest()


def versions_of(parts: Parts) -> dict[str, str]:
    """Return the hash of each part, and of what comes with the code."""
    return {name: hash_of(part) for name, part in parts.items()} | versions_of_code()


@cache
def versions_of_code() -> dict[str, str]:
    """Return the hashes of what no part holds: a replay can only tell that they are others now."""
    rules = sorted(str(rule) for rule in default_rulebook().rules)
    places = [(code, place(code).name, place(code).tier) for code in codes()]
    return {
        "features": features_version(),
        "rules": hash_of(rules),
        "places": hash_of(places),
        "program": hash_of([(path.name, path.read_text(encoding="utf-8")) for path in _program()]),
    }


def _program() -> list[Path]:
    """Return the source files that a judgement runs through, in order."""
    source = Path(__file__).parents[1]
    return [path for layer in RUN for path in sorted(source.joinpath(layer).rglob("*.py"))]


def kit_of(parts: Parts, used: Mapping[str, Used], *, hard: frozenset[str] = frozenset()) -> Kit:
    """Return the kit of parts; refuses what each part refuses (MODEL_TAMPERED, PRODUCT_INVALID, POLICY_UNSAFE ...).

    The order in which the parts come makes no difference.
    """

    def of(kind: str) -> dict[str, Any]:
        return {name.partition(":")[2]: part for name, part in sorted(parts.items()) if name.startswith(f"{kind}:")}

    products = {name: read_product(part, name) for name, part in of("product").items()}
    costs = parse(CostsRecord, parts["costs"], OWN_COSTS)
    return Kit(
        model=load_model(parts["model"]),
        engine=PolicyEngine([read_graph(part) for part in of("policy").values()]),
        products=products,
        funders={name: read_funder(part, name, products) for name, part in of("funder").items()},
        used=used,
        costs=Costs(costs.funding_ppm, costs.operating_ppm, costs.fixed_minor, margin_ppm=costs.margin_ppm),
        lgd_ppm=costs.lgd_ppm,
        assumptions=read_assumptions(parts["limit"]),
        rulebook=default_rulebook(),
        parts=parts,
        versions=versions_of(parts),
        hard=hard,
    )
