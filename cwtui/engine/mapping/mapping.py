"""The mapping tables: names of both sides, suggestions, and what may be mapped without asking.

Rule: mapping.md#a-mapping-stays.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import AsyncIterator, Iterable, Sequence
from typing import TypeVar

from cwtui.domain.charges import Charge, charge_of
from cwtui.domain.errors import InputError
from cwtui.domain.ids import CompanyId, CustomerId, Mpn, ProductId, SubscriptionId
from cwtui.domain.lazily import dataclass
from cwtui.domain.mappings import MAPPABLE_CHARGES, Mapping, MappingKey, MappingKind, is_account
from cwtui.domain.marketplace import Customer, Product, Subscription
from cwtui.domain.planning.lines import plan_product
from cwtui.domain.psa import Agreement, CatalogItem, Company, NewCatalogItem
from cwtui.domain.remedies import Action, Remedy
from cwtui.domain.suggestions import Suggestion
from cwtui.domain.tasks import Task, lines_of
from cwtui.engine.mapping.known_names import KnownNames
from cwtui.engine.mapping.suggest import exact_matches, suggest_agreements, suggest_catalog_items, suggest_companies
from cwtui.engine.mapping.targets import TargetCheck
from cwtui.engine.planning.open_tasks import OpenTasks
from cwtui.engine.reports import NamedMapping, UnmappedEntry
from cwtui.engine.workspace import Feature

Row = TypeVar("Row")


@dataclass(slots=True)
class MappingEditor(Feature):
    """Reads ConnectWise's companies, catalog items and agreements when they are first needed, then once a run."""

    open_tasks: OpenTasks
    known_names: KnownNames
    _companies: list[Company] | None = None
    _items: list[CatalogItem] | None = None
    _agreements: list[Agreement] | None = None
    _read_in: int = 0

    async def companies(self) -> list[Company]:
        """Every company that is not deleted."""
        self._drop_what_is_old()
        if self._companies is None:
            self._companies = await _all(self.psa.companies())
        return self._companies

    async def items(self) -> list[CatalogItem]:
        """The whole product catalog."""
        self._drop_what_is_old()
        if self._items is None:
            self._items = await _all(self.psa.catalog_items())
        return self._items

    async def agreements(self) -> list[Agreement]:
        """Every agreement."""
        self._drop_what_is_old()
        if self._agreements is None:
            self._agreements = await _all(self.psa.agreements())
        return self._agreements

    def forget(self) -> None:
        """Read ConnectWise afresh from now on."""
        self.workspace.run.readings += 1

    def _drop_what_is_old(self) -> None:
        if self._read_in != self.workspace.run.readings:
            self._companies = self._items = self._agreements = None
            self._read_in = self.workspace.run.readings

    # what is mapped

    def rows(self, kind: MappingKind) -> list[NamedMapping]:
        """All mappings of one kind, by marketplace id, with the names that are known."""
        mine = self.store.mappings().of_kind(kind)
        return [self.row(mapping) for mapping in sorted(mine, key=lambda one: (one.key.marketplace_id, one.key.charge))]

    def row(self, mapping: Mapping) -> NamedMapping:
        """One mapping with its names."""
        return NamedMapping(mapping, self.marketplace_name(mapping.key), self.connectwise_name(mapping))

    def marketplace_name(self, key: MappingKey) -> str:
        """The name of what is mapped, as far as the state knows it."""
        name = key.marketplace_id
        match key.kind:
            case MappingKind.CUSTOMER:
                customer = self.store.customer(CustomerId(name))
                return customer.name if customer else ""
            case MappingKind.PRODUCT:
                product = self.store.product(ProductId(name))
                return product.name if product else ""
            case MappingKind.AGREEMENT:
                subscription = self.store.subscription(SubscriptionId(name))
                return subscription.name if subscription else ""

    # changes

    async def put(self, mapping: Mapping) -> NamedMapping:
        """Map, or map differently; tasks that it concerns are planned anew."""
        self.workspace.require_writable()
        await self.check_target(mapping)
        self.store.save_mapping(mapping)
        await self.open_tasks.replan_after_mapping()
        return self.row(mapping)

    async def drop(self, key: MappingKey) -> bool:
        """Forget one mapping; other mappings stay, open tasks go back to needs_action.

        Rule: mapping.md#unmapping-a-customer.
        """
        self.workspace.require_writable()
        was_there = self.store.drop_mapping(key)
        if was_there:
            await self.open_tasks.replan_after_mapping()
        return was_there

    async def put_all(self, mappings: Sequence[Mapping], places: Sequence[str] = ()) -> int:
        """Set all of them or none (mapping.md#targets-exist).

        Args:
            mappings: What to set.
            places: Where each stands, such as a file and its line, for the message that refuses one.

        Raises:
            InputError: A target does not exist, or cannot be mapped to; the first such row is named.
        """
        self.workspace.require_writable()
        why_not = await TargetCheck(self).why_not(mappings)
        for number, mapping in enumerate(mappings):
            if reason := why_not.get(mapping):
                where = f"{places[number]}: " if places else ""
                refused = len(why_not)
                others = f" So {'is' if refused == 2 else 'are'} {refused - 1} more." if refused > 1 else ""  # noqa: PLR2004
                raise InputError(
                    f"{where}{mapping.key.kind} {mapping.key.marketplace_id} cannot be mapped: {reason}{others}",
                    changed="No mapping was changed.",
                    next_step="Correct the row, then import again.",
                )
        known = self.store.mappings()
        changed = [mapping for mapping in mappings if known.get(mapping.key) != mapping.connectwise_id]
        with self.store.batch():
            for mapping in changed:
                self.store.save_mapping(mapping)
        if changed:
            await self.open_tasks.replan_after_mapping()
        return len(changed)

    async def check_target(self, mapping: Mapping) -> None:
        """Refuse a mapping to something ConnectWise does not have or that cannot be billed on; remember its name.

        Where ConnectWise cannot be asked the mapping is taken as it is: planning says if its target is missing.
        Rule: mapping.md#targets-exist.

        Raises:
            InputError: There is no such company, catalog item or agreement, or the screen would not offer it.
        """
        if mapping.key.charge and mapping.key.charge not in MAPPABLE_CHARGES:
            allowed = ", ".join(sorted(MAPPABLE_CHARGES))
            raise InputError(
                f"{mapping.key.charge!r} is not a charge that can be mapped.", next_step=f"Use one of: {allowed}."
            )
        if reason := (await TargetCheck(self).why_not([mapping])).get(mapping):
            raise InputError(
                reason,
                changed="The mapping was not changed.",
                next_step=Remedy(Action.FIND_MAPPING, kind=str(mapping.key.kind)),
            )

    async def learn_names(self, kind: MappingKind) -> None:
        """Read the names of everything of a kind that is mapped, so that its table shows them."""
        wanted = self.store.mappings().targets(kind)
        named: Iterable[tuple[int, str]]
        match kind:
            case MappingKind.CUSTOMER:
                named = [(company.id, company.name) for company in await self.companies()]
            case MappingKind.PRODUCT:
                named = [(item.id, item.identifier) for item in await self.items()]
            case MappingKind.AGREEMENT:
                named = [(agreement.id, agreement.name) for agreement in await self.agreements()]
        self.known_names.remember(kind, [(number, name) for number, name in named if number in wanted])

    async def learn_name(self, mapping: Mapping) -> None:
        """Read the name of one mapping's target, unless it is known."""
        if not self.connectwise_name(mapping):
            await TargetCheck(self).why_not([mapping])

    def connectwise_name(self, mapping: Mapping) -> str:
        """The name of a mapping's target, as far as it is known."""
        return self.known_names.of(mapping.key.kind, mapping.connectwise_id)

    # what is not mapped

    def unmapped_customers(self, tasks: Iterable[Task]) -> list[Customer]:
        """Customers of open tasks without a company, each once."""
        mappings = self.store.mappings()
        named = {task.customer_id: task.customer_name for task in tasks if task.customer_id}
        missing = [(name, text) for name, text in named.items() if mappings.company(name) is None]
        return [self.store.customer(name) or Customer(name, text) for name, text in missing]

    def unmapped_products(self, tasks: Iterable[Task]) -> list[Product]:
        """Products (and plans' own fees) that open tasks bill and nobody mapped, each once."""
        mappings, found = self.store.mappings(), {}
        for task in tasks:
            for product, charges in self.billed(task).items():
                if any(mappings.catalog_item(product.id, charge) is None for charge in charges):
                    found[product.id] = product
        return list(found.values())

    def unmapped_subscriptions(self, tasks: Iterable[Task]) -> list[Subscription]:
        """Subscriptions of open tasks without an agreement, each once."""
        mappings = self.store.mappings()
        found = {task.subscription_id: self.subscription(task) for task in tasks if task.subscription_id}
        return [held for name, held in found.items() if held is not None and mappings.agreement(name) is None]

    def subscription(self, task: Task) -> Subscription | None:
        """What the state knows of a task's subscription."""
        kept = self.store.snapshot(task.id) if task.is_initial else None
        return self.store.subscription(task.subscription_id) or kept

    def billed(self, task: Task) -> dict[Product, set[Charge]]:
        """The products that a task bills, with the charges of each."""
        subscription = self.subscription(task)
        if subscription is None:
            return {}
        billed: dict[ProductId, set[Charge]] = defaultdict(set)
        order = None if task.is_initial else self.store.order(task.order_id)
        if order is None and not subscription.billing_model.is_usage_based:
            for held in subscription.products:
                billed[held.id].add(Charge.RECURRING)
        for line in lines_of(order, task.subscription_id) if order else ():
            charge = charge_of(line.type)
            if charge is not None:
                billed[line.product_id or plan_product(subscription)].add(charge)
        return {self._product(product, subscription): charges for product, charges in billed.items()}

    def _product(self, product: ProductId, subscription: Subscription) -> Product:
        held, known = subscription.product(product), self.store.product(product)
        if product == plan_product(subscription):
            return Product(product, subscription.name)
        mpn = (held.mpn if held else "") or (known.mpn if known else "")
        name = (held.name if held else "") or (known.name if known else "") or product
        return Product(product, name, Mpn(mpn))

    # proposals

    async def suggest(self, kind: MappingKind, tasks: Sequence[Task]) -> list[UnmappedEntry]:
        """Everything of a kind that these tasks need and nobody mapped, with candidates, best first.

        Rule: mapping.md#suggestions.
        """
        match kind:
            case MappingKind.CUSTOMER:
                customers = self.unmapped_customers(tasks)
                proposed = await self.propose_companies(customers)
                named = [(customer.id, customer.name) for customer in customers]
                return [_unmapped(kind, name, text, proposed.get(name, ())) for name, text in named]
            case MappingKind.PRODUCT:
                products = self.unmapped_products(tasks)
                items = await self.propose_items(products)
                return [_unmapped(kind, one.id, one.name, items.get(one.id, ())) for one in products]
            case MappingKind.AGREEMENT:
                subscriptions = self.unmapped_subscriptions(tasks)
                agreements = await self.propose_agreements(subscriptions)
                return [_unmapped(kind, one.id, one.name, agreements.get(one.id, ())) for one in subscriptions]

    async def propose_companies(self, customers: Sequence[Customer]) -> dict[CustomerId, tuple[Suggestion, ...]]:
        """Companies for customers."""
        if not customers:
            return {}
        taken = {
            CompanyId(row.connectwise_id)
            for row in self.store.mappings().of_kind(MappingKind.CUSTOMER)
            if not is_account(row.key)
        }
        return suggest_companies(customers, await self.companies(), taken=taken)

    async def propose_items(self, products: Sequence[Product]) -> dict[ProductId, tuple[Suggestion, ...]]:
        """Catalog items for products."""
        return suggest_catalog_items(products, await self.items()) if products else {}

    async def propose_agreements(
        self, subscriptions: Sequence[Subscription]
    ) -> dict[SubscriptionId, tuple[Suggestion, ...]]:
        """Agreements for subscriptions whose customer is mapped."""
        mappings, by_company = self.store.mappings(), defaultdict(list)
        if not subscriptions:
            return {}
        for agreement in await self.agreements():
            by_company[agreement.company_id].append(agreement)
        proposed = {}
        for one in subscriptions:
            company = mappings.company(one.customer_id)
            own = by_company[company] if company is not None else []
            proposed[one.id] = suggest_agreements(one, company, own, currency_of(one), today=self.clock.today)
        return proposed

    # mapping.auto

    async def map_exact(self, tasks: Sequence[Task]) -> list[Mapping]:
        """Map what has exactly one exact match, and nothing else (mapping.md#automatic-mapping)."""
        made: list[Mapping] = []
        found = exact_matches(await self.propose_companies(self.unmapped_customers(tasks)))
        made += self._map(MappingKind.CUSTOMER, found.items())
        items = exact_matches(await self.propose_items(self.unmapped_products(tasks)))
        made += self._map(MappingKind.PRODUCT, items.items())
        agreements = exact_matches(await self.propose_agreements(self.unmapped_subscriptions(tasks)))
        return made + self._map(MappingKind.AGREEMENT, agreements.items())

    def _map(self, kind: MappingKind, found: Iterable[tuple[str, int]]) -> list[Mapping]:
        made = [Mapping(MappingKey(kind, name), target) for name, target in found]
        with self.store.batch():
            for mapping in made:
                self.store.save_mapping(mapping)
        return made

    async def create_items(self, tasks: Sequence[Task]) -> list[Mapping]:
        """Create and map a catalog item for each product without any match (mapping.md#automatic-mapping)."""
        products = self.unmapped_products(tasks)
        proposed = await self.propose_items(products)
        lacking = [product for product in products if not proposed.get(product.id)]
        if not lacking:
            return []
        types = [row for row in await self.psa.table("product_types") if not row.is_inactive]
        subcategories = [row for row in await self.psa.table("subcategories") if not row.is_inactive]
        if not types or not subcategories:
            raise InputError(
                "ConnectWise has no active product type or sub-category to create a catalog item with.",
                next_step="Add one in ConnectWise's setup tables, or set mapping.create_catalog_items = false.",
            )
        made = []
        for product in lacking:
            item = await self.psa.create_catalog_item(_new_item(product, subcategories[0].id, types[0].id))
            made += self._map(MappingKind.PRODUCT, [(product.id, item.id)])
        self.forget()
        return made


_TARGET = {
    MappingKind.CUSTOMER: "company",
    MappingKind.PRODUCT: "catalog item",
    MappingKind.AGREEMENT: "agreement",
}
_IDENTIFIER_LENGTH, _DESCRIPTION_LENGTH, _PART_NUMBER_LENGTH = 60, 60, 50


def _new_item(product: Product, subcategory: int, product_type: int) -> NewCatalogItem:
    """Identifier: the MPN (else the product id); the lengths are ConnectWise's shortest known."""
    return NewCatalogItem(
        identifier=(product.mpn or product.id)[:_IDENTIFIER_LENGTH],
        description=product.name[:_DESCRIPTION_LENGTH],
        customer_description=product.name,
        subcategory_id=subcategory,
        type_id=product_type,
        manufacturer_part_number=product.mpn if len(product.mpn) <= _PART_NUMBER_LENGTH else "",
    )


def currency_of(subscription: Subscription) -> str:
    """The currency a subscription bills in, as far as its products' prices say; empty if not known."""
    prices = (product.unit_price.currency for product in subscription.products if product.unit_price)
    return next(prices, "")


def _unmapped(kind: MappingKind, name: str, text: str, proposed: Iterable[Suggestion]) -> UnmappedEntry:
    return UnmappedEntry(kind, name, text, tuple(proposed))


async def _all(pages: AsyncIterator[Sequence[Row]]) -> list[Row]:
    return [row async for page in pages for row in page]
