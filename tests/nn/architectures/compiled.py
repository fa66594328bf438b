"""Compile and export every small model, as a user would: without the shape checks that tests put around functions.

Run as a script with the backend as its argument; prints for each architecture how far the outputs are apart.
The export is made for any batch and tried on another than it was made with.
"""

import json
import sys
import warnings
from pathlib import Path

import torch
from torch import nn

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))
from tests.nn.architectures.rows import ROWS, call, inputs, make


def main(backend: str) -> None:
    apart: dict[str, dict[str, float | str]] = {}
    for row in ROWS:
        torch.compiler.reset()
        model, arguments = make(row).eval(), inputs(row, 2)
        recurrent = any(isinstance(part, nn.RNNBase) for part in model.modules())  # torch breaks the graph at these
        compiled = lambda: torch.compile(model, backend=backend, fullgraph=not recurrent)  # noqa: E731
        apart[row.name] = {"compile": _apart(compiled, model, arguments)}
        if backend == "eager":
            dynamic = tuple({0: torch.export.Dim.DYNAMIC} for _ in arguments)
            exported = lambda: torch.export.export(model, arguments, dynamic_shapes=dynamic).module()  # noqa: E731
            apart[row.name]["export"] = _apart(exported, model, inputs(row, 3))
    print(json.dumps(apart))


def _apart(build, model, arguments) -> float | str:
    try:
        pairs = zip(call(model, arguments), call(build(), arguments), strict=True)
        return max((a - b).abs().max().item() for a, b in pairs)
    except Exception as error:
        return f"{type(error).__name__}: {error}"[:500]


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    main(sys.argv[1])
