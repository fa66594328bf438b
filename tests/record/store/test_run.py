"""What a reader gets: every number that was written, and one kind of error for whatever else a file may hold."""

import json
import math
import os
import random
import sqlite3
import zlib

import pytest
from tests.record.store.sources import HOSTILE, Counting, loss_at, reading

from rhobar.record import Diagnosis, Evaluation, Failure, Record, Training, to_json
from rhobar.record.store import Batch, Run, Store, StoreError, find_runs, schema, store
from rhobar.record.store.export import write_csv
from rhobar.record.store.rows import evaluation_row, evaluations_of, reading_rows, readings_of
from rhobar.record.store.table import FORMS


class Once:
    """Hands over one batch."""

    def __init__(self, batch):
        self.batch = batch

    def draw(self):
        return self.batch

    def written(self):
        self.batch = Batch()

    def rewind(self):
        return []


def written(folder, *readings, record=None):
    rows = {"trainings": [(0, "net", None, None, None)]}
    for r in readings:
        for table, made in reading_rows(0, 1.5, r).items():
            rows.setdefault(table, []).extend(made)
    out = Store(folder, name="x")
    out.start(Once(Batch(rows)))
    out.finish(record or Record("x"))
    assert out.complaints == []
    return Run(folder)


@pytest.mark.parametrize("seed", range(20))
def test_readings_come_back_number_for_number(seed):
    readings = [reading(step, seed=100 * seed + step) for step in range(5)]
    tables = {}
    for r in readings:
        for table, rows in reading_rows(0, 1.5, r).items():
            tables.setdefault(table, []).extend(rows)
    nan = [[float(v) if v == "nan" else v for v in row] for row in tables["moments"]]
    plain = {table: [[float(v) if v == "nan" else v for v in row] for row in rows] for table, rows in tables.items()}
    assert nan
    assert repr(readings_of(plain)) == repr(readings)


def test_readings_come_back_from_the_file(tmp_path):
    readings = [reading(step, seed=step) for step in range(10)]
    (training,) = written(tmp_path, *readings).trainings
    assert repr(training.readings) == repr(readings)


def test_evaluations_come_back():
    given = [Evaluation(3, 2, 64, 0.5, None, True, 0.25, "a"), Evaluation(9, 1, 32)]
    assert evaluations_of([evaluation_row(0, i, e) for i, e in enumerate(given)]) == given


def test_every_loss_comes_back(tmp_path):
    losses = [1.0, math.nan, math.inf, -math.inf, 0.0, 1e-310, 1 / 3, 1e300, 5.0]
    out, batch = Store(tmp_path, name="x"), Batch({"trainings": [(0, "net", None, None, None)]})
    batch.series += [store.Series("losses", 0, 0, losses), store.Series("rates", 0, 0, losses[4:])]
    out.start(Once(batch))
    out.finish(Record("x"))
    (training,) = Run(tmp_path).trainings
    assert repr((training.losses, training.rates)) == repr((losses, losses[4:]))


def test_record_and_diagnosis_come_back(tmp_path):
    record = Record("a.py", trainings=[Training("net", losses=[1.0, 0.5])], failure=Failure("KeyError", "'x'"))
    out = Store(tmp_path, name="a.py")
    out.finish(record)
    assert Run(tmp_path).diagnosis is None
    diagnosis = Diagnosis((), ("a",), (), "No finding.")
    out.conclude(diagnosis)
    run = Run(tmp_path)
    assert (run.record, run.diagnosis, run.state) == (record, diagnosis, "failed")
    assert run.facts["headline"] == "No finding."
    assert sorted(p.name for p in tmp_path.iterdir()) == ["run.db"]


def test_a_run_that_goes_on_is_running(tmp_path):
    out = Store(tmp_path, name="x")
    out.start(Counting())
    out.stop()
    run = Run(tmp_path)
    assert run.state == "running"
    assert run.record.unseen[0].reason.startswith("the run is running")
    assert run.record.trainings[0].losses == [loss_at(i) for i in range(len(run.record.trainings[0].losses))]
    out.finish(Record("x"))
    assert run.state == "ended"


def _cells(frame, form):
    if form == "pandas":
        return {name: frame[name].tolist() for name in frame.columns}
    return frame.to_dict(as_series=False) if form == "polars" else frame.to_pydict()


@pytest.mark.parametrize("form", FORMS)
def test_tables_hold_the_columns_in_every_form(tmp_path, form):
    run = written(tmp_path, reading(0, seed=0), reading(1, seed=1))
    for table in run.tables:
        cells, columns = _cells(run.table(table, as_=form), form), run.columns(table)
        if form == "pandas":  # which has NaN for what was not seen
            kinds = schema.kinds()[table]
            columns = {k: [math.nan if v is None and kinds[k] == "REAL" else v for v in c] for k, c in columns.items()}
        assert repr(cells) == repr(columns)


def test_tables_are_refused_by_name(tmp_path):
    run = written(tmp_path)
    with pytest.raises(ValueError, match=r"table must be one of facts, .* got 'documents'\."):
        run.table("documents")
    with pytest.raises(ValueError, match="as_ must be one of pandas, polars, arrow, got 'excel'"):
        run.table("losses", as_="excel")


def test_csv_holds_the_columns(tmp_path):
    run = written(tmp_path, reading(0, seed=0, names=HOSTILE))
    paths = write_csv(run, tmp_path / "out")
    assert {p.parent for p in paths} == {tmp_path / "out"}
    import csv

    with (tmp_path / "out" / "layers.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert [row["layer"] for row in rows] == run.columns("layers")["layer"]


# Files that are no runs, or not only runs


def sql(*statements):
    def harm(path):
        with sqlite3.connect(path) as db:
            for statement in statements:
                db.execute(statement)
        db.close()

    return harm


def document(content):
    def harm(path):
        with sqlite3.connect(path) as db:
            db.execute("UPDATE documents SET json = ? WHERE name = 'record'", (content,))
        db.close()

    return harm


def contents(content):
    return lambda path: path.write_bytes(content)


def fifo(path):
    path.unlink()
    os.mkfifo(path)


FOREVER = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i, 'x', 1, 'y' FROM n"
DEEP = "[" * 100_000
HARMS = {
    "no database": contents(b"hello"),
    "zeros": contents(b"\0" * 8192),
    "a database of another program": sql("PRAGMA application_id = 7"),
    "a newer version": sql("PRAGMA user_version = 99"),
    "no version": sql("PRAGMA user_version = 0"),
    "a negative version": sql("PRAGMA user_version = -3"),
    "an endless view": sql("DROP TABLE lost", f"CREATE VIEW lost AS {FOREVER}"),
    "a further view": sql("CREATE VIEW mine AS SELECT 1"),
    "a trigger": sql("CREATE TRIGGER mine AFTER INSERT ON lost BEGIN SELECT 1; END"),
    "a virtual table": sql("DROP TABLE lost", "CREATE VIRTUAL TABLE lost USING fts5(a)"),
    "a missing table": sql("DROP TABLE losses"),
    "another table": sql("DROP TABLE losses", "CREATE TABLE losses (training INTEGER, step INTEGER, loss REAL)"),
    "text for a number": sql("INSERT INTO losses VALUES (0, 0, 'high')"),
    "a blob for a number": sql("INSERT INTO losses VALUES (0, 0, x'00')"),
    "a number for a step": sql("INSERT INTO losses VALUES (0, 0.5, 1)"),
    "a step far away": sql("INSERT INTO losses VALUES (0, 9000000000000000000, 1)"),
    "a negative step": sql("INSERT INTO losses VALUES (0, -5, 1)"),
    "bytes for a name": sql("UPDATE trainings SET name = x'ff'"),
    "no UTF-8": sql("UPDATE trainings SET name = CAST(x'ff' AS TEXT)"),
    "a fact that is no JSON": sql("UPDATE facts SET value = '{'"),
    "a fact that is deep": sql(f"UPDATE facts SET value = '{DEEP}'"),
    "a fact of another kind": sql("UPDATE facts SET value = '7'"),
    "an optimizer of another kind": sql("UPDATE trainings SET optimizer = '[1]'"),
    "a loss of another kind": sql("""UPDATE trainings SET loss = '{"kind": 3}'"""),
    "a document that is no blob": document("text"),
    "a document that is not packed": document(b"text"),
    "a document that is cut off": document(zlib.compress(to_json(Record("x")).encode())[:-9]),
    "a document of another kind": document(zlib.compress(b'{"name": 3, "trainings": 4}')),
    "a document with further fields": document(zlib.compress(b'{"name": "x", "__class__": 4}')),
    "a deep document": document(zlib.compress(DEEP.encode())),
    "a bomb": document(zlib.compress(b'"' + b"a" * 300_000_000 + b'"', 1)),
    "a named pipe": fifo,
}  # fmt: skip


def read_all(folder):
    """Everything that a reader can ask; returns the error that it met."""
    try:
        run = Run(folder)
        for table in run.tables:
            run.columns(table)
        _ = (run.state, run.courses, run.trainings, run.lost, run.record, run.diagnosis)
    except StoreError as error:
        return error
    return None


@pytest.fixture(scope="module")
def sound(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sound")
    run = written(folder, *(reading(i, seed=i) for i in range(3)), record=Record("x", trainings=[Training("net")]))
    assert read_all(folder) is None
    return run.path.read_bytes()


@pytest.mark.parametrize("harm", HARMS)
def test_a_hostile_file_is_refused_in_a_sentence(tmp_path, sound, harm):
    path = tmp_path / "run.db"
    path.write_bytes(sound)
    HARMS[harm](path)
    if harm == "a fact of another kind":
        assert read_all(tmp_path) is None or isinstance(read_all(tmp_path), StoreError)
        return
    error = read_all(tmp_path)
    assert error is not None and ("run.db" in str(error) or "losses" in str(error))
    assert harm != "a bomb" or "longer than" in str(error)
    assert len(list(find_runs(tmp_path))) <= 1


def test_a_torn_file_is_refused_or_read(tmp_path, sound):
    """Cut off anywhere, with bits turned anywhere: a sentence, or values of the right kind; never another error."""
    rng, refused = random.Random(0), 0
    for i in range(40):
        torn = bytearray(sound[: rng.randrange(len(sound))] if i % 2 else sound)
        for _ in range(rng.randrange(1, 40)):
            if torn:
                torn[rng.randrange(len(torn))] = rng.randrange(256)
        (tmp_path / "run.db").write_bytes(torn)
        refused += read_all(tmp_path) is not None
    assert refused > 20


def test_an_older_version_is_read_as_the_newest(tmp_path, monkeypatch):
    run = written(tmp_path, reading(0, seed=0))
    before = run.path.read_bytes()
    added = "ALTER TABLE losses ADD COLUMN smooth REAL; UPDATE losses SET smooth = loss;"
    monkeypatch.setattr(schema, "MIGRATIONS", (*schema.MIGRATIONS, added))
    monkeypatch.setattr("rhobar.record.store.run._TABLES", schema.kinds())
    assert list(Run(tmp_path).columns("losses")) == ["training", "step", "loss", "smooth"]
    assert run.path.read_bytes() == before
    newer = written(tmp_path / "newer")
    assert list(newer.columns("losses")) == ["training", "step", "loss", "smooth"]
    monkeypatch.undo()
    with pytest.raises(StoreError, match="version 2 and this rhobar reads versions up to 1"):
        Run(tmp_path / "newer")


def test_hostile_names_are_written_and_read_as_they_are(tmp_path):
    run = written(tmp_path, reading(0, seed=0, names=HOSTILE))
    assert [layer.name for layer in run.trainings[0].readings[0].layers] == [
        name.encode("utf-8", "backslashreplace").decode() for name in HOSTILE
    ]
    assert json.loads(json.dumps(run.facts)) == run.facts


def test_other_files_are_no_runs(tmp_path):
    for name in ("x.py", "run.db.bak", "run-0.db", "run-x.db", "my-run.db", "run.db-wal"):
        (tmp_path / name).write_bytes(b"")
    assert list(find_runs(tmp_path)) == []
