"""Where every gradient is clipped, steps have the length ηc: the way there takes ‖θ₀ − θ*‖/(ηc) of them."""

from itertools import pairwise

import torch

from rhobar.experiments.checks import at_most, near
from rhobar.experiments.experiment import Experiment, Result, Setting
from rhobar.experiments.pictures import versus
from rhobar.train import clip_norm_

__all__ = ["EXPERIMENT"]

_DIM, _RATE, _CLIP, _CURVATURE = 10, 0.1, 0.05, 1.0


def _walk(start: torch.Tensor, curvature: torch.Tensor, clip: float, steps: int) -> list[torch.Tensor]:
    """Run clipped SGD on ½ Σ λᵢθᵢ²."""
    theta = start.clone().requires_grad_()
    optimizer = torch.optim.SGD([theta], lr=_RATE)
    path = []
    for _ in range(steps):
        path.append(theta.detach().clone())
        optimizer.zero_grad()
        (0.5 * curvature * theta.square()).sum().backward()
        clip_norm_([theta], clip)
        optimizer.step()
    return path


def _run(setting: Setting) -> Result:
    generator, steps = setting.generator(), setting.size(1200, 4000)
    start = torch.randn(_DIM, generator=generator, dtype=torch.float64)
    start = setting.size(2.0, 8.0) * start / start.norm()
    clip = 1e6 if setting.broken else _CLIP
    same = torch.full((_DIM,), _CURVATURE, dtype=torch.float64)
    uneven = torch.logspace(-1, 1, _DIM, dtype=torch.float64)
    distance = [p.norm().item() for p in _walk(start, same, clip, steps)]
    until = _CLIP / _CURVATURE  # where the gradient is no longer than c
    needed = (start.norm().item() - until) / (_RATE * _CLIP)
    made = next((t for t, d in enumerate(distance) if d <= until), steps)
    shown = range(0, int(needed), 20)
    law = [start.norm().item() - _RATE * _CLIP * t for t in shown]
    other = _walk(start, uneven, clip, 200)
    pace = max((b - a).norm().item() for a, b in pairwise(other))
    far = max((p - start).norm().item() / (_RATE * _CLIP * t) for t, p in enumerate(other) if t)
    return Result(
        checks=(
            near("steps until the gradient is no longer than c: (‖θ₀‖ − c/λ)/(ηc)", needed, float(made),
                 relative=2 / needed),
            near("distance left after half of them", law[len(law) // 2], distance[shown[len(law) // 2]], relative=1e-3),
            at_most("longest step where the curvature is uneven: ηc", _RATE * _CLIP * (1 + 1e-9), pace),
            at_most("distance from the start over ηct: at most 1, on any loss", 1 + 1e-9, far),
        ),
        figures=(versus("Distance from the minimum, always clipped", "step", "‖θ‖", shown, law,
                        [distance[t] for t in shown]),),
        notes=(f"Without the clip the same rate needs {_steps_without(start.norm().item(), until)} steps: "
               "its distance falls by 1 − ηλ each.",),
    )  # fmt: skip


def _steps_without(start: float, until: float) -> int:
    """Count steps of plain descent from one distance to the other."""
    steps = 0
    while start > until:
        start, steps = start * (1 - _RATE * _CURVATURE), steps + 1
    return steps


EXPERIMENT = Experiment(
    name="clipped-walks-at-one-pace",
    claim="While every gradient is clipped to the norm c, t steps of SGD lead at most ηct away; on ½λ‖θ‖² the way to "
    "‖g‖ = c takes (‖θ₀‖ − c/λ)/(ηc) steps.",
    source="Zhang, He, Sra and Jadbabaie (2020), Why gradient clipping accelerates training, section 2.",
    textbook=("A66",),
    control="a clip norm above all gradients",
    run=_run,
    formulas=("rhobar.train.clip_norm_",),
    findings=("clipping-always-active", "learning-rate-too-low"),
)
