"""The files that a watched run leaves: report, diagnosis and record, each whole or not at all, and its store."""

import os
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rhobar.record import Diagnosis, Record
    from rhobar.record.store import Store

__all__ = ["Files", "rank_of_run", "write_text"]


def rank_of_run() -> int:
    """Which of the processes that torchrun started this is; 0 for one that stands alone."""
    text = os.environ.get("RANK", "")
    return int(text) if text.isdecimal() else 0


@dataclass(frozen=True)
class Files:
    """Where the files of a run go.

    Attributes:
        out: Folder for all of them.
        json: One more place for the diagnosis.
        report: One more place for the page.
        quiet: Do not say what could not be written.
        store: What was written while the training ran; gets the diagnosis as well.
    """

    out: Path
    json: Path | None = None
    report: Path | None = None
    quiet: bool = False
    store: "Store | None" = None

    @classmethod
    def of(
        cls,
        out: Path,
        name: str,
        json: Path | None = None,
        report: Path | None = None,
        quiet: bool = False,
        *,
        new: bool,
    ) -> "Files":
        """The files of a run that begins now; among several processes of one training the first has the store.

        Args:
            out: The folder.
            name: The script or recipe.
            json: One more place for the diagnosis.
            report: One more place for the page.
            quiet: Do not say what could not be written.
            new: Take ``out-2``, ``out-3``, … where the folder is there already.
        """
        from rhobar.record.store import Store, new_folder

        if rank_of_run():
            return cls(out, json, report, quiet)
        if new:
            with suppress(OSError):  # the store will say so
                out = new_folder(out.parent, out.name)
        return cls(out, json, report, quiet, Store(out, name=name))

    def write(self, record: "Record", diagnosis: "Diagnosis") -> Path | None:
        """Write all files; what cannot be written is said, and nothing else is lost.

        Returns:
            The page to point at; None if it could not be written.
        """
        from rhobar.record import to_json
        from rhobar.report.html import write_report
        from rhobar.report.json_report import diagnosis_json

        def page_at(path: Path) -> None:
            path.parent.mkdir(parents=True, exist_ok=True)
            write_report(record, diagnosis, path)

        for path in (self.out / "diagnosis.json", self.json):
            if path is not None:
                self._try(path, lambda p: write_text(p, diagnosis_json(record, diagnosis)))
        self._try(self.out / "record.json", lambda p: write_text(p, to_json(record)))
        if self.store is not None:
            self.store.conclude(diagnosis)
            self._complain(self.store)
        page: Path | None = self.report or self.out / "report.html"
        for path in {self.out / "report.html", self.report}:
            if path is not None and not self._try(path, page_at) and path == page:
                page = None
        return page

    def _complain(self, store: "Store") -> None:
        for what, why in store.complaints if not self.quiet else []:
            print(f"rhobar: the run store in {self.out} lacks {what}: {why}.", file=sys.stderr)

    def _try(self, path: Path, write: Callable[[Path], None]) -> bool:
        try:
            write(path)
        except OSError as error:
            if not self.quiet:
                print(f"rhobar: could not write {path}: {error.strerror or error}.", file=sys.stderr)
            return False
        return True


def write_text(path: Path, text: str) -> None:
    """Write a file so that it is there whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    temporary.write_text(text, encoding="utf-8")
    os.replace(temporary, path)
