"""Words that promise returns, or that there is no risk: found in an ad, and shown to whoever approves it."""

import re
from dataclasses import dataclass

RETURNS = "promises a return"
NO_RISK = "plays a risk down"
HURRY = "presses for time"

# Language, why it is flagged, and what is looked for; each as whole words, in any case.
TABLE = (
    ("en", RETURNS, r"guaranteed (?:returns?|profits?|income|gains?|yields?|earnings)|(?:returns?|profits?|yields?) guaranteed"),
    ("en", RETURNS, r"(?:double|triple|multiply|10x|100x) your (?:money|crypto|bitcoin|investment|coins?|portfolio)"),
    ("en", RETURNS, r"\d[\d.,]*\s?% (?:apy|apr|a (?:day|week|month|year)|daily|weekly|monthly|returns?|profits?|yield|gains?)"),
    ("en", RETURNS, r"(?:up to|earn|make|get) \d[\d.,]*\s?%|passive income|get rich|to the moon|easy money|free money"),
    ("en", RETURNS, r"can(?:'|’)?t lose|cannot lose|never lose|always (?:wins?|profitable|goes up)|sure (?:thing|bet|win)"),
    ("en", RETURNS, r"(?:10|20|50|100|1000)\s?x (?:gains?|returns?|profits?|potential)|next (?:bitcoin|ethereum)"),
    ("en", NO_RISK, r"risk[- ]free|no[- ]risk|without (?:any )?risk|zero risk|safe(?:st)? (?:investment|returns?|yield|haven)|as safe as a bank"),
    ("en", HURRY, r"last chance|act now|don(?:'|’)?t miss out|before it(?:'|’)?s too late|limited time|fomo|hurry"),
    ("de", RETURNS, r"garantierte[rsn]? (?:Rendite|Gewinne?|Erträge?|Zinsen)|(?:Gewinn|Rendite) garantiert|passives Einkommen|schnell reich"),
    ("de", RETURNS, r"verdoppeln? Sie|verdopple dein|\d[\d.,]*\s?% (?:Rendite|Gewinn|Zinsen|pro (?:Tag|Monat|Jahr))"),
    ("de", NO_RISK, r"risikofrei|risikolos|ohne Risiko|kein Risiko|sichere (?:Rendite|Anlage|Gewinne)"),
    ("fr", RETURNS, r"(?:rendements?|gains?|profits?|revenus?) garantis?|revenus? passifs?|doublez (?:votre|vos)|argent facile"),
    ("fr", NO_RISK, r"sans (?:aucun )?risque|zéro risque|placement sûr"),
    ("es", RETURNS, r"(?:rendimientos?|ganancias?|beneficios?|rentabilidad) garantizad[oa]s?|ingresos? pasivos?|duplic(?:a|ue) (?:tu|su)|dinero fácil"),
    ("es", NO_RISK, r"sin (?:ningún )?riesgos?|libre de riesgo|inversión segura"),
    ("it", RETURNS, r"(?:rendiment[oi]|guadagn[oi]|profitt[oi]) garantit[oi]|reddit[oi] passiv[oi]|raddoppia (?:il|i) tu"),
    ("it", NO_RISK, r"senza (?:alcun )?risch(?:io|i)|investimento sicuro"),
    ("pt", RETURNS, r"(?:retornos?|lucros?|rendimentos?|ganhos?) garantidos?|renda passiva|dobre (?:seu|o seu)"),
    ("pt", NO_RISK, r"sem (?:nenhum )?risco|investimento seguro"),
    ("nl", RETURNS, r"gegarandeerd (?:rendement|winst)|gegarandeerde winst|passief inkomen|verdubbel (?:je|uw)"),
    ("nl", NO_RISK, r"zonder risico|risicovrij|risicoloos"),
)  # fmt: skip
_PATTERNS = [(language, why, re.compile(rf"(?<!\w)(?:{words})(?!\w)", re.IGNORECASE)) for language, why, words in TABLE]


@dataclass(frozen=True, slots=True)
class Promise:
    """Words of an ad as they stand there, and what is wrong with them."""

    words: str
    why: str
    language: str


def promises(text: str) -> list[Promise]:
    """The words in a plain text that promise returns or play risks down, in the order of the table, each once."""
    text = " ".join(text.split())
    found: dict[str, Promise] = {}
    for language, why, pattern in _PATTERNS:
        for hit in pattern.finditer(text):
            found.setdefault(hit[0].lower(), Promise(hit[0], why, language))
    return list(found.values())
