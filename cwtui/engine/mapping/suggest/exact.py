"""What `mapping.auto = exact` may map without asking (mapping.md#automatic-mapping)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeVar

from cwtui.domain.suggestions import Suggestion

_Id = TypeVar("_Id")


def exact_matches(suggestions: Mapping[_Id, Sequence[Suggestion]]) -> dict[_Id, int]:
    """The suggestions that may be accepted without asking: one exact match and nothing that contests it.

    Args:
        suggestions: By marketplace id, as `suggest_companies` or `suggest_catalog_items` returned them for
            everything that is not mapped.

    Returns:
        The ConnectWise id by marketplace id; whatever leaves a doubt is missing.
    """
    exact = {key: [found for found in proposed if found.is_exact] for key, proposed in suggestions.items()}
    return {key: found[0].connectwise_id for key, found in exact.items() if len(found) == 1}
