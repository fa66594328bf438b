"""The laboratory's result as text: one row a tool, one row a cause."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from rhobar.faults.catalogue import FAULTS
from rhobar.faults.laboratory import Outcome, Report
from rhobar.faults.score import MEASURES, Verdict, always_flag, never_flag, score
from rhobar.select.bootstrap import Bootstrap

__all__ = ["as_json", "cause_table", "misses", "score_table", "summary", "verdicts"]


def verdicts(outcomes: Iterable[Outcome]) -> list[Verdict]:
    """Return what rhobar said beside what is true."""
    return [
        Verdict(
            o.program.base.name,
            tuple(frozenset((fault.cause, *fault.also)) for fault in o.program.faults),
            bool(o.answer.ranked),
            o.answer.causes,
            o.answer.ranked,
        )
        for o in outcomes
    ]


def baselines(said: Sequence[Verdict]) -> dict[str, list[Verdict]]:
    """Return those who always and never flag; the causes in the order of the catalogue, which knows no part."""
    causes = tuple(dict.fromkeys(fault.cause for fault in FAULTS))
    return {"always flag": always_flag(said, causes), "never flag": never_flag(said)}


def score_table(tools: Mapping[str, Sequence[Verdict]]) -> str:
    """Return a Markdown table of all measures of each tool, with 95 % intervals in per cent."""
    rows = [f"| | {' | '.join(MEASURES)} |", f"|---|{'---|' * len(MEASURES)}"]
    rows += [f"| {name} | {' | '.join(map(_cell, score(said).values()))} |" for name, said in tools.items()]
    return "\n".join(rows)


def _cell(found: Bootstrap) -> str:
    return f"{100 * found.value:.1f} ({100 * found.low:.0f}–{100 * found.high:.0f})"


def cause_table(said: Sequence[Verdict], outcomes: Sequence[Outcome]) -> str:
    """Return a Markdown table: of the programs with one fault, how many of each cause were named, and when."""
    first, three, silent, number = Counter[str](), Counter[str](), Counter[str](), Counter[str]()
    for verdict, outcome in zip(said, outcomes, strict=True):
        if len(outcome.program.faults) != 1:
            continue
        cause = outcome.program.faults[0].cause
        number[cause] += 1
        first[cause] += bool(verdict.right & set(verdict.ranked[:1]))
        three[cause] += bool(verdict.right & set(verdict.ranked[:3]))
        silent[cause] += not verdict.flagged
    rows = ["| cause | programs | first | among three | silent |", "|---|---|---|---|---|"]
    rows += [f"| `{c}` | {number[c]} | {first[c]} | {three[c]} | {silent[c]} |" for c in sorted(number)]
    return "\n".join(rows)


def summary(report: Report) -> str:
    """Return the tables of a report with a line on what counts."""
    said = verdicts(report.outcomes)
    sick = [o for o in report.outcomes if o.program.faults]
    lines = [
        f"Part: {report.part}. {len(report.outcomes)} programs of {len({v.base for v in said})} base programs: "
        f"{len(report.outcomes) - len(sick)} healthy, {sum(len(o.program.faults) == 1 for o in sick)} with one fault, "
        f"{sum(len(o.program.faults) == 2 for o in sick)} with two.",
        f"Dropped: {len(report.unharmed)} programs whose faults did no measurable harm, and all of "
        f"{len(report.unhealthy)} base programs whose healthy twin did not learn. "
        f"Without a complete diagnosis: {len(report.failed)}.",
        "",
        "Per cent, with 95 % bootstrap intervals over the base programs:",
        "",
        score_table({"rhobar": said, **baselines(said)}),
        "",
        cause_table(said, report.outcomes),
    ]
    return "\n".join(lines)


def misses(report: Report) -> list[str]:
    """Return a line for each wrong answer; those of the test part are not to be read and not given."""
    lines = []
    for verdict, outcome in zip(verdicts(report.outcomes), report.outcomes, strict=True):
        program, answer = outcome.program, outcome.answer
        right = bool(verdict.right & set(verdict.ranked[:1])) if program.faults else not verdict.flagged
        if program.base.part != "test" and not right:
            lines.append(f"{program.name}: said {', '.join(answer.ranked) or 'nothing'} (score {answer.score:.3f})")
    return lines


def as_json(report: Report) -> dict[str, object]:
    """Return a report for machines; of the test part without what was said of a program."""
    said = verdicts(report.outcomes)
    tools = {"rhobar": said, **baselines(said)}
    return {
        "part": report.part,
        "programs": [
            {
                "name": o.program.name,
                "faults": [fault.name for fault in o.program.faults],
                "score": None if o.answer.score != o.answer.score else o.answer.score,
                **({"said": o.answer.ranked} if o.program.base.part != "test" else {}),
            }
            for o in report.outcomes
        ],
        "unharmed": report.unharmed,
        "unhealthy": report.unhealthy,
        "scores": {tool: {name: [b.value, b.low, b.high] for name, b in score(v).items()} for tool, v in tools.items()},
    }
