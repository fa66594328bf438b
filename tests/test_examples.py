"""What rhobar says of each example, and that the change it names makes the example learn."""

from pathlib import Path

import pytest
from tests.corpus import Program, Verdict, judge, warm_up

EXAMPLES = Path(__file__).parent.parent / "examples"

FIRST = {
    "broadcast_regression": "broadcast-loss",
    "deep_sigmoid": "unfit-activation",
    "diverging_rate": "learning-rate-too-high",
    "double_softmax": "double-softmax",
    "forgotten_zero_grad": "accumulating-gradients",
    "healthy_resnet": None,
    "overfitting": "overfitting",
    "unscaled_prices": "unscaled-targets",
}

HE = """model = DeepNet()
for module in model.modules():
    if isinstance(module, nn.Linear):
        nn.init.kaiming_normal_(module.weight)
        nn.init.zeros_(module.bias)
"""

REMEDIES = {
    "broadcast_regression": [("self.model(self.x[rows])", "self.model(self.x[rows]).squeeze(-1)")],
    "deep_sigmoid": [("nn.Sigmoid()", "nn.ReLU()"), ("model = DeepNet()\n", HE)],
    "diverging_rate": [('"lr": 2.0', '"lr": 0.2')],
    "double_softmax": [("F.softmax(self.fc(x.flatten(1)), dim=1)", "self.fc(x.flatten(1))")],
    "forgotten_zero_grad": [("        loss.backward()", "        optimizer.zero_grad()\n        loss.backward()")],
    "unscaled_prices": [("prices = torch", "price = (price - price.mean()) / price.std()\nprices = torch")],
}
"""The change that rhobar names, as a replacement in the example's text."""


def _judged(path: Path) -> Verdict:
    pytest.importorskip("sklearn")
    pytest.importorskip("mnist1d")
    warm_up()
    verdict = judge(Program(path, ()))
    assert not verdict.error, verdict.error
    return verdict


def test_every_example_is_here() -> None:
    assert {path.stem for path in EXAMPLES.glob("*.py")} == set(FIRST)


@pytest.mark.parametrize("name", FIRST)
def test_first_finding(name: str) -> None:
    verdict = _judged(EXAMPLES / f"{name}.py")
    assert next(iter(verdict.ranked), None) == FIRST[name], verdict.headline


@pytest.mark.parametrize("name", FIRST)
def test_table_names_the_finding(name: str) -> None:
    row = next(line for line in (EXAMPLES / "README.md").read_text().splitlines() if f"`{name}.py`" in line)
    assert f"`{FIRST[name]}`" in row or FIRST[name] is None


@pytest.mark.slow
@pytest.mark.parametrize("name", REMEDIES)
def test_remedy(name: str, tmp_path: Path) -> None:
    text = (EXAMPLES / f"{name}.py").read_text(encoding="utf-8")
    for before, after in REMEDIES[name]:
        assert before in text
        text = text.replace(before, after)
    repaired = tmp_path / f"{name}.py"
    repaired.write_text(text, encoding="utf-8")
    verdict = _judged(repaired)
    assert not verdict.ranked, verdict.headline
