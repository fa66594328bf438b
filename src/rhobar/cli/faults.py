"""``rhobar faults``: how often the diagnosis is right, on programs whose faults are known."""

import enum
import json as format_json
import os
from pathlib import Path
from typing import Annotated

import typer

from rhobar.cli.files import write_text

__all__ = ["faults"]


class Part(enum.StrEnum):
    """Which base programs."""

    tuning = "tuning"
    test = "test"
    all = "all"
    fresh = "fresh"


def faults(
    part: Annotated[Part, typer.Option(help="Rules may be mended on tuning and fresh, never on test.")] = Part.test,
    limit: Annotated[int | None, typer.Option(min=2, help="Use so many base programs only.")] = None,
    draw: Annotated[int, typer.Option(min=1, help="Which fresh base programs: those of neither part.")] = 1,
    jobs: Annotated[int, typer.Option(min=1, help="Programs at the same time.")] = 1,
    json: Annotated[Path | None, typer.Option(help="Write scores and programs to this file.")] = None,
    cache: Annotated[Path, typer.Option(help="Answers, kept by source and judging code.")] = Path(".rhobar/faults"),
    misses: Annotated[bool, typer.Option("--misses", help="List the wrong answers, but of the test part.")] = False,
    write: Annotated[Path | None, typer.Option(help="Write the programs to this folder and run none.")] = None,
) -> None:
    """Make faulty programs and their healthy twins, diagnose them, and print how often that was right."""
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    from rhobar.faults import laboratory, table
    from rhobar.faults.execute import warm_up

    if write is not None:
        for program in laboratory.select_programs(part.value, limit, draw=draw):
            write_text(write / f"{program.name}.py", program.source)
        return
    warm_up()
    report = laboratory.investigate(
        part.value,
        limit=limit,
        draw=draw,
        jobs=jobs,
        cache=cache,
        say=lambda line: typer.echo(line, err=True),
    )
    typer.echo(table.summary(report))
    if misses:
        typer.echo("\n".join(["", *table.misses(report)]))
    if json is not None:
        write_text(json, format_json.dumps(table.as_json(report), indent=1))
