"""`cwtui drift`: linked additions that are not what cwtui wrote, and what to do about each."""

from __future__ import annotations

import click

from cwtui.cli.answer import answer, answer_json, tell
from cwtui.cli.commands import Command, Group, examples
from cwtui.cli.documents import as_json, values_document
from cwtui.cli.engine_access import stoppable, with_engine
from cwtui.cli.exit_status import ExitStatus
from cwtui.cli.global_options import current_options, json_option
from cwtui.cli.names import customer_of
from cwtui.cli.table import table
from cwtui.domain.ids import AdditionId
from cwtui.domain.mappings import MappingKind
from cwtui.domain.plain_text import plain_text
from cwtui.engine.facade import Engine
from cwtui.engine.writing.drift import Drifted, DriftReport

_ADDITION = click.argument("addition_id", metavar="ADDITION_ID", type=click.IntRange(1))


class _ListingGroup(Group):
    """A group that lists when no command is named."""

    def get_params(self, ctx: click.Context) -> list[click.Parameter]:
        """Its own parameters, `--json` among them."""
        return [*super().get_params(ctx), json_option()]


@click.group(
    cls=_ListingGroup,
    invoke_without_command=True,
    subcommand_metavar="[COMMAND] …",
    epilog=examples("cwtui drift", "cwtui drift keep 9001", "cwtui drift restore 9001", "cwtui drift adopt 9001"),
)
@click.pass_context
def drift(context: click.Context) -> ExitStatus | None:
    """List linked additions that were edited, ended or removed in ConnectWise since cwtui wrote them.

    Reads the additions of every agreement with such links. Exit status 3 when something drifted.
    """
    if context.invoked_subcommand is not None:
        return None

    async def ask(engine: Engine) -> tuple[DriftReport, str]:
        found = await engine.drift.find()
        return found, "" if current_options().json else drift_text(engine, found)

    report, text = with_engine(ask, only_reads=True)
    if current_options().json:
        answer_json([drift_document(one) for one in report.found])
    else:
        answer(text)
    for failure in report.failures:
        tell(plain_text(failure))
    if report.failures:
        return ExitStatus.FAILED
    return ExitStatus.NEEDS_ACTION if report.found else ExitStatus.DONE


@drift.command(cls=Command, epilog=examples("cwtui drift keep 9001"))
@_ADDITION
def keep(addition_id: int) -> None:
    """Keep ConnectWise's values, and do not report them again while they stay the same.

    Later orders are still counted from the quantity, price and cost that cwtui wrote. Nothing is written to
    ConnectWise.
    """
    _settle(addition_id, "It is kept as it is, and is not reported again while it stays the same.", agreed=False)


@drift.command(cls=Command, epilog=examples("cwtui drift adopt 9001"))
@_ADDITION
def adopt(addition_id: int) -> None:
    """Adopt ConnectWise's values: later orders are counted from them. Nothing is written to ConnectWise."""
    _settle(addition_id, "The addition as ConnectWise holds it counts from now on.", agreed=True)


def _settle(addition_id: int, said: str, *, agreed: bool) -> None:
    async def ask(engine: Engine) -> Drifted:
        checker, name = engine.drift, AdditionId(addition_id)
        return await (checker.adopt(name) if agreed else checker.keep(name))

    settled = with_engine(ask)
    answer(plain_text(f"{settled.message} {said if settled.held else 'It is forgotten.'}"))


@drift.command(cls=Command, epilog=examples("cwtui drift restore 9001"))
@_ADDITION
def restore(addition_id: int) -> None:
    """Write back what cwtui wrote; an addition that is gone is created again."""

    async def ask(engine: Engine) -> str:
        with stoppable(engine):
            return await engine.drift.restore(AdditionId(addition_id))

    answer(plain_text(with_engine(ask)))


def drift_document(drifted: Drifted) -> dict[str, object]:
    """One drifted addition as JSON."""
    link = drifted.link
    return {
        "addition": link.addition_id,
        "agreement": link.agreement_id,
        "subscription": {"id": link.subscription_id, "name": drifted.subscription_name},
        "product": link.product_id,
        "charge": link.charge.value,
        "what": drifted.kind.value,
        "differences": [
            {"field": name, "ours": as_json(ours), "theirs": as_json(theirs)}
            for name, (ours, theirs) in drifted.differences.items()
        ],
        "ours": values_document(link.values),
        "theirs": values_document(drifted.held.values if drifted.held else None),
        "message": drifted.message,
    }


def drift_text(engine: Engine, report: DriftReport) -> str:
    """A line per drifted addition, and what to do about them."""
    if not report.found:
        return "Nothing drifted: ConnectWise holds what cwtui wrote."
    headers = ("ADDITION", "AGREEMENT", "CUSTOMER", "SUBSCRIPTION", "WHAT", "HOW")
    rows = [
        (
            one.link.addition_id,
            engine.workbench.named(MappingKind.AGREEMENT, one.link.agreement_id),
            customer_of(engine, one.link.subscription_id),
            one.subscription_name,
            one.kind,
            one.message,
        )
        for one in report.found
    ]
    return (
        f"{table(headers, rows)}\n"
        "For each: keep ConnectWise's values (cwtui drift keep ADDITION_ID), restore cwtui's (cwtui drift restore"
        " ADDITION_ID),\nor adopt ConnectWise's values for later orders (cwtui drift adopt ADDITION_ID)."
    )
