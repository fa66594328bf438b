"""Laws that every optimizer obeys."""

import copy
import io
import warnings

import pytest
import torch
from tests.optim.cases import CASES, LBFGS, problem
from torch import nn
from torch.optim import lr_scheduler as S

from rhobar.optim import OPTIMIZERS

ALL = {**CASES, "lbfgs": LBFGS}
every = pytest.mark.parametrize("name", ALL)
own = pytest.mark.parametrize("name", CASES)


def flat(model):
    return torch.cat([p.detach().reshape(-1) for p in model.parameters()]).clone()


def test_every_optimizer_is_in_the_table():
    covered = {next((known for known in OPTIMIZERS if name.startswith(known)), None) for name in ALL}
    assert covered | {"ema", "swa"} == set(OPTIMIZERS)


@every
def test_descends(name):
    model, x, y = problem()
    case, losses = ALL[name], []
    optimizer = case.optimizer(model)
    for _ in range(25):
        losses.append(float(case.step(optimizer, model, x, y)))
    assert losses[-1] < 0.9 * losses[0]


@every
def test_reports_the_loss_before_the_step(name):
    model, x, y = problem()
    before = nn.functional.mse_loss(model(x), y).item()
    assert float(ALL[name].step(ALL[name].optimizer(model), model, x, y)) == pytest.approx(before, rel=1e-12)


@every
def test_closures_see_gradients_enabled_and_are_called_in_no_grad_contexts(name):
    model, x, y = problem()
    reference = copy.deepcopy(model)
    case = ALL[name]
    case.step(case.optimizer(reference), reference, x, y)
    if case.drive != "backward":
        with torch.no_grad():
            case.step(case.optimizer(model), model, x, y)
        assert torch.equal(flat(model), flat(reference))


@pytest.mark.parametrize("name", [n for n, c in CASES.items() if c.drive == "backward"])
def test_a_closure_does_what_backward_before_step_does(name):
    (model, x, y), case = problem(), CASES[name]
    other = copy.deepcopy(model)
    case.step(case.optimizer(model), model, x, y)
    optimizer = case.optimizer(other)

    def closure():
        optimizer.zero_grad()
        loss = nn.functional.mse_loss(other(x), y)
        loss.backward()
        return loss

    with torch.no_grad():
        loss = optimizer.step(closure)
    assert loss is not None
    assert torch.equal(flat(model), flat(other))


@every
def test_permuting_inputs_permutes_the_first_layer(name):
    (model, x, y), case = problem(), ALL[name]
    other, order = copy.deepcopy(model), torch.tensor([2, 0, 1])
    with torch.no_grad():
        other[0].weight.copy_(model[0].weight[:, order])
    a, b = case.optimizer(model), case.optimizer(other)
    for _ in range(4):
        case.step(a, model, x, y)
        case.step(b, other, x[:, order], y)
    torch.testing.assert_close(other[0].weight, model[0].weight[:, order], rtol=0, atol=1e-9)
    torch.testing.assert_close(other[2].weight, model[2].weight, rtol=0, atol=1e-9)


@every
def test_resumes_bit_for_bit(name):
    """Through a file that is read with weights_only=True, at a step where nothing is in phase."""
    (model, x, y), case = problem(), ALL[name]
    optimizer = case.optimizer(model)
    for _ in range(4):
        case.step(optimizer, model, x, y)
    file = io.BytesIO()
    torch.save({"model": model.state_dict(), "optimizer": optimizer.state_dict()}, file)
    source = getattr(optimizer, "generator", None)
    random = None if source is None else source.get_state()
    for _ in range(5):
        case.step(optimizer, model, x, y)

    resumed, _, _ = problem(seed=7)
    again = case.optimizer(resumed)
    file.seek(0)
    saved = torch.load(file, weights_only=True)
    resumed.load_state_dict(saved["model"])
    again.load_state_dict(saved["optimizer"])
    if random is not None:
        again.generator.set_state(random)
    for _ in range(5):
        case.step(again, resumed, x, y)
    assert torch.equal(flat(model), flat(resumed))
    assert optimizer.state_dict().keys() == again.state_dict().keys()


@own  # torch's LBFGS cannot be copied
def test_copies_are_independent(name):
    (model, x, y), case = problem(), ALL[name]
    optimizer = case.optimizer(model)
    case.step(optimizer, model, x, y)
    other_model, other = copy.deepcopy((model, optimizer))
    before = flat(model)
    case.step(other, other_model, x, y)
    assert torch.equal(flat(model), before)
    case.step(optimizer, model, x, y)
    torch.testing.assert_close(flat(model), flat(other_model), rtol=0, atol=0)


@own
def test_groups_have_rates_of_their_own(name):
    (model, x, y), case = problem(), CASES[name]
    before = copy.deepcopy(model)
    groups = [{"params": model[0].parameters(), "lr": 0.0}, {"params": model[2].parameters()}]
    optimizer = case.optimizer(model, groups)
    for _ in range(3):
        case.step(optimizer, model, x, y)
    if name != "proximal-l1":  # with a rate of zero there is no shrinking either
        assert torch.equal(model[2].weight == before[2].weight, torch.zeros(2, 4, dtype=torch.bool))
    assert torch.equal(model[0].weight, before[0].weight)
    assert torch.equal(model[0].bias, before[0].bias)


@own
def test_a_rate_in_a_group_acts_like_the_rate_of_the_optimizer(name):
    (model, x, y), case = problem(), CASES[name]
    other = copy.deepcopy(model)
    a = case.optimizer(model, lr=0.03)
    b = case.optimizer(other, [{"params": [p], "lr": 0.03} for p in other.parameters()], **(
        {"max_kl": None} if name == "kfac" else {}))  # fmt: skip
    for group in a.param_groups:
        group.update({"max_kl": None} if name == "kfac" else {})
    for _ in range(3):
        case.step(a, model, x, y)
        case.step(b, other, x, y)
    torch.testing.assert_close(flat(model), flat(other), rtol=0, atol=1e-12)


@every
def test_frozen_and_unused_parameters_stay(name):
    (model, x, y), case = problem(), ALL[name]
    model[0].bias.requires_grad_(False)
    unused = nn.Parameter(torch.ones(2, dtype=torch.float64))
    params = [p for p in model.parameters() if p.requires_grad] + ([] if name == "kfac" else [unused])
    before = model[0].bias.clone()
    optimizer = case.optimizer(model, params)
    for _ in range(3):
        case.step(optimizer, model, x, y)
    assert torch.equal(unused, torch.ones(2, dtype=torch.float64))
    assert torch.equal(model[0].bias, before)


@every
def test_a_zero_gradient_moves_nothing(name):
    (model, x, _), case = problem(), ALL[name]
    y = model(x).detach()
    before = flat(model)
    settings = {"l1": 0.0} if name == "proximal-l1" else {}
    optimizer = case.optimizer(model, **settings)
    for _ in range(2):
        case.step(optimizer, model, x, y)
    torch.testing.assert_close(flat(model), before, rtol=0, atol=1e-12)


@own
def test_maximize_climbs_what_minimize_descends(name):
    """Maximising −L takes the steps of minimising L."""
    (model, x, y), case = problem(), CASES[name]
    start, before = copy.deepcopy(model), nn.functional.mse_loss(model(x), y).item()
    up = case.optimizer(model, maximize=True, **({"l1": 0.0} if name == "proximal-l1" else {}))
    for _ in range(3):
        case.step(up, model, x, y)
    assert nn.functional.mse_loss(model(x), y).item() > before
    assert not torch.equal(flat(start), flat(model))


@own
def test_nonfinite_gradients_do_what_the_documentation_says(name):
    (model, x, y), case = problem(), CASES[name]
    before = flat(model)
    optimizer = case.optimizer(model)
    case.step(optimizer, model, x, torch.full_like(y, float("nan")))
    stays = name in ("newton-cg", "natural-gradient")
    assert torch.equal(flat(model), before) == stays
    assert bool(flat(model).isnan().any()) != stays
    assert all(bool(v.isfinite().all()) for v in _tensors(optimizer.state, "factors"))


def _tensors(state, key):
    return [t for entry in state.values() for t in entry.get(key, {}).values()]


@every
def test_hooks_run_once_a_step(name):
    (model, x, y), case, seen = problem(), ALL[name], []
    optimizer = case.optimizer(model)
    optimizer.register_step_pre_hook(lambda *_: seen.append("before"))
    optimizer.register_step_post_hook(lambda *_: seen.append("after"))
    case.step(optimizer, model, x, y)
    assert seen == ["before", "after"]


SCHEDULERS = {
    "lambda": lambda o: S.LambdaLR(o, lambda t: 0.9**t),
    "multiplicative": lambda o: S.MultiplicativeLR(o, lambda t: 0.9),
    "step": lambda o: S.StepLR(o, 2),
    "multistep": lambda o: S.MultiStepLR(o, [1, 3]),
    "constant": lambda o: S.ConstantLR(o, 0.5, 2),
    "linear": lambda o: S.LinearLR(o, 0.5, total_iters=3),
    "exponential": lambda o: S.ExponentialLR(o, 0.9),
    "polynomial": lambda o: S.PolynomialLR(o, 5),
    "cosine": lambda o: S.CosineAnnealingLR(o, 5),
    "restarts": lambda o: S.CosineAnnealingWarmRestarts(o, 2),
    "cyclic": lambda o: S.CyclicLR(o, 0.01, 0.1, cycle_momentum=False),
    "one-cycle": lambda o: S.OneCycleLR(o, 0.1, total_steps=10, cycle_momentum=False),
    "sequential": lambda o: S.SequentialLR(o, [S.ConstantLR(o, 0.1, 2), S.ExponentialLR(o, 0.9)], [2]),
    "chained": lambda o: S.ChainedScheduler([S.ConstantLR(o, 0.1, 2), S.ExponentialLR(o, 0.9)]),
    "plateau": lambda o: S.ReduceLROnPlateau(o, patience=0, threshold=10.0),
    "swa": lambda o: torch.optim.swa_utils.SWALR(o, 0.01, 3),
}


@pytest.mark.parametrize("schedule", SCHEDULERS)
@own
def test_schedulers_act_as_rates_set_by_hand(name, schedule):
    """The scheduled run equals one whose rates are copied from a scheduled SGD of torch; also in a second group."""
    case = CASES[name]
    (model, x, y), (other, _, _) = problem(), problem()
    rates = [0.08, 0.02]

    def groups(net):
        return [{"params": net[i].parameters(), "lr": lr} for i, lr in zip((0, 2), rates, strict=True)]

    a, b = case.optimizer(model, groups(model)), case.optimizer(other, groups(other))
    reference = torch.optim.SGD([{"params": [nn.Parameter(torch.zeros(1))], "lr": lr} for lr in rates])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # SequentialLR warns about itself
        ours, theirs = SCHEDULERS[schedule](a), SCHEDULERS[schedule](reference)
        for _ in range(5):
            for group, source in zip(b.param_groups, reference.param_groups, strict=True):
                group["lr"] = source["lr"]
            case.step(a, model, x, y)
            case.step(b, other, x, y)
            reference.step()
            for scheduler in (ours, theirs):
                scheduler.step(*([1.0] if schedule == "plateau" else []))
    assert [g["lr"] for g in a.param_groups] == [g["lr"] for g in reference.param_groups]
    assert torch.equal(flat(model), flat(other))


@pytest.mark.parametrize("name", [n for n, c in CASES.items() if c.drive == "backward"])
def test_gradient_scaler_cancels_and_skips_overflow(name):
    case = CASES[name]
    (model, x, y), (other, _, _) = problem(dtype=torch.float32), problem(dtype=torch.float32)
    optimizer, plain = case.optimizer(model), case.optimizer(other)
    scaler = torch.amp.GradScaler("cpu", init_scale=2.0**10)
    for _ in range(3):
        optimizer.zero_grad()
        scaler.scale(nn.functional.mse_loss(model(x), y)).backward()
        scaler.step(optimizer)
        scaler.update()
        case.step(plain, other, x, y)
    torch.testing.assert_close(flat(model), flat(other))
    before = flat(model)
    optimizer.zero_grad()
    scaler.scale(nn.functional.mse_loss(model(x), y * float("inf"))).backward()
    scaler.step(optimizer)
    scaler.update()
    assert torch.equal(flat(model), before)
    assert scaler.get_scale() == 2.0**9


# autocast keeps its casts of the weights, so inside it a line search or trust region sees the same loss everywhere
@pytest.mark.parametrize("name", [n for n in ALL if n not in ("newton-cg", "lbfgs")])
def test_steps_under_autocast_are_near_those_in_full_precision(name):
    """The forward pass computes in bfloat16, which keeps 8 bits; weights, gradients and state stay in single precision."""
    (model, x, y), (other, _, _) = problem(dtype=torch.float32), problem(dtype=torch.float32)
    case, plain, start = ALL[name], ALL[name].optimizer(other), flat(model)
    optimizer = case.optimizer(model)
    with torch.autocast("cpu", torch.bfloat16):
        case.step(optimizer, model, x, y)
    case.step(plain, other, x, y)
    moved, expected = flat(model) - start, flat(other) - start
    assert moved.dtype == torch.float32
    assert not torch.equal(moved, expected)
    assert torch.nn.functional.cosine_similarity(moved, expected, dim=0) > 0.9
