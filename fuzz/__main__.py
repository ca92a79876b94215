"""`python -m fuzz NAME [libFuzzer options]`: one target under atheris, until it is stopped or finds something.

Atheris is not among the project's dependencies: `pip install atheris` into an environment of its own, beside cwtui.
"""

from __future__ import annotations

import sys
from pathlib import Path

import atheris  # type: ignore[import-untyped]  # it has no types

with atheris.instrument_imports(include=["cwtui", "json", "csv"]):
    from fuzz.targets import TARGETS

from fuzz.seeds import SEEDS


def main() -> None:
    """Write the seeds into a corpus folder, then fuzz."""
    if len(sys.argv) < 2 or sys.argv[1] not in TARGETS:  # noqa: PLR2004  # the program and the target
        sys.exit(f"usage: python -m fuzz {{{','.join(TARGETS)}}} [libFuzzer options]")
    name, *options = sys.argv[1:]
    corpus = Path("build/fuzz") / name
    corpus.mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate(SEEDS[name]()):
        (corpus / f"seed-{number:03}").write_bytes(seed)
    atheris.Setup([sys.argv[0], "-max_len=16384", "-timeout=20", *options, str(corpus)], TARGETS[name])
    atheris.Fuzz()


main()
