"""Small decision graphs for tests: one table of rules on a few inputs, the tally and the outcome as they must be."""

import itertools
from copy import deepcopy

INPUTS = [
    {"field": "a", "type": "int", "min": -20, "max": 20, "zh": "甲", "en": "a"},
    {"field": "b", "type": "int", "min": -20, "max": 20, "zh": "乙", "en": "b"},
    {"field": "s", "type": "text", "values": ["x", "y", "z"], "zh": "文", "en": "s"},
    {"field": "f", "type": "bool", "zh": "是非", "en": "f"},
    {"field": "way", "type": "text", "values": ["left", "right"], "required": True, "zh": "路", "en": "way"},
]
TALLIES = (("declines", "decline"), ("referrals", "refer"), ("open_rules", "not_evaluated"))


def whole(**more):
    return {"passThrough": True, "inputField": None, "outputPath": None, "executionMode": "single", **more}


def rules(name, rows):
    """A table of rules; a row is (id, whole condition or "", effect)."""
    return {
        "id": name,
        "type": "decisionTableNode",
        "name": name,
        "content": whole(
            hitPolicy="collect",
            outputPath=name,
            inputs=[{"id": "any", "name": "condition"}],
            outputs=[
                {"id": "e", "name": "effect", "field": "effect"},
                {"id": "r", "name": "reason", "field": "reason"},
            ],
            rules=[{"_id": rule, "any": text, "e": f"'{effect}'", "r": "'RISK_HIGH'"} for rule, text, effect in rows],
        ),
    }


def cells(name, field, texts):
    """A table of rules on one field: a row for each cell text."""
    table = rules(name, [(f"{name}.{place}", text, "refer") for place, text in enumerate(texts)])
    table["content"]["inputs"] = [{"id": "any", "name": field, "field": field}]
    return table


def first(name, field, rows):
    """A table of the first hit; a row is (condition, literal)."""
    return {
        "id": name,
        "type": "decisionTableNode",
        "name": name,
        "content": whole(
            hitPolicy="first",
            inputs=[{"id": "any", "name": "condition"}],
            outputs=[{"id": "o", "name": field, "field": field}],
            rules=[{"_id": f"{name}.{place}", "any": text, "o": value} for place, (text, value) in enumerate(rows)],
        ),
    }


def work(name, **lines):
    listed = [{"id": key, "key": key, "value": text} for key, text in lines.items()]
    return {"id": name, "type": "expressionNode", "name": name, "content": whole(expressions=listed)}


def switch(name, *ways):
    statements = [{"id": handle, "condition": text} for handle, text in ways]
    return {"id": name, "type": "switchNode", "name": name, "content": {"hitPolicy": "first", "statements": statements}}


def outcome():
    return first(
        "outcome",
        "outcome",
        [
            ("declines > 0", "'decline'"),
            ("referrals > 0", "'refer'"),
            ("open_rules > 0", "'refer'"),
            ("declines == 0 and referrals == 0 and open_rules == 0", "'approve'"),
        ],
    )


def graph(nodes, edges=None, inputs=INPUTS):
    """A whole graph: the nodes one after another (or by `edges`), then tally and outcome."""
    paths = [node["content"]["outputPath"] for node in nodes if node["content"].get("outputPath")]
    sums = {key: " + ".join(f"count({path}, #.effect == '{effect}')" for path in paths) for key, effect in TALLIES}
    begin = {"id": "request", "type": "inputNode", "name": "request", "content": {"schema": ""}}
    chain = [begin, *nodes, work("tally", **sums), outcome()]
    if edges is None:
        edges = [(left["id"], right["id"]) for left, right in itertools.pairwise(chain)]
    return deepcopy(
        {
            "contentType": "application/vnd.gorules.decision",
            "puhui": {
                "id": "example",
                "version": 1,
                "title": {"zh": "例", "en": "example"},
                "line": "personal",
                "source": {"zh": "测试", "en": "a test"},
                "inputs": inputs,
            },
            "nodes": chain,
            "edges": [
                {"id": "-".join(edge), "sourceId": edge[0], "targetId": edge[1]}
                | ({"sourceHandle": edge[2]} if len(edge) > 2 else {})
                for edge in edges
            ],
        }
    )
