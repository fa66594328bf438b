"""Laws of the generator: programs compile, twins differ in the fault only, the parts share nothing, nothing is random."""

import ast
import hashlib
import subprocess
import sys
from collections import Counter

import pytest

from rhobar.diagnose import findings as _registered
from rhobar.diagnose.rule import RULES
from rhobar.faults.base import bases
from rhobar.faults.catalogue import FAULTS
from rhobar.faults.draft import Draft, weave
from rhobar.faults.program import Program, fresh_programs, programs

assert _registered


@pytest.fixture(scope="module")
def made() -> tuple[Program, ...]:
    return programs()


def test_every_program_compiles_and_no_two_are_alike(made) -> None:
    sources = [program.source for program in made]
    for program, source in zip(made, sources, strict=True):
        compile(source, program.name, "exec")
        assert "<<" not in source
    assert len(set(sources)) == len(sources) > 300


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_a_fault_fits_some_base_and_changes_it_wherever_it_fits(fault) -> None:
    fitting = [base.draft for base in bases() if fault.fits(base.draft)]
    assert fitting
    for draft in fitting[:: 1 + len(fitting) // 6]:
        sick = fault.change(draft)
        assert sick.source() != draft.source()
        compile(sick.source(), fault.name, "exec")
        # Everything that is not the fault stays: the arrangement, the names, how settings are stated.
        assert (sick.layout, sick.names, sick.facts, sick.setting) == (
            draft.layout,
            draft.names,
            draft.facts,
            draft.setting,
        )
        touched = [name for name in draft.slots if sick.slots[name] != draft.slots[name]]
        touched += [name for name in draft.settings if sick.settings[name] != draft.settings[name]]
        assert len(touched) + (sick.options != draft.options) <= 3, touched


def test_every_cause_has_the_name_of_a_finding() -> None:
    named = {id for fault in FAULTS for id in (fault.cause, *fault.also)}
    assert named <= {id for id, rule in RULES.items() if rule.kind == "cause"}
    assert len({fault.name for fault in FAULTS}) == len(FAULTS)
    assert len({fault.cause for fault in FAULTS}) >= 36


def test_the_parts_share_no_base_program_and_hold_the_same_kinds(made) -> None:
    of_part = {part: [p for p in made if p.base.part == part] for part in ("tuning", "test")}
    names = {part: {p.base.name for p in chosen} for part, chosen in of_part.items()}
    assert not names["tuning"] & names["test"]
    sources = {part: {p.source for p in chosen} for part, chosen in of_part.items()}
    assert not sources["tuning"] & sources["test"]
    causes = {part: {f.cause for p in chosen for f in p.faults} for part, chosen in of_part.items()}
    assert causes["tuning"] == causes["test"] == {fault.cause for fault in FAULTS}
    for part, chosen in of_part.items():
        counted = Counter(f.cause for p in chosen if len(p.faults) == 1 for f in p.faults)
        assert max(counted.values()) <= 2 * min(counted.values()), (part, counted)


def test_a_fresh_draw_is_in_neither_part_and_each_is_another(made) -> None:
    names, sources = {p.base.name for p in made}, {p.source for p in made}
    draws = [fresh_programs(draw, 20) for draw in (1, 2)]
    for drawn in draws:
        assert len({p.base.name for p in drawn}) == 20
        assert not names & {p.base.name for p in drawn} and not sources & {p.source for p in drawn}
    assert not {p.source for p in draws[0]} & {p.source for p in draws[1]}
    assert [p.source for p in fresh_programs(1, 20)] == [p.source for p in draws[0]]


def test_every_base_has_one_healthy_twin_and_pairs_are_of_its_single_faults(made) -> None:
    for base in bases():
        own = [p.faults for p in made if p.base.name == base.name]
        assert own[0] == () and [len(f) for f in own].count(0) == 1
        singles = {f for faults in own if len(faults) == 1 for f in faults}
        for pair in (faults for faults in own if len(faults) == 2):
            assert set(pair) <= singles and not any(f.fatal for f in pair)
            assert pair[0].cause != pair[1].cause


def test_the_programs_are_the_same_in_another_process(made) -> None:
    code = (
        "import hashlib; from rhobar.faults.program import programs; "
        "print(hashlib.sha256(''.join(p.name + p.source for p in programs()).encode()).hexdigest())"
    )
    there = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    here = hashlib.sha256("".join(p.name + p.source for p in made).encode()).hexdigest()
    assert there.stdout.strip() == here


def test_no_program_reads_a_name_that_it_renamed_away() -> None:
    """A canonical name with another name for it stands nowhere in the program."""
    for base in bases():
        found = {node.id for node in ast.walk(ast.parse(base.draft.source())) if isinstance(node, ast.Name)}
        assert not found & set(base.draft.names), base.name


@pytest.mark.parametrize(
    ("text", "slots", "complaint"),
    [
        ("<<a>>", {"a": "<<a>>"}, "holds itself"),
        ("x = <<a>>", {}, "must be filled"),
        ("x = <<a>>", {"a": "1\n2"}, "one line"),
    ],
)
def test_weaving_refuses(text, slots, complaint) -> None:
    with pytest.raises(ValueError, match=complaint):
        weave(text, slots)


def test_a_fault_cannot_miss_its_place_silently() -> None:
    draft: Draft = bases()[0].draft
    with pytest.raises(ValueError, match="must exist"):
        draft.fill(no_such_slot="")
    with pytest.raises(ValueError, match="must exist"):
        draft.set(no_such_setting=1)
