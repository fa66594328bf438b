import math

import pytest
import torch
import torch.nn.functional as F
from tests.strategies.cases import accuracy, digits, mlp, rand, trained
from torch import nn

from rhobar.train import Batches, fit
from rhobar.train.strategies import distillation, distillation_loss, taught


def logits(seed=0, classes=5):
    z, v = (3 * torch.randn(8, classes, generator=rand(seed + s), dtype=torch.float64) for s in (0, 50))
    return z, v, torch.randint(classes, (8,), generator=rand(seed + 99))


@pytest.mark.parametrize("temperature", [0.5, 1.0, 4.0])
def test_it_is_the_formula(temperature):
    z, v, y = logits()
    p, q = (v / temperature).softmax(1), (z / temperature).softmax(1)
    kl = (p * (p / q).log()).sum(1).mean()
    expected = 0.3 * temperature**2 * kl + 0.7 * F.cross_entropy(z, y)
    assert float(distillation_loss(z, v, y, temperature=temperature, alpha=0.3)) == pytest.approx(float(expected))


def test_a_hot_teacher_matches_centred_logits():
    z, v, y = logits()
    centred = (z - z.mean(1, keepdim=True)) - (v - v.mean(1, keepdim=True))
    limit = float(centred.square().sum(1).mean()) / (2 * 5)
    errors = [abs(float(distillation_loss(z, v, y, temperature=T, alpha=1.0)) - limit) for T in (1e2, 1e3, 1e4)]
    assert errors[2] < 1e-3 * limit
    assert errors[0] > 5 * errors[1] > 25 * errors[2], "the error falls like 1/T"


def test_the_gradient_does_not_fade_with_the_temperature():
    z, v, y = logits()
    norms = []
    for T in (20.0, 200.0, 2000.0):
        s = z.clone().requires_grad_()
        distillation_loss(s, v, y, temperature=T, alpha=1.0).backward()
        norms.append(float(torch.linalg.vector_norm(s.grad)))
    assert max(norms) < 1.25 * min(norms)


def test_a_cold_teacher_gives_hard_labels_and_no_teacher_the_plain_loss():
    z, v, y = logits()
    T = 1e-3
    cold = float(distillation_loss(z * T, v, y, temperature=T, alpha=1.0)) / T**2
    assert cold == pytest.approx(float(F.cross_entropy(z, v.argmax(1))), rel=1e-6)
    assert float(distillation_loss(z, v, y, alpha=0.0)) == pytest.approx(float(F.cross_entropy(z, y)))


def test_it_is_least_where_the_student_answers_as_the_teacher():
    _, v, y = logits()
    assert float(distillation_loss(v + 3.0, v, y, alpha=1.0)) == pytest.approx(0, abs=1e-12)
    assert all(float(distillation_loss(logits(s)[0], v, y, alpha=1.0)) > 0 for s in range(5))


def test_no_gradient_reaches_the_teacher():
    z, v, y = logits()
    v.requires_grad_(), z.requires_grad_()
    distillation_loss(z, v, y).backward()
    assert v.grad is None
    assert z.grad is not None


def test_answers_are_those_of_the_evaluation_mode_and_the_mode_is_put_back():
    torch.manual_seed(0)
    teacher = nn.Sequential(nn.Linear(4, 4), nn.Dropout(0.5), nn.BatchNorm1d(4))
    teacher[2].eval()
    x = torch.randn(10, 4)
    found = taught(teacher, x, size=3)
    assert [m.training for m in teacher.modules()] == [True, True, True, False]
    assert torch.allclose(found, teacher.eval()(x), atol=1e-6)
    assert not found.requires_grad


def test_a_student_learns_more_from_a_teacher_than_from_few_labels():
    """Digits: the teacher saw all labels; the students have 100 labels, or the teacher's answers to all inputs."""
    x, y, held_x, held_y = digits()
    teacher = trained(mlp(64, 128, 10), x, y, epochs=20)
    alone = trained(mlp(64, 8, 10), x[:100], y[:100], epochs=150)
    student = mlp(64, 8, 10)
    data = Batches(x, taught(teacher, x), y, size=64, generator=rand(0))
    for _ in fit(student, distillation(alpha=1.0), data, torch.optim.Adam(student.parameters(), lr=0.01), epochs=20):
        pass
    assert accuracy(student, held_x, held_y) > accuracy(alone, held_x, held_y) + 0.03


@pytest.mark.parametrize("options", [{"temperature": 0.0}, {"alpha": 1.5}, {"temperature": math.nan}])
def test_refusals(options):
    with pytest.raises(ValueError, match="got"):
        distillation_loss(*logits(), **options)
