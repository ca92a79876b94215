"""Legal forms of companies, by country, as they stand in plain names (see `plain_name`)."""

from __future__ import annotations

_SPELLINGS: dict[str, tuple[str, ...]] = {
    # English-speaking
    "ltd": ("ltd", "limited", "ltd co", "co ltd", "co limited", "company limited", "company ltd", "private limited",
            "pvt ltd", "pvt limited", "private ltd", "pte ltd", "pte limited", "pte", "pty ltd", "pty limited",
            "pty", "proprietary limited", "proprietary ltd", "sdn bhd", "bhd", "ltda", "limitada", "lda"),
    "llc": ("llc", "limited liability company", "l l c", "pllc", "lc"),
    "llp": ("llp", "limited liability partnership", "l l p"),
    "lp": ("lp", "limited partnership"),
    "inc": ("inc", "incorporated", "corp", "corporation", "co inc", "co", "company", "and co", "and company", "pc",
            "professional corporation", "pa"),
    "plc": ("plc", "public limited company", "p l c"),
    "cic": ("cic", "community interest company"),
    # German-speaking
    "gmbh": ("gmbh", "gesellschaft mit beschrankter haftung", "ggmbh", "mbh", "ges mbh", "gesmbh"),
    "gmbh co kg": ("gmbh and co kg", "gmbh co kg", "gmbh and co ohg", "gmbh and co kgaa", "gmbh und co kg",
                   "ug and co kg", "ug haftungsbeschrankt and co kg", "ag and co kg", "ag and co kgaa"),
    "ug": ("ug", "ug haftungsbeschrankt", "unternehmergesellschaft"),
    "ag": ("ag", "aktiengesellschaft"),
    "kg": ("kg", "and co kg", "kommanditgesellschaft", "kgaa", "ohg", "gbr", "partg", "partg mbb", "partgmbb"),
    "ek": ("ek", "e k", "ekfr", "e kfr", "ekfm", "e kfm", "e u", "einzelunternehmen"),
    "ev": ("ev", "e v", "eg", "e g", "stiftung"),
    # French-speaking
    "sarl": ("sarl", "s a r l", "sa rl", "s arl", "eurl", "societe a responsabilite limitee"),
    "sas": ("sas", "sasu", "s a s", "selarl", "sci", "snc"),
    "sa": ("sa", "s a", "societe anonyme", "sociedad anonima", "sa de cv", "s a de c v", "sab de cv", "sapi de cv",
           "sae", "saa"),
    # Dutch, Belgian
    "bv": ("bv", "b v", "besloten vennootschap", "bvba", "b v b a", "sprl", "srl bv", "vof", "cvba", "cv"),
    "nv": ("nv", "n v", "naamloze vennootschap"),
    # Italian, Spanish, Portuguese, Romanian
    "srl": ("srl", "s r l", "srls", "s r l s", "s de rl de cv", "s de r l de c v", "s de rl", "srl de cv"),
    "spa": ("spa", "s p a", "societa per azioni", "sapa"),
    "sl": ("sl", "s l", "slu", "s l u", "sll", "sociedad limitada", "unipessoal lda", "eireli", "epp"),
    # Nordic, Baltic
    "ab": ("ab", "aktiebolag", "ab publ", "aktiebolaget"),
    "as": ("as", "a s", "asa", "aksjeselskap", "aktieselskab", "hf", "ehf", "ans", "enk"),
    "aps": ("aps", "anpartsselskab", "ivs", "p s", "k s"),
    "oy": ("oy", "oyj", "oy ab", "osakeyhtio", "ky", "tmi"),
    "ou": ("ou", "osauhing"), "uab": ("uab",), "sia": ("sia",),
    # Central and Eastern European, Turkish
    "sp zoo": ("sp z oo", "sp zoo", "sp z o o", "spolka z oo", "spolka z o o", "spzoo", "sp zo o",
               "spolka z ograniczona odpowiedzialnoscia", "sp z oo sp k", "sp k", "sp j", "spj", "spk"),
    "spolka akcyjna": ("spolka akcyjna",),
    "sro": ("sro", "s r o", "spol s r o", "spol s ro", "spol sro", "sr o", "s ro", "akciova spolecnost", "vos", "ks"),
    "kft": ("kft", "korlatolt felelossegu tarsasag", "bt", "zrt", "nyrt", "rt"),
    "doo": ("doo", "d o o", "dooel", "jdoo", "ad", "dd", "d d"),
    "eood": ("eood", "ood", "ead"),
    "ike": ("ike", "epe", "ae", "oe", "ee"),
    "as tr": ("ltd sti", "limited sirketi", "anonim sirketi", "ltd s", "tic ltd sti", "san ve tic ltd sti",
              "san ve tic as", "ve tic ltd sti"),
    "ooo": ("ooo", "ооо", "зао", "оао", "пао", "ао", "ип", "тов", "пп", "прат", "zao", "oao", "pao"),
    # European
    "se": ("se", "societas europaea"), "sce": ("sce",), "eeig": ("eeig", "ewiv"),
    # Asian, Middle Eastern
    "kk": ("kk", "k k", "kabushiki kaisha", "godo kaisha", "gk", "yk"),
    "pt": ("pt", "tbk", "persero"), "jsc": ("jsc", "pjsc", "ojsc", "cjsc", "tnhh", "cong ty tnhh"),
    "fze": ("fze", "fzc", "fzco", "fz llc", "fzllc", "dmcc", "wll", "w l l", "saog", "saoc", "psc", "kscc"),
}  # fmt: skip
_PREFIXES = frozenset(
    {"ooo", "ооо", "зао", "оао", "пао", "ао", "ип", "тов", "zao", "oao", "pt", "uab", "sia", "kk", "sarl", "sas",
     "eurl", "sci", "cong ty tnhh", "kabushiki kaisha", "godo kaisha", "oy", "ab", "spolka z oo"}
)  # fmt: skip
_UNSPACED = ("株式会社", "有限会社", "合同会社", "股份有限公司", "有限责任公司", "有限公司", "주식회사", "유한회사")

_Words = tuple[str, ...]


def _by_word(spellings: dict[str, tuple[str, ...]], position: int) -> dict[str, list[tuple[_Words, str]]]:
    """Forms by their first (0) or last (-1) word, longest first, so that `gmbh and co kg` goes before `kg`."""
    found: dict[str, list[tuple[_Words, str]]] = {}
    for form, texts in spellings.items():
        for text in texts:
            words = tuple(text.split())
            found.setdefault(words[position], []).append((words, form))
    for forms in found.values():
        forms.sort(key=lambda entry: -len(entry[0]))
    return found


_ENDINGS = _by_word(_SPELLINGS, -1)
_BEGINNINGS = _by_word(
    {form: kept for form, texts in _SPELLINGS.items() if (kept := tuple(text for text in texts if text in _PREFIXES))},
    0,
)


def split_legal_form(plain: str) -> tuple[str, str]:
    """Take the legal form off a plain name.

    Args:
        plain: As `plain_name` returns it.

    Returns:
        The name without legal forms (never empty unless `plain` is: `Limited` alone stays a name), and the
        form in one spelling (`acme limited` → `acme`, `ltd`), empty if it has none.
    """
    words, form = _without_ending(tuple(plain.split()))
    if len(words) > 1:
        for beginning, its_form in _BEGINNINGS.get(words[0], ()):
            if len(beginning) < len(words) and words[: len(beginning)] == beginning:
                words, form = words[len(beginning) :], form or its_form
                break
    if not form and not plain.isascii():
        return _without_unspaced(" ".join(words))
    return " ".join(words), form


def _without_ending(words: _Words) -> tuple[_Words, str]:
    form = ""
    while len(words) > 1:
        for ending, its_form in _ENDINGS.get(words[-1], ()):
            if len(ending) < len(words) and words[-len(ending) :] == ending:
                words, form = words[: -len(ending)], its_form
                break
        else:
            break
        if words[-1] == "and" and len(words) > 1:
            words = words[:-1]
    return words, form


def _without_unspaced(text: str) -> tuple[str, str]:
    for form in _UNSPACED:
        rest = text.removeprefix(form) if text.startswith(form) else text.removesuffix(form)
        if rest.strip() and rest != text:
            return rest.strip(), form
    return text, ""
