"""What the program's own code never does: run text as code, unpickle, or go through a shell."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import cwtui

PACKAGE = Path(cwtui.__file__).parent
CALLS = {"eval", "exec", "compile", "__import__", "os.system", "os.popen", "yaml.load", "tempfile.mktemp"}
MODULES = {"pickle", "marshal", "shelve", "dill", "yaml", "xml", "subprocess", "telnetlib", "ftplib"}
UNVERIFIED = {"CERT_NONE", "_create_unverified_context"}


def sources() -> list[Path]:
    return sorted(PACKAGE.rglob("*.py"))


def dotted(node: ast.expr) -> str:
    if isinstance(node, ast.Attribute):
        return f"{dotted(node.value)}.{node.attr}"
    return node.id if isinstance(node, ast.Name) else ""


def forbidden(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=func) if dotted(func) in CALLS:
                yield f"line {node.lineno}: {dotted(func)}()"
            case ast.Import(names=names):
                yield from (f"line {node.lineno}: {name.name}" for name in names if name.name.split(".")[0] in MODULES)
            case ast.ImportFrom(module=str(module)) if module.split(".")[0] in MODULES:
                yield f"line {node.lineno}: {module}"
            case ast.keyword(arg="shell", value=value) if not is_false(value):
                yield f"line {value.lineno}: shell="
            case ast.keyword(arg="verify", value=ast.Constant(value=False)):
                yield f"line {node.value.lineno}: verify=False"
            case ast.Attribute(attr=attr) if attr in UNVERIFIED:
                yield f"line {node.lineno}: {attr}"
            case _:
                pass


def is_false(value: ast.expr) -> bool:
    return isinstance(value, ast.Constant) and value.value is False


@pytest.mark.parametrize("path", sources(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_no_module_can_be_talked_into_running_something(path: Path) -> None:
    assert list(forbidden(ast.parse(path.read_text("utf-8")))) == []


@pytest.mark.parametrize(
    "code",
    [
        "eval('1')",
        "import pickle",
        "from yaml import load",
        "import os; os.system('x')",
        "run('x', shell=True)",
        "httpx.Client(verify=False)",
        "context.verify_mode = ssl.CERT_NONE",
    ],
)
def test_the_search_finds(code: str) -> None:
    assert list(forbidden(ast.parse(code)))
