"""The policies that come with the platform, one JDM file each in `graphs/`, and an institution's own beside them."""

from functools import cache
from pathlib import Path

from puhui.credit.policy.graph import POLICY_GRAPH, Graph, read_graph
from puhui.kernel.inputs import read_json
from puhui.kernel.language import Text

GRAPHS = Path(__file__).parent / "graphs"


def load_graph(path: Path) -> Graph:
    """Return the graph of a JDM file; refuse INPUT_UNREADABLE, INPUT_INVALID, POLICY_GRAPH, POLICY_EXPRESSION."""
    return read_graph(read_json(path))


@cache
def shipped() -> dict[str, Graph]:
    """Return the shipped graphs by id."""
    return load_graphs(GRAPHS)


def load_graphs(folder: Path) -> dict[str, Graph]:
    """Return the graphs of a folder's .json files by id; refuses as `load_graph`, and POLICY_GRAPH for one id twice."""
    graphs: dict[str, Graph] = {}
    for path in sorted(folder.glob("*.json")):
        graph = load_graph(path)
        if graph.id in graphs:
            raise POLICY_GRAPH.refuse(path.name, problem=Text(f"{graph.id} 已经有了", f"{graph.id} is there already"))
        graphs[graph.id] = graph
    return graphs
