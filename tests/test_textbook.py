"""Every id of the textbook is carried by something here, or the reason why not is stated; no id is invented."""

import ast
import pkgutil
from functools import cache

import pytest
from scripts.gallery.carriers import Carriers, carriers, declared_ids
from scripts.gallery.docstrings import prepare
from scripts.gallery.textbook import ROOT, ids_in, textbook
from scripts.gallery.textbook_page import slug, textbook_page

from rhobar.experiments import experiments

BOOK = textbook()


@cache
def carried() -> dict[str, Carriers]:
    return carriers()


def test_every_id_is_carried_or_says_why_not():
    silent = [i for i in BOOK.ids if not carried().get(i) and i not in BOOK.reasons]
    assert silent == [], f"name them after `Textbook:` in a docstring, or give a reason in docs/textbook.toml: {silent}"


def test_reasons_are_of_ids_that_nothing_carries():
    assert [i for i, why in BOOK.reasons.items() if carried().get(i) or i not in BOOK.ids or not why.strip()] == []


def test_what_is_carried_is_tested():
    by_item = [[carried()[i] for i in item.ids if carried().get(i)] for item in BOOK.items]
    assert [i.ids for i, some in zip(BOOK.items, by_item, strict=True) if some and not any(c.tests for c in some)] == []


def test_code_names_no_id_that_is_not_there():
    known = set(BOOK.ids)
    wrong = [(i, name) for i, name in declared_ids() if i not in known]
    wrong += [(i, e.name) for e in experiments().values() for i in e.textbook if i not in known]
    assert wrong == []


def test_every_id_stands_once_and_has_a_title():
    assert len(set(BOOK.ids)) == len(BOOK.ids) == 333
    assert [item.ids for item in BOOK.items if not item.title.strip()] == []
    assert [i for i in BOOK.ids if list(ids_in(i)) != [i]] == []


def test_every_carrier_exists():
    for name in {n for c in carried().values() for n in c.functions}:
        assert pkgutil.resolve_name(name) is not None


def test_tests_that_carry_are_there():
    for test in {t.partition("[")[0] for c in carried().values() for t in c.tests}:
        file, _, name = test.partition("::")
        tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
        assert not name or name in [getattr(node, "name", "") for node in tree.body], test


def test_the_page_has_an_anchor_for_every_id():
    page = textbook_page(BOOK, carried(), {})
    assert [i for i in BOOK.ids if page.count(f'id="{slug(i)}"') != 1] == []
    assert all(item.title in page for item in BOOK.items)
    assert all(why in page for why in BOOK.reasons.values())


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("Textbook: A33, B8[Calc] (part 4)", ["A33", "B8"]),
        ("C57–C60.", ["C57", "C58", "C59", "C60"]),
        ("C-§2.1.3a, C-§8.2.", ["C-§2.1.3a", "C-§8.2"]),
        ("AB12, A123, xA1, A1b, B2_x", []),
    ],
)
def test_ids_are_read(text: str, ids: list[str]):
    assert list(ids_in(text)) == ids


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("E[v*] ≤ |x| and x_ of `f(*a)`s", r"E[v\*] ≤ \|x\| and x\_ of `f(*a)`\ s"),
        (">>> 2 * 3 | 4", ">>> 2 * 3 | 4"),
        ("* one of ``a|b``", "* one of ``a|b``"),
        ("Textbook: C-§2.1.3a.", "Textbook: `C-§2.1.3a <#C-2.1.3a>`__."),
        ("the value A1 of nothing", "the value A1 of nothing"),
    ],
)
def test_signs_of_docstrings_stay_signs(line: str, said: str):
    assert prepare([line], place=lambda i: f"#{slug(i)}") == [said]
