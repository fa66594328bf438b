"""Law: whatever a script does, `run_script` lets nobody tell it from `python SCRIPT`."""

import os
import signal
import subprocess
import sys
import textwrap
import time
import zipfile
from dataclasses import dataclass
from pathlib import Path

import pytest

import rhobar

SOURCE = str(Path(rhobar.__file__).parents[1])
DRIVER = """
import sys
from rhobar.watch.launch import run_script
run_script(sys.argv[1], sys.argv[2:], on_end=lambda ending: None).leave()
"""


@dataclass(frozen=True)
class Outcome:
    code: int
    stdout: str
    stderr: str


def start(command, folder, **options):
    environment = {
        **os.environ,
        "PYTHONPATH": SOURCE,
        "PYTHONDONTWRITEBYTECODE": "1",
        **options.pop("env", {}),
    }
    return subprocess.Popen(
        [sys.executable, *command],
        cwd=folder,
        env=environment,
        stdin=options.pop("stdin", subprocess.PIPE),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **options,
    )


def finish(process, given=""):
    stdout, stderr = process.communicate(given, timeout=60)
    return Outcome(process.returncode, stdout, stderr)


def both(folder, command, given="", **options):
    """Outcomes of `python …` and of our own run."""
    (folder / "driver.py").write_text(DRIVER)
    plain = start(command, folder, **options)
    ours = start(["driver.py", *command], folder, **options)
    return finish(plain, given), finish(ours, given)


def write(folder, text, name="script.py"):
    path = folder / name
    path.write_text(textwrap.dedent(text).lstrip("\n"))
    return path


def ours(folder, text, on_end="lambda ending: print('end', ending)", after=""):
    write(folder, text)
    write(
        folder,
        f"import sys\nfrom rhobar.watch.launch import run_script\n"
        f"ending = run_script('script.py', [], on_end={on_end})\n{after}\nending.leave()",
        "driver.py",
    )
    return finish(start(["driver.py"], folder))


SCRIPTS = {
    "argv": "import sys; print(sys.argv, sys.orig_argv[1:])",
    "names": "print(__name__, __file__, __spec__, __package__, __cached__, __doc__, type(__loader__), list(globals()))",
    "docstring": "'''What it is.'''\nprint(__doc__)",
    "builtins": "print(type(__builtins__), __builtins__.__name__)",
    "annotations": "x: int = 3\nprint(__annotations__)",
    "main module": "import sys; x = 3; print(sys.modules['__main__'].x, sys.modules['__main__'])",
    "path": "import os, sys; print(sys.path[0] == os.path.dirname(__file__), sys.path)",
    "guard": "if __name__ == '__main__': print('main')",
    "sibling": "import sibling; print(sibling.__file__, sibling.value)",
    "sibling raises": "import sibling\nsibling.fail()",
    "exit": "import sys; sys.exit()",
    "exit 0": "raise SystemExit(0)",
    "exit 3": "import sys; sys.exit(3)",
    "exit -1": "import sys; sys.exit(-1)",
    "exit 300": "import sys; sys.exit(300)",
    "exit huge": "import sys; sys.exit(1 << 80)",
    "exit True": "import sys; sys.exit(True)",
    "exit text": "import sys; print('out'); sys.exit('no data')",
    "exit tuple": "raise SystemExit(1, 2)",
    "exit object": "import sys; sys.exit(2.5)",
    "exit from handler": "import sys\ntry:\n    1 / 0\nexcept ZeroDivisionError:\n    sys.exit(4)",
    "exit in thread": "import sys, threading; t = threading.Thread(target=sys.exit, args=(3,)); t.start(); t.join()",
    "os._exit": "import os; print('lost'); os._exit(7)",
    "raises": "x = 3\nraise ValueError('bad', x)",
    "raises inside": "def f(n):\n    return f(n - 1) if n else [][1]\n\nprint('out')\nf(3)",
    "raises a base": "class Stop(BaseException): pass\nraise Stop",
    "raises interrupt's child": "class Stop(KeyboardInterrupt): pass\nraise Stop",
    "cause": "try:\n    1 / 0\nexcept ZeroDivisionError as e:\n    raise RuntimeError('wrapped') from e",
    "context": "def f():\n    try:\n        1 / 0\n    finally:\n        [][0]\nf()",
    "suppressed": "try:\n    1 / 0\nexcept ZeroDivisionError:\n    raise RuntimeError('alone') from None",
    "cycle": "a, b = ValueError('a'), ValueError('b')\na.__cause__ = b\nb.__cause__ = a\nraise a",
    "group": "def f(): raise OSError('o')\ntry:\n    f()\nexcept OSError as e:\n    raise ExceptionGroup('g', [e, ValueError('v')])",
    "note": "e = ValueError('x'); e.add_note('try y'); raise e",
    "suggestion": "import math\nmath.sqr(2)",
    "name suggestion": "value = 3\nprint(valeu)",
    "caught": "import traceback\ndef f(): 1 / 0\ntry:\n    f()\nexcept ZeroDivisionError:\n    traceback.print_exc()",
    "str of it raises": "class E(Exception):\n    def __str__(self): raise ValueError\nraise E",
    "excepthook": "import sys\nsys.excepthook = lambda t, v, tb: print(t, v, tb.tb_lineno, tb.tb_next)\n1 / 0",
    "excepthook raises": "import sys\ndef hook(t, v, tb):\n    v.attribute\nsys.excepthook = hook\n1 / 0",
    "excepthook exits": "import sys\nsys.excepthook = lambda t, v, tb: sys.exit(5)\n1 / 0",
    "no excepthook": "import sys\ndel sys.excepthook\n1 / 0",
    "last": "import atexit, sys\natexit.register(lambda: print(sys.last_type, sys.last_traceback.tb_lineno))\n1 / 0",
    "syntax error": "print('never')\nx = (1,\ny = 2\n",
    "indentation error": "if True:\nx = 1\n",
    "syntax error in sibling": "import broken",
    "missing module": "import no_such_module",
    "missing name": "from sibling import no_such_name",
    "atexit": "import atexit\natexit.register(print, 'first')\natexit.register(print, 'second')\nprint('body')",
    "atexit after error": "import atexit\natexit.register(print, 'handler')\n1 / 0",
    "atexit raises": "import atexit\nclass F:\n    def __call__(self): 1 / 0\n    def __repr__(self): return 'F'\natexit.register(F())",
    "no newline": "import sys; sys.stdout.write('x'); sys.stderr.write('y')",
    "thread": "import threading, time\nthreading.Thread(target=lambda: (time.sleep(.1), print('thread'))).start()\nprint('main')",
    "thread, atexit": "import atexit, threading, time\natexit.register(print, 'handler')\n"
    "threading.Thread(target=lambda: (time.sleep(.1), print('thread'))).start()",
    "thread waits for main": "import threading, time\nmain = threading.main_thread()\n"
    "def wait():\n    while main.is_alive(): time.sleep(.01)\n    print('main ended')\n"
    "threading.Thread(target=wait).start()",
    "executor": "from concurrent.futures import ThreadPoolExecutor\nThreadPoolExecutor(1).submit(print, 'task')",
    "daemon": "import threading, time; threading.Thread(target=time.sleep, args=(60,), daemon=True).start()",
    "warning": "import warnings\n\nwarnings.warn('careful')\n",
    "warning of a caller": "import warnings\ndef old():\n    warnings.warn('old', DeprecationWarning, stacklevel=2)\n\nold()",
    "getsource": "import inspect\ndef f(x):\n    return x  # the identity\nclass A:\n    y = 3\n"
    "print(inspect.getsource(f), inspect.getsource(A), inspect.getfile(f), inspect.getmodule(f).__name__)",
    "pickle": "import pickle\nclass A:\n    def __eq__(self, other): return type(other) is A\n"
    "print(pickle.loads(pickle.dumps(A())) == A(), A)",
    "dataclass": "from dataclasses import dataclass\nfrom typing import get_type_hints\n@dataclass\nclass A:\n    x: 'int' = 3\n"
    "print(A(), get_type_hints(A))",
    "future": "from __future__ import annotations\ndef f(x: Unknown): ...\nprint(f.__annotations__)",
    "no future": "def f(x: 'a' + 'b'): ...\nprint(f.__annotations__)",
    "stdin": "import sys\nprint(input('? '), sys.stdin.read())",
    "spawn": "import multiprocessing as mp\ndef square(x): return x * x\nif __name__ == '__main__':\n"
    "    with mp.get_context('spawn').Pool(1) as pool: print(pool.map(square, [2, 3]))",
    "fork": "import multiprocessing as mp\ndef square(x): return x * x\nwith mp.get_context('fork').Pool(1) as pool:\n"
    "    print(pool.map(square, [2, 3]))",
    "os.fork": "import os, sys\nif os.fork() == 0:\n    sys.exit(3)\nprint(os.waitstatus_to_exitcode(os.wait()[1]))",
    "interrupt": "import atexit\natexit.register(print, 'handler')\ndef f(): raise KeyboardInterrupt\nf()",
    "interrupt handled": "try:\n    raise KeyboardInterrupt\nexcept KeyboardInterrupt:\n    print('stopped')",
    "interrupt, exit": "import sys\ntry:\n    raise KeyboardInterrupt\nexcept KeyboardInterrupt:\n    sys.exit(9)",
    "del": "class A:\n    def __del__(self): print('gone')\na = A()\nprint('end')",
    "asyncio": "import asyncio\nasync def f(): raise ValueError('async')\nasyncio.run(f())",
    "logging": "import logging\nlogging.warning('w')\ndef f(): logging.warning('%s', 1, stack_info=False)\nf()",
    "close stdout": "import sys; sys.stdout.close()",
    "no stderr": "import sys; sys.stderr = None; sys.exit('text')",
    "replaced stderr": "import io, sys; sys.stderr = io.StringIO(); 1 / 0",
}


@pytest.mark.parametrize("text", SCRIPTS.values(), ids=SCRIPTS)
def test_a_script_behaves_as_under_python(text, tmp_path):
    write(tmp_path, "value = 3\n\ndef fail():\n    raise KeyError(value)", "sibling.py")
    write(tmp_path, "def f(:", "broken.py")
    write(tmp_path, text)
    plain, ours = both(tmp_path, ["script.py", "--epochs", "3"], "a\nb\nc")
    assert ours == plain


@pytest.mark.parametrize(
    "source",
    [
        "# -*- coding: latin-1 -*-\nprint(ascii('\xe9'))\n".encode("latin-1"),
        "print(ascii('\xe9'))\n1 / 0  # \xe9\n".encode(),
        b"\xef\xbb\xbfprint('with a byte order mark')\n",
        b"print(1)\r\nprint('''a\r\nb''')\r\n",
        b"",
    ],
    ids=["latin-1", "utf-8", "BOM", "CRLF", "empty"],
)
def test_encodings(source, tmp_path):
    (tmp_path / "script.py").write_bytes(source)
    plain, ours = both(tmp_path, ["script.py"])
    assert ours == plain


@pytest.mark.parametrize(
    "path", ["./sub/script.py", "sub/../sub/script.py", "link.py", "package", "archive.zip", "sub"]
)
def test_other_ways_to_name_a_script(path, tmp_path):
    body = "import sys\nprint(sys.argv, sys.path[0], __file__, __name__, __spec__ is None)\n1 / 0"
    for folder in ("sub", "package"):
        (tmp_path / folder).mkdir()
    write(tmp_path, body, "sub/script.py")
    write(tmp_path, body, "package/__main__.py")
    (tmp_path / "link.py").symlink_to(tmp_path / "sub" / "script.py")
    with zipfile.ZipFile(tmp_path / "archive.zip", "w") as archive:
        archive.writestr("__main__.py", body)
    plain, ours = both(tmp_path, [path, "-x"])
    assert ours == plain


def test_safe_path_is_honoured(tmp_path):
    write(tmp_path, "import sys; print(sys.path)")
    plain, ours = both(tmp_path, ["script.py"], env={"PYTHONSAFEPATH": "1"})
    assert ours == plain


def test_compiled_script(tmp_path):
    import py_compile

    py_compile.compile(str(write(tmp_path, "print(__file__, type(__loader__))")), str(tmp_path / "script.pyc"))
    plain, ours = both(tmp_path, ["script.pyc"])
    assert ours == plain


@pytest.mark.parametrize(
    "body", ["time.sleep(60)", "threading.Event().wait()", "threading.Thread(target=work).start()"]
)
def test_interrupt_from_outside(body, tmp_path):
    write(
        tmp_path,
        f"""
        import atexit, threading, time
        def work():
            time.sleep(.5)
            print('worked')
        atexit.register(print, 'handler')
        print('ready', flush=True)
        {body}
        """,
    )
    (tmp_path / "driver.py").write_text(DRIVER)
    outcomes = []
    for command in (["script.py"], ["driver.py", "script.py"]):
        process = start(command, tmp_path)
        assert process.stdout.readline() == "ready\n"
        time.sleep(0.15)
        process.send_signal(signal.SIGINT)
        outcomes.append(finish(process))
    assert outcomes[1] == outcomes[0]
    if "Thread(" not in body:
        assert outcomes[1].code == -signal.SIGINT
        assert outcomes[1].stdout == "handler\n"


def test_reader_that_goes_away(tmp_path):
    write(tmp_path, "import sys\nfor _ in range(3): print('x' * 1000)\n")
    (tmp_path / "driver.py").write_text(DRIVER)
    outcomes = []
    for command in (["script.py"], ["driver.py", "script.py"]):
        process = start(command, tmp_path)
        process.stdout.close()
        stderr = process.stderr.read()
        outcomes.append((process.wait(60), stderr))
        process.stdin.close()
        process.stderr.close()
    assert outcomes[1] == outcomes[0]


def test_torch_is_not_imported(tmp_path):
    write(
        tmp_path,
        "import sys; print([m for m in ('torch', 'numpy', 'rich', 'jaxtyping') if m in sys.modules])",
    )
    assert both(tmp_path, ["script.py"])[1].stdout == "[]\n"


@pytest.mark.parametrize(
    ("text", "end"),
    [
        ("print('body')", "Ending(code=0, exception=None, interrupted=False)"),
        ("raise SystemExit(3)", "Ending(code=3, exception=None, interrupted=False)"),
        ("raise SystemExit('no')", "Ending(code=1, exception=None, interrupted=False)"),
        ("1 / 0", "Ending(code=1, exception=ZeroDivisionError('division by zero'), interrupted=False)"),
        ("raise KeyboardInterrupt", "Ending(code=130, exception=KeyboardInterrupt(), interrupted=True)"),
    ],
)
def test_on_end_is_told_how_it_ended(text, end, tmp_path):
    outcome = ours(tmp_path, text)
    assert f"end {end}\n" in outcome.stdout
    assert outcome.stdout.count("end ") == 1


def test_order_body_thread_on_end_exit_handler(tmp_path):
    outcome = ours(
        tmp_path,
        """
        import atexit, threading, time
        atexit.register(print, 'handler')
        threading.Thread(target=lambda: (time.sleep(.1), print('thread'))).start()
        print('body')
        """,
        on_end="lambda ending: print('end')",
    )
    assert outcome.stdout.split() == ["body", "thread", "end", "handler"]


def test_a_fork_that_falls_off_the_script_has_no_end_of_ours(tmp_path):
    text = "import os, sys\nif os.fork(): print(os.wait()[1])\n"
    outcome = ours(tmp_path, text, after="print('once', flush=True)")
    assert outcome.stdout.count("end ") == 1
    assert outcome.stdout.count("once") == 1


@pytest.mark.parametrize("error", ["ValueError('broken')", "SystemExit(9)", "KeyboardInterrupt()"])
def test_what_on_end_raises_goes_no_further(error, tmp_path):
    outcome = ours(tmp_path, "raise SystemExit(3)", on_end=f"lambda ending: (_ for _ in ()).throw({error})")
    assert outcome.code == 3
    assert outcome.stderr.startswith("rhobar: the work after the script broke off with ")
    assert outcome.stderr.count("\n") == 1


def test_modules_beside_the_script_do_not_shadow_ours(tmp_path):
    (tmp_path / "sub").mkdir()
    write(tmp_path, "raise RuntimeError('the script\\'s module')", "sub/statistics.py")
    write(tmp_path, "print('body')", "sub/script.py")
    write(
        tmp_path,
        """
        from rhobar.watch.launch import run_script
        def end(ending):
            import statistics
            print(statistics.mean([1, 3]))
        run_script('sub/script.py', [], on_end=end).leave(5)
        """,
        "driver.py",
    )
    assert finish(start(["driver.py"], tmp_path)) == Outcome(5, "body\n2\n", "")


def test_missing_script(tmp_path):
    (tmp_path / "driver.py").write_text(DRIVER.replace("None)", "print('end'))"))
    outcome = finish(start(["driver.py", "no.py"], tmp_path))
    assert outcome == Outcome(
        2, "", f"rhobar: can't open file '{tmp_path}/no.py': [Errno 2] No such file or directory\n"
    )


def test_frames_of_watching_are_dropped_in_the_middle(tmp_path):
    """A callback of ours stands between two frames of the script: an import that fails inside a watched import."""
    write(tmp_path, "def fail():\n    1 / 0\nfail()", "torch.py")
    write(tmp_path, "try:\n    import torch\nexcept ZeroDivisionError as e:\n    raise ValueError from e")
    plain = finish(start(["script.py"], tmp_path))
    write(
        tmp_path,
        """
        import sys
        from rhobar.watch.importing import when_imported
        from rhobar.watch.launch import run_script
        when_imported('torch', lambda: None)
        run_script('script.py', [], on_end=print).leave()
        """,
        "driver.py",
    )
    watched = finish(start(["driver.py"], tmp_path))
    assert (watched.code, watched.stderr) == (plain.code, plain.stderr)
