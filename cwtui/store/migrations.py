"""From the documents of an older version to today's, one pure function per step."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from cwtui.store.layout import VERSION, Content, TinyDocument, content_of

Migration = Callable[[TinyDocument], TinyDocument]
"""Takes the whole TinyDB document of one version and returns that of the next; `cwtui` (the version) is seen to."""

MIGRATIONS: Mapping[int, Migration] = {}
"""By the version they start from. Version 1 is the first, so there is none yet."""


def migrated(content: Content, steps: Mapping[int, Migration] = MIGRATIONS, *, to: int = VERSION) -> Content:
    """The same state in the shape of version `to`; `content` itself if it has that already.

    Raises:
        NotAState: A step is missing, or made something else.
    """
    while content.version < to:
        step = steps.get(content.version)
        document = step(content.document()) if step else {}
        if "cwtui" in document:
            document["cwtui"] = {"1": {"id": "state", "version": content.version + 1, "folded": content.folded}}
        content = content_of(document)
    return content
