"""The promise, on whole programs: silence on healthy trainings, the right cause first on sick ones.

Each program runs as ``rhobar run`` would run it, in a fork of the test process.
"""

import re
from pathlib import Path

import pytest
from tests.corpus import Program, judge, programs, warm_up

HERE = Path(__file__).parent
HEALTHY = [
    pytest.param(
        program,
        id=program.path.stem,
        marks=[pytest.mark.slow] if program.path.parent.name in ("second", "third") else [],
    )
    for program in programs([HERE / "healthy"])
]
PAIRS = list(programs([HERE / "programs" / "tuning"]))
KNOWN_MISSES = {
    # What the programs of the tuning part hold and rhobar does not name first yet.
    "gradient-ascent-cosine-mapping",
    "too-few-epochs-mnist1d",
    "too-little-capacity-rings",
    "train-validation-overlap-two-draws",
}


@pytest.fixture(scope="module", autouse=True)
def _warm() -> None:
    warm_up()


def _marked(chosen: list[Program]) -> list:
    """The first sick program of each fault runs always, the rest of the pairs in the long suite."""
    seen: set[str] = set()
    out = []
    for program in chosen:
        fault = program.expected[0] if program.expected else ""
        always = bool(fault) and fault not in seen
        seen.add(fault)
        marks = [] if always else [pytest.mark.slow]
        if fault and program.path.parent.name in KNOWN_MISSES:
            marks.append(pytest.mark.xfail(reason="not named first yet", strict=False))
        out.append(pytest.param(program, id=re.sub(r"/", "-", program.name), marks=marks))
    return out


@pytest.mark.parametrize("program", HEALTHY)
def test_a_healthy_training_gets_no_finding(program: Program) -> None:
    said = judge(program)
    assert not said.error, said.error
    assert said.ranked == (), said.headline


@pytest.mark.parametrize("program", _marked(PAIRS))
def test_a_program_gets_the_right_answer_first(program: Program) -> None:
    said = judge(program)
    assert not said.error, said.error
    if program.expected:
        assert said.ranked and said.ranked[0] in program.expected, (said.ranked, said.headline)
    else:
        assert said.ranked == (), said.headline
