"""From the documents of an older version to today's, one pure function per step."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from cwtui.store.layout import VERSION, Content, NotAState, TinyDocument, content_of

Migration = Callable[[TinyDocument], TinyDocument]
"""Takes the whole TinyDB document of one version and returns that of the next; `cwtui` (the version) is seen to."""


def _from_1(document: TinyDocument) -> TinyDocument:
    from cwtui.store.version_1 import to_version_2  # noqa: PLC0415  # start-up: hardly any state is of that version

    return to_version_2(document)


def _from_2(document: TinyDocument) -> TinyDocument:
    from cwtui.store.version_2 import to_version_3  # noqa: PLC0415  # start-up, as above

    return to_version_3(document)


MIGRATIONS: Mapping[int, Migration] = {1: _from_1, 2: _from_2}
"""By the version they start from."""


def migrated(content: Content, steps: Mapping[int, Migration] = MIGRATIONS, *, to: int = VERSION) -> Content:
    """The same state in the shape of version `to`; `content` itself if it has that already.

    Raises:
        NotAState: A step is missing, or made something else.
    """
    while content.version < to:
        step = steps.get(content.version)
        try:
            document = step(content.document()) if step else {}
        except (KeyError, TypeError, ValueError) as error:
            raise NotAState(f"what version {content.version} wrote into it cannot be read: {error!r}") from error
        if "cwtui" in document:
            document["cwtui"] = {"1": {"id": "state", "version": content.version + 1, "folded": content.folded}}
        content = content_of(document)
    return content
