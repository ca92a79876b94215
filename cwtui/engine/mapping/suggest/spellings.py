"""Abbreviations and alternative spellings, so that `Intl Freight Svcs` finds International Freight Services."""

from __future__ import annotations

import re

_COMPANY_WORDS = {
    "intl": "international", "int": "international", "natl": "national", "nat": "national", "mfg": "manufacturing",
    "mfr": "manufacturer", "svc": "service", "svcs": "services", "serv": "services", "assoc": "associates",
    "assocs": "associates", "assn": "association", "bros": "brothers", "gebr": "gebruder", "constr": "construction",
    "mgmt": "management", "mgt": "management", "grp": "group", "tech": "technology", "technologies": "technology",
    "univ": "university", "dept": "department", "engr": "engineering", "eng": "engineering", "comms": "communications",
    "med": "medical", "ctr": "center", "cntr": "center", "centre": "center", "dist": "distribution",
    "distr": "distribution", "ins": "insurance", "mt": "mount", "mtn": "mountain", "st": "saint", "fin": "financial",
    "apts": "apartments", "coop": "cooperative", "hosp": "hospital", "lab": "laboratory", "labs": "laboratories",
    "inst": "institute", "acad": "academy", "govt": "government", "dev": "development", "sys": "systems",
    "sols": "solutions", "soln": "solutions", "solns": "solutions", "ent": "enterprises", "ind": "industries",
    "inds": "industries", "prod": "products", "prods": "products", "transp": "transport", "trans": "transport",
    "elec": "electric", "equip": "equipment", "env": "environmental", "arch": "architects", "acct": "accounting",
    "hldg": "holding", "hldgs": "holdings", "ltg": "lighting", "mktg": "marketing", "pharma": "pharmaceuticals",
    "rd": "road", "ave": "avenue", "ft": "fort", "vet": "veterinary", "und": "and", "et": "and", "y": "and",
    "colour": "color", "jewellers": "jewelers", "jewellery": "jewelry", "paediatrics": "pediatrics",
    "theatre": "theater", "tyres": "tires", "grey": "gray", "labour": "labor", "defence": "defense",
}  # fmt: skip
_COMPANY_FILLERS = frozenset({"and", "the", "of", "for", "fur", "f", "de", "der", "die", "das", "la", "le", "les"})

_PRODUCT_WORDS = {
    "m365": "microsoft 365", "o365": "office 365", "w365": "windows 365", "d365": "dynamics 365", "ms": "microsoft",
    "msft": "microsoft", "ent": "enterprise", "bus": "business", "biz": "business", "std": "standard",
    "prem": "premium", "pro": "professional", "prof": "professional", "ess": "essentials", "adv": "advanced",
    "mo": "monthly", "mth": "monthly", "mthly": "monthly", "month": "monthly", "months": "monthly", "p1m": "monthly",
    "yr": "annual", "yrs": "annual", "year": "annual", "years": "annual", "yearly": "annual", "annually": "annual",
    "p1y": "annual", "p3y": "3 annual", "1yr": "annual", "3yr": "3 annual", "1y": "annual", "3y": "3 annual",
    "lic": "license", "lics": "license", "licence": "license", "licenses": "license", "licences": "license",
    "sub": "subscription", "subs": "subscription", "exch": "exchange", "svr": "server", "srv": "server",
    "win": "windows", "gov": "government", "govt": "government", "gcc": "government", "edu": "education",
    "npo": "nonprofit", "charity": "nonprofit", "bkp": "backup", "mbx": "mailbox", "sec": "security",
    "prot": "protection", "mgd": "managed", "p1": "plan 1", "p2": "plan 2", "p3": "plan 3", "p5": "plan 5",
    "users": "user", "seats": "seat", "addon": "add on",
}  # fmt: skip
_PRODUCT_FILLERS = frozenset({"and", "the", "of", "for", "with"})
_AMOUNT = re.compile(r"\b(\d+) ?(gb|tb|mb|users?|vcpu|seats?|yrs?|years?|mo|months?)\b")
_TERM = re.compile(r"\b([1-9]) (annual|monthly)\b")
_TERMS = {"1 annual": "annual", "1 monthly": "monthly", "2 annual": "biennial", "3 annual": "triennial",
          "5 annual": "quinquennial"}  # fmt: skip
_UMLAUT = re.compile("ae|oe|ue")


def spelt_out_company(plain: str) -> str:
    """A company's plain name with abbreviations written out, fillers left out and ae, oe, ue read as ä, ö, ü."""
    words = (_COMPANY_WORDS.get(word, word) for word in plain.split())
    kept = " ".join(word for word in words if word not in _COMPANY_FILLERS)
    return _UMLAUT.sub(lambda pair: pair[0][0], kept) or plain


def spelt_out_product(plain: str) -> str:
    """A product's plain name with abbreviations written out: `m365 bus prem 1 yr` → `microsoft 365 business …`."""
    apart = _AMOUNT.sub(r"\1 \2", plain)
    words = " ".join(_PRODUCT_WORDS.get(word, word) for word in apart.split())
    kept = " ".join(word for word in words.split() if word not in _PRODUCT_FILLERS)
    return _TERM.sub(lambda term: _TERMS.get(term[0], term[0]), kept) or plain
