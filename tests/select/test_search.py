import math
import os
import signal
import subprocess
import sys
import time

import pytest
import torch

from rhobar.select import Choice, Integer, Real, expected_improvement, grid_points, random_points, search

SPACE = {"x": Real(-2.0, 3.0), "n": Integer(1, 4), "kind": Choice(("a", "b"))}


def bowl(settings, report):
    return (settings["x"] - 1) ** 2 + (settings["n"] - 3) ** 2 + (settings["kind"] == "a")


def rand(seed):
    return torch.Generator().manual_seed(seed)


def same_settings(first, second):
    return [t.settings for t in first.trials] == [t.settings for t in second.trials]


@pytest.mark.parametrize(
    ("method", "trials", "within"), [("bayesian", 60, 0.15), ("random", 150, 0.4), ("grid", 99, 1e-9)]
)
def test_finds_the_optimum_of_a_known_function(method, trials, within):
    found = search(bowl, SPACE, num_trials=trials, method=method, grid_size={"x": 6, "n": 4, "kind": 2})
    assert found.best.value <= within
    assert (found.best.settings["n"], found.best.settings["kind"]) == (3, "b")
    assert abs(found.best.settings["x"] - 1) <= within**0.5
    assert len(found.trials) == (6 * 4 * 2 if method == "grid" else trials)


def test_the_model_beats_chance_at_equal_cost():
    space = {f"x{i}": Real(-1.0, 1.0) for i in range(4)}

    def sphere(settings, report):
        return sum(v * v for v in settings.values())

    ratios = [search(sphere, space, num_trials=40, method="bayesian", seed=s).best.value
              / search(sphere, space, num_trials=40, method="random", seed=s).best.value for s in range(3)]  # fmt: skip
    assert sorted(ratios)[1] < 0.7


def test_maximizes_too():
    found = search(
        lambda s, report: -((s["x"] - 1) ** 2),
        {"x": Real(0.0, 4.0)},
        num_trials=9,
        method="grid",
        grid_size=9,
        maximize=True,
    )
    assert found.best.settings == {"x": 1.0}


@pytest.mark.parametrize("method", ["bayesian", "random", "grid"])
def test_goes_on_without_repeating_trials(method, tmp_path):
    url = f"sqlite:///{tmp_path}/deep/search.db"
    whole = search(bowl, SPACE, num_trials=12, method=method, seed=3)
    calls = []

    def counted(settings, report):
        calls.append(settings)
        return bowl(settings, report)

    search(counted, SPACE, num_trials=5, method=method, seed=3, storage=url)
    assert len(calls) == 5
    parts = search(counted, SPACE, num_trials=12, method=method, seed=3, storage=url)
    assert len(calls) == 12
    assert same_settings(parts, whole)
    search(counted, SPACE, num_trials=12, method=method, seed=3, storage=url)
    assert len(calls) == 12


def test_another_seed_makes_other_trials():
    assert not same_settings(*(search(bowl, SPACE, num_trials=4, method="random", seed=s) for s in (0, 1)))


def test_bad_trials_are_given_up():
    steps = []

    def slow(settings, report):
        for step in range(20):
            report(step, settings["x"])
            steps.append(settings["x"])
        return settings["x"]

    found = search(slow, {"x": Real(0.0, 1.0)}, num_trials=20, method="random")
    pruned = [t for t in found.trials if t.pruned]
    assert 4 <= len(pruned) <= 14
    assert all(t.value > found.best.value for t in pruned)
    assert len(steps) < 20 * 20
    assert not any(
        t.pruned for t in search(slow, {"x": Real(0.0, 1.0)}, num_trials=20, method="random", prune=False).trials
    )


def test_not_a_number_is_the_worst():
    found = search(
        lambda s, report: math.nan if s["x"] < 0.5 else s["x"],
        {"x": Real(0.0, 1.0)},
        num_trials=5,
        method="grid",
        grid_size=5,
    )
    assert found.best.value == 0.5
    assert [t.value for t in found.trials] == [math.inf, math.inf, 0.5, 0.75, 1.0]


def test_an_error_passes_through_and_the_trial_is_not_counted(tmp_path):
    url = f"sqlite:///{tmp_path}/search.db"

    def breaks(settings, report):
        raise RuntimeError("no such device")

    with pytest.raises(RuntimeError, match="no such device"):
        search(breaks, SPACE, num_trials=3, storage=url)
    assert len(search(bowl, SPACE, num_trials=3, storage=url).trials) == 3


def test_an_interrupted_trial_is_made_again(tmp_path):
    url, seen = f"sqlite:///{tmp_path}/search.db", []

    def interrupted(settings, report):
        seen.append(dict(settings))
        if len(seen) == 3:
            raise KeyboardInterrupt
        return bowl(settings, report)

    with pytest.raises(KeyboardInterrupt):
        search(interrupted, SPACE, num_trials=6, storage=url)
    found = search(interrupted, SPACE, num_trials=6, storage=url)
    assert len(found.trials) == 6
    assert seen[3] == seen[2]
    assert len(seen) == 7


def test_the_other_direction_is_refused(tmp_path):
    url = f"sqlite:///{tmp_path}/search.db"
    search(bowl, SPACE, num_trials=1, storage=url)
    with pytest.raises(ValueError, match="was begun to minimize, not to maximize"):
        search(bowl, SPACE, num_trials=1, storage=url, maximize=True)


WORKER = """
import sys, time
from rhobar.select import Real, search
def objective(settings, report):
    for word in ("start", "end"):
        with open(sys.argv[2], "a") as log:
            log.write(f"{word} {settings['x']}\\n")
        time.sleep(0.3 * (word == "start"))
    return settings["x"] ** 2
search(objective, {"x": Real(-1.0, 1.0)}, num_trials=12, method="random", storage=sys.argv[1], seed=5)
"""


def logged(log, word):
    return [line.split()[1] for line in log.read_text().splitlines() if line.startswith(word)] if log.exists() else []


def stored(url):
    import optuna

    study = optuna.load_study(study_name="search", storage=url)
    return [str(t.params["x"]) for t in study.get_trials(states=[optuna.trial.TrialState.COMPLETE])]


def test_two_killed_processes_lose_nothing_and_repeat_nothing(tmp_path):
    url, log = f"sqlite:///{tmp_path}/search.db", tmp_path / "log"
    pair = [subprocess.Popen([sys.executable, "-W", "ignore", "-c", WORKER, url, str(log)]) for _ in range(2)]
    while len(logged(log, "start")) < 5 and all(process.poll() is None for process in pair):
        time.sleep(0.01)
    for process in pair:
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    begun = logged(log, "start")
    ended = stored(url)  # a kill between the end of a trial and its report is one of an unfinished trial
    assert len(ended) < len(begun) < 12
    assert len(set(begun)) == len(begun), "two processes never make the same trial"
    made = []
    found = search(lambda s, report: made.append(str(s["x"])) or s["x"] ** 2, {"x": Real(-1.0, 1.0)},
                   num_trials=12, method="random", storage=url, seed=5)  # fmt: skip
    assert not set(made) & set(ended), "what was finished is not repeated"
    assert set(begun) - set(ended) <= set(made), "what was interrupted is made again"
    assert len(found.trials) == 12
    # One killed before it drew its settings leaves out its draw: with two processes two at most.
    whole = search(lambda s, report: 0.0, {"x": Real(-1.0, 1.0)}, num_trials=14, method="random", seed=5)
    assert {t.settings["x"] for t in found.trials} <= {t.settings["x"] for t in whole.trials}


def test_a_trial_whose_process_was_killed_before_it_gave_its_name_is_not_waited_for(tmp_path, monkeypatch):
    import optuna

    from rhobar.select.search import shared

    url = f"sqlite:///{tmp_path}/search.db"
    search(bowl, SPACE, num_trials=1, method="random", storage=url)
    optuna.load_study(study_name="search", storage=url).ask()  # as a killed process leaves it
    monkeypatch.setattr(shared, "_NAMED_WITHIN", 0.5)
    assert len(search(bowl, SPACE, num_trials=2, method="random", storage=url).trials) == 2


def test_grid_and_random_points():
    points = grid_points(SPACE, {"x": 3, "n": 9, "kind": 1 + 1})
    assert len(points) == 3 * 4 * 2
    assert len({tuple(p.items()) for p in points}) == 24
    assert {p["x"] for p in points} == {-2.0, 0.5, 3.0}
    drawn = random_points(SPACE, 4000, generator=rand(0))
    assert drawn == random_points(SPACE, 4000, generator=rand(0))
    assert all(-2 <= p["x"] <= 3 for p in drawn)
    for n in (1, 2, 3, 4):
        assert sum(p["n"] == n for p in drawn) == pytest.approx(1000, abs=120)
    assert sum(p["kind"] == "a" for p in drawn) == pytest.approx(2000, abs=150)


def test_logarithmic_intervals_are_uniform_in_the_logarithm():
    drawn = random_points({"lr": Real(1e-4, 1.0, log=True), "width": Integer(1, 64, log=True)}, 4000, generator=rand(0))
    for decade in range(4):
        assert sum(10.0 ** (decade - 4) <= p["lr"] < 10.0 ** (decade - 3) for p in drawn) == pytest.approx(
            1000, abs=120
        )
    assert grid_points({"lr": Real(1e-4, 1.0, log=True)}, 5) == [{"lr": 10.0**k} for k in range(-4, 1)]
    assert sum(p["width"] <= 8 for p in drawn) == pytest.approx(4000 * math.log(17) / math.log(129), abs=160)


def test_random_points_try_more_values_of_the_one_that_matters():
    """1 of d parameters matters: n points are n values of it at random, n^{1/d} on a grid."""
    space = {"matters": Real(0.0, 1.0), "a": Real(0.0, 1.0), "b": Real(0.0, 1.0)}
    grid, drawn = grid_points(space, 4), random_points(space, 64, generator=rand(0))
    assert len({p["matters"] for p in grid}) == 4 == round(len(grid) ** (1 / 3))
    assert len({p["matters"] for p in drawn}) == len(drawn) == len(grid)
    gaps = {"grid": [], "random": []}
    for seed in range(50):
        best = float(torch.rand((), generator=rand(seed)))
        gaps["grid"].append(min(abs(p["matters"] - best) for p in grid))
        gaps["random"].append(
            min(abs(p["matters"] - best) for p in random_points(space, 64, generator=rand(900 + seed)))
        )
    assert sum(gaps["random"]) < 0.3 * sum(gaps["grid"])


def test_expected_improvement_is_the_expectation():
    mean, std = torch.tensor([0.3, -1.0, 2.0], dtype=torch.float64), torch.tensor([1.0, 0.5, 0.7], dtype=torch.float64)
    y = mean + std * torch.randn(400_000, 3, generator=rand(0), dtype=torch.float64)
    assert torch.allclose(expected_improvement(mean, std, 0.2), (0.2 - y).clamp_min(0).mean(0), atol=4e-3)
    assert torch.allclose(
        expected_improvement(mean, std, 0.2, minimize=False), (y - 0.2).clamp_min(0).mean(0), atol=4e-3
    )


def test_expected_improvement_is_never_negative_and_zero_where_all_is_known():
    mean, std = torch.linspace(-3, 40, 200), torch.linspace(0, 2, 200)
    assert bool((expected_improvement(mean, std, -3.5) >= 0).all())
    tried = torch.tensor([0.5, 0.2, 0.9])
    assert expected_improvement(tried, torch.zeros(3), float(tried.min())).tolist() == [0.0, 0.0, 0.0]
    assert expected_improvement(torch.tensor([0.1]), torch.zeros(1), 0.2).tolist() == pytest.approx([0.1])


@pytest.mark.parametrize("call", [
    lambda: Real(1.0, 1.0), lambda: Real(0.0, 1.0, log=True), lambda: Choice(()), lambda: Real(0.0, math.inf),
    lambda: grid_points({}), lambda: grid_points({"x": Real(0.0, 1.0)}, {"y": 3}), lambda: grid_points({"x": Real(0.0, 1.0)}, 1),
    lambda: search(bowl, {}, num_trials=3), lambda: search(bowl, SPACE, num_trials=0),
])  # fmt: skip
def test_refusals(call):
    with pytest.raises(ValueError, match=r"got|lacks"):
        call()
