"""Laws of when_imported: once, after the import, whoever makes it, and without a trace."""

import importlib
import importlib.util
import inspect
import pickle
import sys
import threading

import pytest

from rhobar.watch.importing import when_imported


@pytest.fixture
def name(tmp_path, monkeypatch):
    """A package with a submodule, which torch stands for."""
    package = tmp_path / "fake_torch"
    package.mkdir()
    (package / "__init__.py").write_text("from fake_torch import nn\nclass Tensor: pass\ncomplete = True\n")
    (package / "nn.py").write_text("import fake_torch\nrelu = max\n")
    monkeypatch.syspath_prepend(tmp_path)
    importlib.invalidate_caches()
    before = sys.meta_path.copy()
    yield "fake_torch"
    assert sys.meta_path == before
    for module in [m for m in sys.modules if m.partition(".")[0] == "fake_torch"]:
        del sys.modules[module]


def import_plainly():
    import fake_torch

    return fake_torch


def import_from():
    from fake_torch import nn

    return nn


def import_submodule():
    import fake_torch.nn

    return fake_torch


def probe_then_import():
    assert importlib.util.find_spec("fake_torch").loader is not None
    assert importlib.util.find_spec("fake_torch.nn") is not None  # imports the parent
    return importlib.import_module("fake_torch")


def import_in_a_thread():
    thread = threading.Thread(target=importlib.import_module, args=("fake_torch",))
    thread.start()
    thread.join()


WAYS = [import_plainly, import_from, import_submodule, probe_then_import, import_in_a_thread]


@pytest.mark.parametrize("way", WAYS)
def test_called_once_after_the_module_is_complete(way, name):
    seen = []
    when_imported(name, lambda: seen.append(sys.modules[name].complete))
    way()
    import_plainly()
    assert seen == [True]


def appearance(module):
    loader = module.__loader__
    return type(module.__spec__), type(loader), sorted(vars(loader)), sorted(vars(module))


@pytest.mark.parametrize("way", WAYS)
def test_nothing_is_left_behind(way, name):
    way()
    plain = sys.modules[name]
    expected = appearance(plain)
    for module in (name, f"{name}.nn"):
        del sys.modules[module]
    when_imported(name, lambda: None)
    way()
    module = sys.modules[name]
    assert appearance(module) == expected
    assert module.__spec__.loader is module.__loader__
    assert "class Tensor" in inspect.getsource(module)
    assert pickle.loads(pickle.dumps(module.Tensor)) is module.Tensor
    assert importlib.reload(module) is module


def test_called_at_once_if_it_is_there():
    seen = []
    when_imported("sys", lambda: seen.append(1))
    assert seen == [1]


def test_callback_may_import_the_module(name):
    seen = []
    when_imported(name, lambda: seen.append(import_from().relu))
    import_plainly()
    assert seen == [max]


@pytest.mark.parametrize("hook", [True, False])
def test_error_in_the_callback_does_not_break_the_import(hook, name, capsys):
    errors = []

    def fail():
        raise ValueError("broken")

    when_imported(name, fail, on_error=errors.append if hook else None)
    assert import_plainly().complete
    assert [str(e) for e in errors] == ["broken"] * hook
    line = "rhobar: cannot watch this run: ValueError: broken\n"
    assert capsys.readouterr().err == ("" if hook else line)


def test_two_watchers_of_one_module(name):
    seen = []
    when_imported(name, lambda: seen.append("a"))
    when_imported(name, lambda: seen.append("b"))
    module = import_plainly()
    assert sorted(seen) == ["a", "b"]
    assert "exec_module" not in vars(module.__loader__)


def test_failed_import_does_not_count(name, tmp_path):
    source = tmp_path / name / "__init__.py"
    good = source.read_text()
    source.write_text("raise ImportError('no library')")
    seen = []
    when_imported(name, lambda: seen.append(1))
    with pytest.raises(ImportError, match="no library"):
        import_plainly()
    assert seen == []
    source.write_text(good + "# of another size than before\n")
    assert import_plainly().complete
    assert seen == [1]


def test_cancelled(name):
    seen = []
    cancel = when_imported(name, lambda: seen.append(1))
    importlib.util.find_spec(name)
    cancel()
    cancel()
    import_plainly()
    assert seen == []


def test_module_that_does_not_exist():
    cancel = when_imported("no_such_module_at_all", lambda: None)
    with pytest.raises(ModuleNotFoundError):
        importlib.import_module("no_such_module_at_all")
    assert importlib.util.find_spec("no_such_module_at_all") is None
    cancel()
