"""The rules and who cites them: every cited anchor exists, and a test cites every rule."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
RULES = ROOT / "docs" / "rules"
NAMES = "check|commands|examples|files|hands|mapping|plans|reconciling|report|settings|synchronising"
CITATION = re.compile(rf"\b({NAMES})\.md(#[\w-]+)?")
FOLDERS = ("cwtui", "tests", "benchmarks", "fuzz", "screenshots")
CODE = [path for folder in FOLDERS for path in (ROOT / folder).rglob("*.py")]
PAGES = [*RULES.glob("*.md"), *(ROOT / "docs").glob("*.md"), *(ROOT / "docs" / "adr").glob("*.md"), ROOT / "README.md"]


def _slug(heading: str) -> str:
    """A heading's anchor, as GitHub makes it."""
    return re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")


def _anchors(page: Path) -> list[str]:
    return [
        f"{page.name}#{_slug(line[3:])}"
        for line in page.read_text(encoding="utf-8").splitlines()
        if line.startswith("## ")
    ]


ANCHORS = [anchor for page in sorted(RULES.glob("*.md")) if page.name != "README.md" for anchor in _anchors(page)]


def _cited(path: Path) -> list[str]:
    return [found[0] for found in CITATION.finditer(path.read_text(encoding="utf-8"))]


def test_no_two_rules_share_an_anchor() -> None:
    assert len(ANCHORS) == len(set(ANCHORS))


def test_every_cited_anchor_exists() -> None:
    wrong = [
        f"{path.relative_to(ROOT)}: {cited}"
        for path in CODE + PAGES
        for cited in _cited(path)
        if not (RULES / cited.partition("#")[0]).is_file() or ("#" in cited and cited not in ANCHORS)
    ]
    assert not wrong


def test_a_test_cites_every_rule() -> None:
    cited = {anchor for path in (ROOT / "tests").rglob("*.py") for anchor in _cited(path)}
    assert not sorted(set(ANCHORS) - cited)


def test_no_code_cites_a_document_that_is_not_here() -> None:
    absent = re.compile(r"\bSPEC( section)? [0-9]|\bSTYLE [0-9]|\bARCHITECTURE\b")
    assert not [
        str(path) for path in CODE if path != Path(__file__) and absent.search(path.read_text(encoding="utf-8"))
    ]
