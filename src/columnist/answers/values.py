"""From the text of an answer to the typed value in its column's format. No other code gives an answer its value.

A text that can be read in several ways, or only in part, has no value: the cell keeps the text with a yellow flag, and
says why.
"""

import json
import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple

from columnist.answers.currencies import DOLLARS, ENGLISH_WORDS, bare_dollars
from columnist.answers.mentions import currencies
from columnist.answers.nothing import says_nothing
from columnist.answers.numerals import PARTS, in_bounds
from columnist.answers.outcomes import Measured, Typed, Undecided
from columnist.answers.parts import Kind, Part, parts
from columnist.answers.plain import one_line, plain
from columnist.answers.tags import exact_tag, named_tag
from columnist.answers.units import UNDERSTOOD, converted, plural, unit_asked_for
from columnist.reviews.iso_4217 import ISO_4217
from columnist.reviews.model import Format, Question

LONGEST = 2_000
"""Most characters of an answer that is read for a single value."""
# The text around a value is searched with one sign in place of each part.
_VALUE, _BARE, _TIME, _OTHER = "\ue000", "\ue001", "\ue002", "\ue003"
_ANY = f"[{_VALUE}{_BARE}{_TIME}{_OTHER}]"
_COMPARED = r"(?:great|less|high|low|larg|small|long|short|lat|latt|earli|soon|bigg|old|bett)(?:er|or|r|st|est)"
_ALTERNATIVES = re.compile(
    rf"\b(?:{_COMPARED}|the\s+(?:least|most))(?:\s+[\w-]+){{0,4}}?[\s-]+of\b|\bwhichever\b"
    rf"|\b(?:max|min|{_COMPARED})\s?\((?=[^()]*[,;])"
    rf"|\b(?:if|unless)\s+(?:any\s+)?(?:{_COMPARED}|less|more)\b(?!\s+\w+(?:ed|n)\b)|\bas\s+the\s+case\s+may\s+be\b|\brespectively\b"
    r"|\bdepend(?:s|ing)?\s+(?:up)?on\b|\balternatively\b|\binstead\b"
    rf"|(?:\A|[,;:.]|{_VALUE})\s*otherwise\b(?!\s+(?:\w+ed|set|in\s+(?:writing|this|the)|herein|by|under|due|payable)\b)"
    r"|[,;(]\s*(?:or\s+)?else\b|\bif\b[^;]{0,200};\s*(?:or\s+)?if\b|,\s*and\s+then\b"
    rf"|\b(?:unlimited|uncapped)\b[^.]{{0,60}}?{_VALUE}"
    r"|\b(?:nil|nothing(?!\s+(?:else|further|more)\b)|free\s+of\s+charge|now\s+free|gratis)\b"
    r"|\b(?:and|then|but)\s+(?:\w+\s+){0,4}?afterwards?\b|\b(?:then|thereafter)\s+(?:(?:at|by|the|a)\s+)*(?:market|prevailing|current|going|spot|list|index|adjust|increas|ris|escalat|free|none|negotiat)\w*",
    re.I,
)
"""The answer depends on several things, such as the greater of two: it has no single value."""

_FEW_WORDS = r"(?:\s+[\w'-]+){0,3}?\s*"
_BOUND = (
    r"(?:more|less|greater|higher|lower|larger|smaller|fewer|longer|shorter|later|earlier|over|above|under|below|before|after|prior|about"
    r"|exceed\w*|beyond|around|approximately|in|up)"
)
_BOUND_THAN = r"(?:more|less|greater|higher|lower|larger|smaller|fewer|longer|shorter|better|worse)\s+than"
_A_PRICE = r"(?:prices?|costs?|market|value|par|list|rates?|rent|fees?|year|budget)"
_A_CHARGE = (
    r"(?:fees?|costs?|expenses?|interest|tax(?:es)?|royalt(?:y|ies)|commissions?|VAT|GST|disbursements?|reimbursements?"
    r"|penalt(?:y|ies)|bonus(?:es)?|surcharges?)"
)
_COMPUTED = re.compile(
    r"\b(?:twice|thrice|doubl(?:ed?|es|ing)|halv(?:ed?|es|ing)|trebled?|tripled?|quadrupled?|multipl(?:ied|ying|y)|multiples?\s+of|divided|times|pro[\s-]?rat(?:ed|a)|(?:two|three|four|five|six|seven|eight|nine|ten|\d+)-?fold"
    r"|squared|x)\b|[×÷]"
    r"|\bplus\b|[+±]|\bminus\b|\b(?:increas|decreas|reduc|rais|lower|multipli|adjust|augment|escalat|ris|grow|index)(?:es|s|ed|d|ing)?(?:\s+\w+ly)?\s+(?:by|with|in\s+line)\b|\bto\s+be\s+(?:increas|decreas|reduc|adjust|index|revis)ed\b|\bnet\s+of\b|\badd(?:ed|ing)?\s+to\b"
    r"|\btogether\s+with\b|\bin\s+addition\s+to\b|\bon\s+top\s+of\b|(?<!\bor\s)(?<!\bno\s)(?<!\bnot\s)\bless\b(?!\s+than\b)|(?<!\bwithout\s)\bdeduct(?:s|ed|ing|ions?)?\b|\bamounts?(?:\s*,[^,]{1,20},)?\s+by\s+which\b|\bsubtract\w*"
    r"|\b(?:dozens|hundreds|thousands|millions|billions|lots)\s+of\b|\bexcess\b[^.;]{0,60}?\b(?:over|above)\b|\bnegative\b"
    r"|(?:\b(?:and|or|plus|to)|;)\s+an?\s+(?:day|week|month|quarter|year|hour|fortnight)\b|\band\s+(?:change|something|then\s+some)\b"
    r"|\b(?:and|plus)\s+an?\s+(?:\w+\s+)?(?:share|portion|percentage|proportion|royalty|bonus|commission)\b|\banything\s+(?:less|more)\b"
    rf"|\b(?:exceed\w*|greater|higher|lower|less|more)(?:\s+\w+){{0,5}}?\s+by\s+{_VALUE}"
    rf"|\b(?:discount|rebate|reduction|shortfall)\s+(?:on|from|off|against|below)\s+(?:the\s+|an?\s+)?{_VALUE}"
    rf"|\b(?:balance|remainder|rest)\s+(?:after|over|above)\b(?:\s+\w+){{0,3}}?\s+{_VALUE}|\bon\s+the\s+(?:dollar|pound|euro)\b"
    rf"|{_VALUE}[^.;{_VALUE}]{{0,30}}?\b(?:increas|decreas|ris|escalat|grow|fall|declin|stepp)ing\b"
    r"|\bhalf\b(?![\s-]?year)|\bthirds?\s+of\b|\bquarters?\s+of\b|\bpercentage\s+of\b"
    rf"|\b(?:net|operating|trading|an?|the)\s+(?:loss|deficit|shortfall)\s+of\s+{_VALUE}|{_VALUE}\s+(?:net\s+)?(?:loss|deficit|shortfall)\b"
    rf"|\b(?:declined|decreased|dropped|fell|fallen|down|shrank|shrunk)\s+(?:by\s+)?{_VALUE}"
    rf"|{_VALUE}\W{{0,3}}(?:{_BOUND_THAN}|above|below|(?:in\s+excess|short)\s+of|over\s+(?:the\s+|its\s+)?(?:\w+\s+)?{_A_PRICE}"
    r"|under\s+(?:the\s+|its\s+)?(?:\w+\s+)?(?:budget|price|market|cost))\b"
    rf"|{_VALUE}\W{{0,3}}(?:and|&|along\s+with|as\s+well\s+as)\s+(?:\w+\s+){{0,3}}?(?:{_A_CHARGE}|balance|remainder|rest)\b|\b{_A_CHARGE}\s+(?:and|&)\s+{_VALUE}"
    rf"|\bround(?:ed|ing)\b|\bnearest\s+{_VALUE}|\boff\s+{_VALUE}|\bneg\b|{_VALUE}\W{{1,3}}(?:debit|dr)\b(?!\s+(?:card|note|order|memo|account))",
    re.I,
)
"""The value is only a part, a multiple, a term or the opposite of the answer."""
_SUM = re.compile(
    rf"\b(?:sum|product|difference|average|mean|median|maximum|minimum|max|min|aggregate|total|excess|quotient|ratio)\s+(?:of|between)\b"
    rf"(?:[^.;{_VALUE}]{{0,120}}\b(?:and|plus|or)\b[^.;{_VALUE}]{{0,40}}{_VALUE}|[^.;{_VALUE}]{{0,60}}{_VALUE}\W{{0,4}}(?:and|plus|or|over)\b(?!\s+{_BOUND}))"
    rf"|\b(?:part|portion|share|fraction|proportion|multiple|(?<!outstanding\s)(?<!principal\s)balance|remainder|rest|some|none|most|much|bulk|instal?lments?"
    rf"|\d+(?:th|rd)s?|(?:{'|'.join(PARTS)})s?)\s+of\s+(?:the\s+|an?\s+)?{_VALUE}"
    rf"|{_VALUE}\s*(?:of|and)\s+(?:an?\s+|the\s+)?(?:additional\s+|further\s+|another\s+)?{_VALUE}"
    rf"|\b(?:product|difference|multiple|quotient|ratio|range)\s+(?:of|between)\b|\brang(?:e|ing)\b",
    re.I,
)
_NOT = re.compile(
    rf"\b(?:not|never|no|nobody|nothing|neither|nor|cannot|\w+n't)\b(?!{_FEW_WORDS}\s*(?:{_BOUND}|within|limited|only|until|be\s+{_BOUND})\b){_FEW_WORDS}{_VALUE}"
    rf"|\b(?:other\s+(?:\w+\s+)?than|barring|besides|compared\s+(?:with|to)|versus|relative\s+to|far\s+from|short\s+of|as\s+opposed\s+to|except(?:ing|ed)?(?:\s+for)?|exclud\w+|exclusive\s+of|absent|lacking|missing|rather\s+than|instead\s+of|without(?!\s+[\w'-]+\s+(?:upon|by\s+\w+ing)\b)|(?:anything|nothing|everything|all|any\s+\w+)\s+but|any\s+of|unlike|save\s+(?:for|on|in)|but\s+for|apart\s+from)\b"
    rf"{_FEW_WORDS}{_VALUE}|\bvs\b\.?\s*{_VALUE}|\bnot\s+(?:within|in|on|at|by)\s+{_VALUE}\W{{0,2}}but\b(?!\s+(?:no|not|in)\b)",
    re.I,
)
_BETWEEN = re.compile(rf"\b(?:between|among)\b(?:\s+\w+)?\s*{_ANY}", re.I)
_OR = re.compile(
    rf"(?<!\bmore\s)(?<!\bless\s)\b(?:or|nor|and/or)\s+(?!{_BOUND}\b|equal\b|on\s+or\b)(?:\w+\s+){{0,2}}?\W?{_VALUE}"
    rf"|{_VALUE}(?:\s*(?:(?:per|an?|each|every)\s|/)\s*\w+)?[\s,()\[\]\"']*\b(?:or|nor|and/or)\b"
    rf"(?!\s+(?:any\s+)?(?:{_BOUND}|equal|so|part|portion|fraction|thereabouts)\b)"
    rf"|\beither\s+{_VALUE}|{_VALUE}\s+or\s+(?:after|before|following|prior\s+to)\s+(?:the|an?|any|such)\b",
    re.I,
)
_ASKED = re.compile(rf"{_VALUE}\W{{0,3}}\?|\?\W{{0,2}}{_VALUE}|(?<![\w{_VALUE}])[~≈<>≤≥^]|{_VALUE}[-\s]?(?:ish|odd)\b")
_IN_THOUSANDS = re.compile(r"(?<!\d)['’]000|\(0{3}s?\)|\bin\s+(?:thousands|millions|billions)\b", re.I)
_GONE = (
    r"(?:waived|deleted|stricken|struck|superseded|revoked|rescinded|repealed|cancell?ed|withdrawn|abolished|void|obsolete"
    r"|replaced|excluded|removed|crossed\s+out|hereby\s+amended|no\s+longer)"
)
_REVOKED = re.compile(
    rf"\b(?:formerly|previously|originally|in\s+(?:lieu|place|stead)\s+of|with\s+the\s+exception\s+of|no\s+longer|used\s+to\s+be"
    rf"|(?:\w+ed|up|down|forward)\s+from|(?:replac|supersed|delet|waiv|revok|rescind|strik)e?s|rejected|deleting|replacing|striking|omitting|removing|cancell?ing|waiving)\b{_FEW_WORDS}{_VALUE}"
    rf"|\b{_GONE}\W{{1,3}}{_VALUE}"
    rf"|{_VALUE}(?:\s+(?!(?:if|when|unless|where|once|until|or|and|for|to|upon|after|not|is|are)\b)\w+){{0,2}}?\W{{0,3}}"
    rf"(?:\b(?:is|are|was|were|has|have|shall|will|been|being|be|now|hereby)\s+)*\b{_GONE}\b"
    rf"|{_VALUE}\W{{0,2}}(?:\s+\w+){{0,2}}?\s+(?:(?:is|are|was|were|do|does|did)\s+(?:not|never)|isn't|aren't|wasn't|don't|doesn't)\b"
    r"(?!\s+(?:be\s+)?(?:refund|exceed|transfer|deduct|tax|subject|includ|contingent|condition|limit|more|less|paid|received))"
    rf"|{_VALUE}(?:\s+\w+){{0,2}}\s+(?:is|was|were|has\s+been)\s+(?:rejected|declined|refused)\b"
    rf"|{_VALUE}\s+previously\s*(?:[;,.)]|\Z)|;\s*now\b|\b(?:old|former|previous|prior)\s+(?:\w+\s+)?(?:is|was)\s+{_VALUE}|{_VALUE}\s+was\s+the\s+(?:old|former|previous|prior)\b"
    rf"|\A\W*(?:was|were|had\s+been)\b"
    rf"|{_VALUE}\s+(?:is\s+)?(?:missing|absent|blank|illegible)\b|\b(?:left|remains?|in\s+draft)\s+blank\b|;\s+blank\b|{_VALUE}\W{{1,3}}(?:but\s+)?never\s+(?!more|less|exceed|below|above)"
    rf"|{_VALUE}\s+not\s+(?:agreed|accepted|payable|included|binding|valid)\b"
    rf"|\b(?:scratch|strike)\s+that\b|[\[(](?:sic|draft)[\])]|~~\s?{_VALUE}|{_VALUE}\s?~~",
    re.I,
)
"""The value holds at another time, or no longer."""
_HIDDEN = re.compile(
    r"[\[(<{]\s*(?:[\w-]+\s+){0,2}?(?:redact\w*|omitted|withheld|deleted|illegible|unreadable|blank|confidential\w*|tbd|tba|insert"
    r"|to\s+be\s+\w+)\b[^\])>}]*[\])>}]|\bTB[ACD]\b|\bto\s+be\s+(?:determined|confirmed|agreed|negotiated|decided|quoted|advised)\b"
    r"|\bsubject\s+to\s+(?:(?:further|final|mutual)\s+)?(?:negotiation|agreement|confirmation|discussion|change)\b",
    re.I,
)
"""A part of the answer is not shown, or not written yet."""
_WORD_OF_A_GUESS = (
    r"\b(?:maybe|perhaps|possibly|probably|presumably|apparently|allegedly|purportedly|supposedly|seemingly|arguably"
    r"|hypothetical(?:ly)?|illustrative|indicative|tentative|unclear|uncertain|unsure|ambiguous|incorrect|wrong|erroneous(?:ly)?|mistaken(?:ly)?)\b"
    r"|\b(?:I|we)\s+(?:think|guess|believe|assume|suppose)\b|\bguess\b|\bnot\s+(?:sure|certain)\b"
)
_CLEARLY = "(?:(?:explicit|express|clear|direct)ly )?"
_SAID_NOWHERE = (
    rf"(?<!if )(?<!when )(?<!where )(?<!unless )\bnot {_CLEARLY}"
    r"(?:stated|specified|mentioned|disclosed|indicated|found)\b"
    rf"|\b(?:does|do|did) not {_CLEARLY}(?:state|specify|mention|disclose|indicate|say)\b|\bn/a\b|\bis silent\b"
    r"|\bno(?: (?!other\b)\w+){1,2} (?:is|are) (?:stated|specified|mentioned|disclosed|indicated|given|found)\b"
)
_GUESSED = re.compile(
    rf"{_WORD_OF_A_GUESS}|{_SAID_NOWHERE}|\bundated\b|\b(?:could|might)\s+be\s+{_VALUE}"
    r"|\b(?:date|amount|rate|period|sum)\s+(?:is\s+)?(?:missing|blank|unknown|illegible)\b|\bno\s+date\b(?!\s+(?:later|earlier|after|before|prior))"
    rf"|\b(?:e\.g\.|for\s+(?:example|instance)|such\s+as|example|assum(?:ed|ing)(?:\s+to\s+be)?"
    rf"|unknown|unspecified|not\s+applicable)\W{{0,3}}(?:(?:shows|is|of|an?|the)\s+)*{_VALUE}"
    rf"|{_VALUE}\W{{0,3}}(?:\(\s*|,\s*|\s)(?:an?\s+|for\s+)?(?:example|unknown|unspecified|not\s+applicable)\b",
    re.I,
)
"""The value is a guess or an example, or the answer also says that there is none."""
_ROUGHLY = re.compile(
    rf"\b(?:circa|c\.|ca\.|approximately|approx\.|roughly|around|early|late|mid)[\s-]+(?:the\s+)?{_VALUE}|{_VALUE}\s+or\s+thereabouts|\bsome\s?time\s+(?:\w+\s+){{1,2}}{_VALUE}",
    re.I,
)
_OTHER_CALENDAR = re.compile(
    r"\b(?:B\.?C\.?(?:E\.?)?|B\.E\.|A\.?H\.|O\.S\.|[Oo]ld\s+[Ss]tyle|Julian|Hijri|Buddhist|Saka|Minguo|lunar)(?!\w)"
)
_WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_A_WEEKDAY = r"(mon|tue|wed|thu|fri|sat|sun)(?:(?:s|nes|rs|ur)?day|s|rs?)?\b\.?"
_WEEKDAY = re.compile(rf"\b{_A_WEEKDAY},?\s+(?:the\s+)?{_VALUE}|{_VALUE},?\s+\(?(?:a\s+)?{_A_WEEKDAY}", re.I)
_NATION = (
    r"(?:(?:east\s+)?(?:canad\w+|austral\w+|singapor\w+|hong\s?kong\w*|new\s+zealand|taiwan\w*|jamaic\w+|baham\w+|barbad\w+|beliz\w+|bermud\w+|brunei|cayman"
    r"|fiji\w*|caribbean)|guyan\w+|liberia\w*|namibia\w*|trinidad\w*|zimbabw\w+|surinam\w*|mexic\w+|argentin\w+|chile\w*|colombia\w*|philippin\w+"
    r"|urugua\w+|dominican|cuba\w*|pakistan\w*|nepal\w*|sri\s+lanka\w*|mauriti\w+|seychell\w+|maldiv\w+|irish|ireland|egypt\w*|leban\w+|syria\w*|sudan\w*|cypr\w+|foreign|local|cdn|bds)"
)
_FOREIGN = re.compile(
    rf"\b{_NATION}\W{{1,3}}(?:(?:funds|currency|money)\s+)?(?:of\s+)?{_VALUE}"
    rf"|{_VALUE}\W{{1,3}}(?:in\s+|of\s+|the\s+)*{_NATION}\b"
    rf"|\b(?:is|are|in)\s+{_NATION}(?=[\s.,;)\]]*(?:$|[.;)\]]|dollars?\b|currency\b|funds\b|money\b))",
    re.I,
)
"""Beside dollars, rupees or pounds: another country's currency."""
_AN_INDEX = r"\b(?i:CPIH?|RPI|HICP|inflation|consumer\s+price|index(?:ed|ation|[\s-]linked)?)\b"
_INDEX = re.compile(_AN_INDEX)
_BASE_RATE = re.compile(
    rf"{_AN_INDEX}|"
    r"\b[A-Z]{0,8}(?:BOR|DOR|LIBID)\b|\b(?:€STR|ESTR|SOFR|SONIA|SORA|TONAR?|SARON|MCLR|BBS[WY]|CORRA|AONIA|HONIA|SELIC|TIIE|JIBAR|LPR|CMT|EFFR"
    r"|OIS|SHIBOR|TELBOR|DI\s+rate)\b|(?i:\b(?:prime|base|bank|repo|discount|federal\s+funds|fed\s+funds|reference|benchmark|applicable|policy"
    r"|treasury|index|screen|swap|cash|key|refinancing|overnight|basic)(?:\s+(?!of\b|at\b|is\b)\w+)?\s+rate\b|\bprime\b|\btreasur(?:y|ies)\b"
    r"|\b(?:variable|floating|adjustable)(?:\s+(?:interest\s+)?rate\b|\s*[,;:)])"
    r"|\b(?:then[\s-]current|prevailing|market)\s+(?:\w+\s+)?rate\b)"
)
_ON_TOP = re.compile(
    rf"{_VALUE}[^.;%{_VALUE}]{{0,30}}?\b(?:above|over|below|under|on\s+top\s+of|in\s+excess\s+of|higher\s+than|lower\s+than|more\s+than|less\s+than"
    r"|greater\s+than)\b|\b(?:spread|margin|premium)\b[^.;]{0,30}?\b(?:over|above|to)\b",
    re.I,
)
"""A percentage on top of a variable rate: together they have no value."""
_COUNTED = re.compile(
    rf"\banniversar|\b(?!close\s+of\s+business\b)(?:days?|weeks?|months?|quarters?|years?|eve|end|beginning|start|close|fortnight|spring|summer|autumn|winter)['’]?\s+"
    r"(?:(?!date\b)\w+\s+){0,2}"
    rf"(?:after|following|from|before|prior\s+to|preceding|of|beginning|commencing|starting|next\s+following)\b(?:\s+[\w]+){{0,2}}?\s*{_VALUE}"
    rf"|\b(?:(?:mon|tues|wednes|thurs|fri|satur|sun)day|dates?|meeting|payment)\s+(?:next\s+|that\s+is\s+|on\s+or\s+|immediately\s+)*"
    rf"(?:after|before|following|preceding|prior\s+to|subsequent\s+to)(?:\s+\w+){{0,2}}?\s*{_VALUE}"
    rf"|\b(?:morrow\s+of|which|that\s+includes)\s+(?:the\s+)?{_VALUE}|\bunless\s+(?:earlier|later|sooner)\s*,|(?<!be\s)\bextended\s+beyond\s+{_VALUE}"
    rf"|\d(?:st|nd|rd|th)\s+(?:day\s+)?(?:after|following|from)\s+{_VALUE}"
    rf"|\d(?:st|nd|rd|th)\b\W{{0,3}}(?:(?:and|or|to|until|through)\W{{1,2}})?{_VALUE}"
    rf"|\b(?-i:Jan|Feb|March|Mar|April|Apr|May|June?|July?|Aug|Sept?|Oct|Nov|Dec)\w*\.?\s?/\s?{_VALUE}"
    rf"|\b(?-i:Janu|Febru)ary\b|\b(?-i:April|June|July|August|September|October|November|December)\b"
    r"|\b(?:until|to|through|in|of|and|or|by|from)\s+(?:(?:the\s+)?(?:following|next)\s+)?(?-i:March|May)\b"
    r"|\b(?:thereafter|thereof|hence)\b"
    r"|\b(?<!\bno\s)(?<!\bnot\s)(?<!\bunless\s)(?<!\bterminated\s)(?<!\bextended\s)(?:later|earlier)\b(?!\s+of)",
    re.I,
)
"""Around a date: the answer is another date, some time before or after it."""
_YEAR = re.compile(r"(?:19|20)\d\d$")
_ENDS_ON = re.compile(
    rf"\b(?:until|through|dated|expir\w+|end(?:s|ing)?|terminat\w+|thru)\s+(?:(?:on|as\s+of|and\s+including|including|of)\s+)?{_VALUE}",
    re.I,
)


def typed(text: str, question: Question) -> Typed:
    """The value of `text` in the question's format and the column's unit; None without a doubt if it says that nothing
    was found.

    JSON values as text (`true`, `1500000.00`, `["a", "b"]`) are read as JSON.
    """
    return in_column(measured(text, question), question.unit)


def in_column(found: Measured, unit: str | None) -> Typed:
    """The `measured` value in the unit of its column; `unit` None: the column has no unit yet."""
    if found.value is None or found.unit is None or found.unit == (unit or ""):
        return Typed(found.value, found.doubt)
    said = plural(found.unit)
    if unit is None:
        return Typed(None, f"It is said in {said}, and the question names no unit.")
    if not unit:
        return Typed(None, f"It is said in {said}, and the other answers of its column are plain numbers.")
    if not found.unit:
        return Typed(None, f"It names no unit, and the other answers of its column are in {plural(unit)}.")
    values = converted((Decimal(found.value),), found.unit, unit)
    doubt = f"It is said in {said}, which have no exact number of {plural(unit)}."
    return Typed(decimal_text(values[0])) if values and in_bounds(values[0]) else Typed(None, doubt)


def measured(text: str, question: Question) -> Measured:
    """Like `typed`, with a number in its own unit if the question names none."""
    stripped = text.strip()
    if question.format == "tag" and (exact := exact_tag(stripped, question)):
        return Measured(exact)
    if says_nothing(stripped):
        return Measured(None)
    if len(stripped) > LONGEST and question.format not in ("text", "bulleted_list"):
        return Measured(None, f"It is longer than {LONGEST:,} characters, too long for one value.")
    if question.format == "number":
        return _number(stripped, question)
    return Measured(*_READERS[question.format](stripped, question))


def as_shown(value: Any, answer_format: Format, unit: str | None = None) -> str:
    """A value as a sentence or a cell names it; `unit`: the unit of a number."""
    match answer_format:
        case "yes_no":
            return "Yes" if value else "No"
        case "monetary_amount":
            return f"{value['currency'] or ''} {Decimal(value['amount']):,f}".strip()
        case "percentage":
            return f"{value}%"
    return f"{value} {unit if value == '1' else plural(unit)}" if unit else str(value)


def decimal_text(value: Decimal) -> str:
    """Plain digits as written, without an exponent."""
    return format(value, "f")


def _text(text: str, _: Question) -> Typed:
    return Typed(text)


_MARKER = r"(?:[-*•‣▪·–]|\(?(?:\d{1,2}|[a-z]|[ivx]{1,4})[.)])\s+"
_INLINE_MARKER = re.compile(r"(?:^|(?<=[\s,;:]))\((?:\d{1,2}|[a-z]|[ivx]{1,4})\)\s+")


def _bulleted_list(text: str, _: Question) -> Typed:
    if text.startswith("["):
        try:
            parsed = json.loads(text)
        except (ValueError, RecursionError):
            parsed = None
        if isinstance(parsed, list):
            return _items(str(item) for item in parsed)
    lines = text.splitlines()
    if len(lines) == 1:
        marked = _INLINE_MARKER.split(text)
        if len(marked) > 2:
            return _items(map(_without_conjunction, marked))
        return _items(re.sub(rf"^\s*{_MARKER}", "", item) for item in text.split(";"))
    if sum(bool(re.match(rf"\s*{_MARKER}", line)) for line in lines) > 1:
        # A line without a mark continues the line before it.
        joined = re.sub(rf"\n(?!\s*{_MARKER})\s*", " ", "\n".join(lines))
        lines = joined.splitlines()
    return _items(re.sub(rf"^\s*{_MARKER}", "", line) for line in lines)


def _without_conjunction(item: str) -> str:
    """An item of a list in one line, without the `, and` before the next one."""
    rest = re.sub(r"\b(?:and|or)\Z", "", item.rstrip()).rstrip()
    return rest[:-1] if rest.endswith((",", ";")) else rest


def _items(items: Iterable[str]) -> Typed:
    kept = [item for item in map(str.strip, items) if item]
    return Typed(kept) if kept else Typed(None, "The list is empty.")


# Numbers, percentages, money, dates: the whole answer must be understood


class _Parsed(NamedTuple):
    """An answer: its parts of the kind asked for, all its parts, and the text with a sign in place of each part."""

    values: list[Part]
    parts: tuple[Part, ...]
    masked: str
    text: str


_REPEATED = re.compile(rf"{_VALUE}\s?\(\s?{_VALUE}\s?\)")
"""`five dollars ($5)`: for the words around it, one value."""


def _parse(text: str, kind: Kind) -> _Parsed:
    line, found = one_line(text), parts(text)
    values = [part for part in found if part.kind is kind]
    pieces, at = [], 0
    for part in found:
        bare = part.kind is Kind.COUNT and not part.unit
        sign = _VALUE if part.kind is kind else _BARE if bare else _TIME if part.kind is Kind.COUNT else _OTHER
        pieces += [line[at : part.start], sign]
        at = part.end
    masked = _REPEATED.sub(_VALUE, "".join([*pieces, line[at:]]))
    return _Parsed(values, found, masked, text)


def _said(text: str, part: Part) -> str:
    return " ".join(text[part.start : part.end].split())


def _left_over(parsed: _Parsed, kind: Kind) -> str:
    """The doubt about a part of the answer that is not understood or not a part of the value; else empty."""
    for part in parsed.parts:
        if part.kind is Kind.UNREAD:
            return f"It says {_said(parsed.text, part)}, which is not understood."
        if part.kind is Kind.COUNT and kind is not Kind.COUNT and not part.unit:
            return f"It also says {_said(parsed.text, part)}, and not of what."
        if part.kind is Kind.COUNT and part.unit not in ("", *UNDERSTOOD) and kind is Kind.COUNT:
            return f"It says {_said(parsed.text, part)}, a unit that is not understood."
        if part.kind is Kind.PERCENT and kind is Kind.MONEY:
            return f"It also says {_said(parsed.text, part)}, which may be a part of it or come on top."
    return ""


def _cue(parsed: _Parsed) -> str:
    """The doubt because of the words around a value; else empty."""
    if _ALTERNATIVES.search(parsed.masked) or _BETWEEN.search(parsed.masked) or _OR.search(parsed.masked):
        return "but as one of several that it depends on."
    if _COMPUTED.search(parsed.masked) or _SUM.search(parsed.masked):
        return "but as a part, a term or a multiple of what it means."
    if _NOT.search(parsed.masked) or _REVOKED.search(parsed.masked):
        return "but to say that it is not that."
    if _GUESSED.search(parsed.masked):
        return "but as a guess or an example, or to say that it is not certain."
    if _IN_THOUSANDS.search(parsed.text):
        return "but in thousands or millions, it seems."
    if _HIDDEN.search(parsed.masked):
        return "but a part of it is not shown."
    return "but with a sign that leaves it open." if _ASKED.search(parsed.masked) else ""


def _doubted(outcome: Typed, parsed: _Parsed, kind: Kind, shown: str) -> Typed:
    """The outcome, or the doubt because of the rest of the answer."""
    if outcome.value is None:
        return outcome
    if left := _left_over(parsed, kind):
        return Typed(None, f"It names {shown}. {left}")
    cue = _cue(parsed)
    return Typed(None, f"It names {shown}, {cue}") if cue else outcome


def _number(text: str, question: Question) -> Measured:
    parsed = _parse(text, Kind.COUNT)
    asked = f"{question.name} {question.prompt}"
    wanted = unit_asked_for(asked)
    timed = [part for part in parsed.values if part.unit]
    unit = None if wanted else timed[0].unit if timed else ""
    if unit == "day" and _OF_BUSINESS.search(text):
        unit = "business day"
    if timed:
        wanted = wanted or timed[0].unit
        strict = "business" in asked.lower() or "working" in asked.lower()
        fitting = [part for part in timed if _in_unit(part, wanted, strict)]
        if strict and wanted == "day" and not _OF_BUSINESS.search(text):
            return Measured(None, "It is said in days, which have no exact number of business days.")
        if not fitting:
            named = " or ".join(sorted({plural(part.unit) for part in timed}))
            return Measured(None, f"It is said in {named}, which have no exact number of {plural(wanted)}.")
        if _rival(parsed, timed, fitting) or _loose(parsed):
            return Measured(None, "It says more than one number, not all of the same unit.")
        values = [value for part in fitting for value in _in_unit(part, wanted, strict)]
    else:
        if wanted and (strange := _strange_unit(text, parsed.values)):
            return Measured(None, f"It says {strange}, a unit that is not understood.")
        values = [value for part in parsed.values for value in part.values]
    outcome = _one_decimal(values, "number")
    if outcome.value is None or not _TIMES_A_PERIOD.fullmatch(parsed.masked):
        outcome = _doubted(outcome, parsed, Kind.COUNT, str(outcome.value))
    return Measured(*outcome, unit)


_NO_NOUN = frozenset(
    "or and to of in on at by for from prior after before until upon if unless per a an the is are was were shall "
    "will may must only each every either following preceding since with within without as such than more less but "
    "so then plus total net".split()
)


def _strange_unit(text: str, numbers: Sequence[Part]) -> str:
    """The noun directly after a number, if a unit is asked and none understood: `30 Tage`, `3M`; else empty."""
    line = one_line(text)
    for part in numbers:
        if re.search(r"\d[mM]$", _said(line, part)):  # months or millions
            return _said(line, part)
        word = re.match(r"[\s-]*([^\W\d_]+)", line[part.end :])
        if word and word[1].casefold() not in _NO_NOUN:
            return f"{_said(line, part)} {word[1]}"
    return ""


_OF_BUSINESS = re.compile(r"\b(?:business|working|banking|trading)\s+days?\b", re.I)
_TIMES_A_PERIOD = re.compile(
    rf"\A[^{_VALUE}]*{_VALUE}\s+times(?:\s+(?:a|an|per|in|each|every|during)\b[^+*×{_VALUE}]*|[\s.]*)", re.I
)
_PERIODS = re.compile(r"\s+(?:(?:additional|successive|further|consecutive|renewal|separate|optional)\s+)*", re.I)
_OF_PERIODS = re.compile(r"\W{0,50}(?:periods?|terms?|renewals?|extensions?|intervals?)\b", re.I)
_OF_ANOTHER = re.compile(
    r"\b(?:the|any|each|every|such|an?|first|last|initial|final|preceding|said|this|that|its|rolling)"
    r"(?:\s+(?:first|last|initial|final|preceding|successive|consecutive|next|following|subsequent))?\s+$",
    re.I,
)


def _rival(parsed: _Parsed, timed: list[Part], fitting: list[Part]) -> bool:
    """Whether the answer also has a period in another unit: `1 month and 15 days`, not `15 days of a 3 month term`."""
    return any(
        part not in fitting and not _OF_ANOTHER.search(parsed.text[max(0, part.start - 40) : part.start])
        for part in timed
    )


def _loose(parsed: _Parsed) -> bool:
    """Whether there is a number without a unit that does not count periods, unlike in `two 30 day periods`."""
    for index, part in enumerate(parsed.parts):
        if part.kind is not Kind.COUNT or part.unit:
            continue
        following = parsed.parts[index + 1] if index + 1 < len(parsed.parts) else None
        counts = (
            following
            and following.unit
            and _PERIODS.fullmatch(parsed.text, part.end, following.start)
            and _OF_PERIODS.match(parsed.text, following.end)
            and all(0 < value < 10 for value in part.values)
        )
        if not counts:
            return True
    return False


def _in_unit(part: Part, wanted: str, strict: bool) -> tuple[Decimal, ...]:
    return () if strict and part.unit != wanted else converted(part.values, part.unit, wanted)


def _percentage(text: str, _: Question) -> Typed:
    parsed = _parse(text, Kind.PERCENT)
    if not parsed.values and _bare(text):
        # An answer that is only a number means percent, because the question asks for one.
        parsed = _parse(text, Kind.COUNT)
    values = [part.values for part in parsed.values]
    outcome = _one_decimal(_all_agreed(values), "percentage")
    kind = parsed.values[0].kind if parsed.values else Kind.PERCENT
    if outcome.value is not None and (_BASE_RATE.search(one_line(text)) or _ON_TOP.search(parsed.masked)):
        return Typed(None, f"It names {outcome.value}, but on top of a variable rate.")
    return _doubted(outcome, parsed, kind, str(outcome.value))


def _bare(text: str) -> bool:
    """Whether a text is a number and at most a currency, as in {"amount": "5000", "currency": "EUR"}."""
    places = [(part.start, part.end) for part in parts(text) if part.kind is Kind.COUNT and not part.unit]
    places += [(mention.start, mention.end) for mention in currencies(text)]
    for start, end in sorted(places, reverse=True):
        text = text[:start] + text[end:]
    return re.search(r"[^\W_]|‰", re.sub(r"\b(?:amount|currency|value)\b", "", text, flags=re.I)) is None


def _all_agreed(values: Sequence[tuple[Any, ...]]) -> list[Any]:
    """The values that all of them may have, as written; all values if they disagree."""
    common = set(values[0]).intersection(*values[1:]) if values else set()
    return [value for one in values for value in one if value in common or not common]


def _one_decimal(values: list[Decimal], noun: str) -> Typed:
    written: dict[Decimal, str] = {}
    for value in sorted(values):
        if not in_bounds(value):
            return Typed(None, f"It says a number that is too large or too fine for a {noun}.")
        # 10 and 10.00 are one value; the longer writing is kept.
        written[value] = max(written.get(value, ""), decimal_text(value), key=len)
    return _only(list(written.values()), noun)


def _only(values: list[str], noun: str) -> Typed:
    """The only one of `values`; a doubt if there are none or several."""
    if not values:
        return Typed(None, f"It says no {noun}.")
    if len(values) > 1:
        return Typed(None, Undecided(f"It says more than one {noun}: {', '.join(values[:-1])} or {values[-1]}."))
    return Typed(values[0])


_STEPS = r"(?:increments?|steps|denominations?|tranches|lots|blocks|batches|bands)\b"
_SO_OFTEN = re.compile(
    rf"{_TIME}\s+(?:at|of|x|@)\s+(?:the\s+rate\s+of\s+)?{_VALUE}|{_VALUE}\s+(?:for|in)\s+each\s+(?:of\s+(?:the\s+)?)?{_TIME}"
    rf"|{_TIME}\s?'s?\s+(?!(?:prior|written|advance|notice)\b)(?:[\w-]+\s+){{1,3}}(?:(?:at|of|for)\s+)?\W{{0,2}}{_VALUE}"
    rf"|\b(?:per|each|every)\s+{_VALUE}|{_VALUE}\s+{_STEPS}|\b{_STEPS}\s+of\s+{_VALUE}",
    re.I,
)
"""An amount for each of several periods or sums: `three months' rent of $1,500`, `for each $100`."""


def _monetary_amount(text: str, _: Question) -> Typed:
    text = _as_money(text)
    parsed = _parse(text, Kind.MONEY)
    others = {value for mention in currencies(text) for value in mention.values} & DOLLARS
    named: set[str | None]
    if not parsed.values and _bare(text):
        parsed = _parse(text, Kind.COUNT)
        named = {value for mention in currencies(text) for value in mention.values}
        values: list[tuple[Decimal, ...]] = [part.values for part in parsed.values]
    else:
        foreign = next(iter(others)) if len(others) == 1 else None
        moneys = [(money, part.bare) for part in parsed.values for money in part.values]
        named = {foreign if bare and foreign else money.currency for money, bare in moneys} - {None}
        values = [tuple(money.amount for money in part.values) for part in parsed.values]
    clear = (one for one in currencies(text) if not bare_dollars(text[one.start : one.end]))
    said = named | {value for mention in clear for value in mention.values} if named else named
    if len(said) > 1:
        return Typed(None, Undecided(f"It names more than one currency: {' or '.join(sorted(map(str, said)))}."))
    outcome = _one_decimal(_all_agreed(values), "amount of money")
    if outcome.value is not None and named <= {"USD", "INR", "GBP"} and _FOREIGN.search(parsed.masked):
        return Typed(None, f"It names {outcome.value}, but it is not certain in which country's money.")
    if outcome.value is None:
        return outcome
    strange = next(
        (one for one in currencies(text) if not one.values and _BEFORE_MONEY.search(text[: one.start])), None
    )
    if strange:
        said_too = text[strange.start : strange.end]
        return Typed(None, f"It names {outcome.value}, and {said_too}, which is not understood.")
    kind = parsed.values[0].kind
    if _SO_OFTEN.search(parsed.masked) or _INDEX.search(parsed.masked):
        return Typed(None, f"It names {outcome.value}, but as a part, a term or a multiple of what it means.")
    _, doubt = _doubted(outcome, parsed, kind, str(outcome.value))
    return Typed(None, doubt) if doubt else Typed({"amount": outcome.value, "currency": next(iter(named), None)})


_BEFORE_MONEY = re.compile(r"\b(?:in|into)\s+(?:\w+\s+)?\Z", re.I)


def _as_money(text: str) -> str:
    """An amount in JSON as one in words."""
    if text.startswith("{"):
        try:
            found = json.loads(text, parse_float=str, parse_int=str)
        except (ValueError, RecursionError):
            return text
        if isinstance(found, dict) and found.keys() <= {"amount", "currency", "value"}:
            return f"{found.get('currency') or ''} {found.get('amount', found.get('value'))}".strip()
    return text


_NOT_THIS = re.compile(
    r"\b(?:other\s+than|not|except|excluding|no|never|any\s+other|or\s+(?:any\s+|an?\s+|its\s+|the\s+|such\s+)*(?:other|another|equivalent|local|foreign)|unlike)\b",
    re.I,
)

_INSTEAD = re.compile(
    rf"\b(?:non|ex|but|save|outside|from|was|were|neither|nor|in\s+lieu\s+of)(?:\s+in)?[\s-]+{_VALUE}|{_VALUE}\s+until\b|\bin\s+(?:some|most|certain)\b|\bold\s+{_VALUE}"
    rf"|{_VALUE}\s?\?|{_VALUE}\s*/\s*\W|{_VALUE}\s+(?:of|at)?\s*[\d.,]+\s?(?:%|per\s?cent)",
    re.I,
)
_IN_A_NAME = re.compile(
    rf"\s+(?!(?:{'|'.join(sorted(_NO_NOUN))}|{_A_PRICE}|{_A_CHARGE}|payments?|amounts?|invoices?|accounts?|funds?|currency"
    r"|equivalents?|cash|(?-i:[a-z]+(?:ed|ly|ing|able|n)))\b)[^\W\d_]{2,}",
    re.I,
)
"""One word for money before a noun is a part of a name, or an abbreviation: `Yen Press`, `CAD drawings`."""
_AND_ANOTHER = re.compile(
    r"\b(?:[A-Z][a-z]+(?:an|ese|ish|ss|ani|nch)|Hong Kong|New Zealand|Singapore|US|U\.S\.)"
    rf"\s*(?:,|/|&|(?:and|or)\b)\s*(?:(?:and|or)\s+)?{_VALUE}"
)
"""`Canadian or US dollars`."""


def _currency(text: str, _: Question) -> Typed:
    if text.upper() in ISO_4217 - (frozenset() if text.isupper() else ENGLISH_WORDS):
        return Typed(text.upper())
    found = currencies(text)
    codes = sorted({value for mention in found for value in mention.values})
    if codes == ["USD"] and all(bare_dollars(text[mention.start : mention.end]) for mention in found):
        return Typed(None, Undecided("It does not say which country's dollars these are."))
    outcome = _only(codes, "currency")
    if outcome.value is None:
        return outcome
    strange = next((text[one.start : one.end] for one in found if not one.values), None)
    if strange and strange not in "¥$":
        return Typed(None, f"It names {outcome.value}, and {strange}, which is not understood.")
    line, starts = one_line(text), {one.start for one in found}
    words = (one for one in found if text[one.start : one.end].isalpha() and one.end + 1 not in starts)
    if any(_IN_A_NAME.match(line, one.end) for one in words):
        return Typed(None, f"It names {outcome.value}, perhaps as a part of a name.")
    for mention in reversed(found):
        line = f"{line[: mention.start]}{_VALUE}{line[mention.end :]}"
    if any(cue.search(line) for cue in (_NOT_THIS, _INSTEAD, _AND_ANOTHER, _REVOKED, _GUESSED)):
        return Typed(None, f"It names {outcome.value}, but not that alone.")
    return outcome


def _date(text: str, _: Question) -> Typed:
    parsed = _parse(text, Kind.DATE)
    whole = [part.values for part in parsed.values if part.values]
    if len(whole) < len(parsed.values):
        part = next(part for part in parsed.values if not part.values)
        return Typed(None, f"A date in it is incomplete: {_said(parsed.text, part)}.")
    outcome = _only(sorted(set(_all_agreed(whole))), "date")
    if outcome.value is None:
        return outcome
    lasts = any(part.kind is Kind.COUNT and part.unit for part in parsed.parts) and not _ENDS_ON.search(parsed.masked)
    if lasts or _COUNTED.search(parsed.masked):
        return Typed(None, f"It counts from {outcome.value}, and is another date.")
    weekday = _WEEKDAY.search(parsed.masked)
    if weekday and (weekday[1] or weekday[2]).lower() != _WEEKDAYS[date.fromisoformat(outcome.value).weekday()]:
        return Typed(None, f"It names {outcome.value}, which is another day of the week.")
    if _OTHER_CALENDAR.search(text):
        return Typed(None, f"It names {outcome.value}, but by another calendar.")
    if _ROUGHLY.search(parsed.masked):
        return Typed(None, f"It names about {outcome.value}.")
    for part in parsed.parts:
        year = _YEAR.search(_said(parsed.text, part)) if part.kind is Kind.NAME else None
        if year and year[0] != outcome.value[:4]:
            return Typed(None, f"It says more than one date: {outcome.value} or {year[0]}.")
    return _doubted(outcome, parsed, Kind.DATE, outcome.value)


_ANSWERS = (
    r"(?=$|\s*[,;:!(\n]|\.(?!\s*(?:\d|of\b))|\s+-|\s+(?:as|because|but|it|not|since|such|the|there|this|unless)\b)"
)
_YES = re.compile(rf"(?:true{_ANSWERS}|yes\b(?!-\w|\s+(?-i:[A-Z]))|y$)", re.I)
_NO = re.compile(rf"(?:(?:no|false){_ANSWERS}|n$)", re.I)
"""`No.` answers; `No later than`, `No party`, `No. 12965` and `True copy` do not; nor does the name `Yes Bank`."""
_ELSE = (
    r"(?=\s*(?:as|for|if|in|when|otherwise|after|before|until|to|on|with|within|thereafter|by|from|during|at|under"
    r"|except|unless|and|or)\b|[\s.,;:!?)\]]*$|\s*[.,;:!?()/\[\]&\d-])"
)
_OTHERWISE = r"(?:thereafter|afterwards|otherwise|elsewhere|else)"
_DENIED = r"(?:no|not|none|never|cannot|prohibited|forbidden)\b"
_BOTH = re.compile(
    rf"\A(?:\w+\W+(?:for|in|during|if|when|on)\b.*\b{_DENIED}|(?:yes|true|y)\b.*?(?:\b(?:no|false){_ELSE}|\b(?:but|and|or|then|thereafter|afterwards|otherwise|than)\s+(?:no|not|false|never)\b"
    rf"|\b{_OTHERWISE}\b[^.]{{0,40}}\b{_DENIED}|\b{_DENIED}\W{{1,3}}{_OTHERWISE}\b"
    rf"|\bbut\b[^.;]{{1,40}}\b(?:may|must|can|shall|is|are|does|do|will)\s?(?:not|n't)\b)"
    r"|(?:no|false|n)\b.*?\b(?:yes|true)\b)",
    re.I,
)
_FORM = re.compile(r"[\[({]\s*[xX*_-]?\s*[\])}]|__|\?|\b[xXoOþý]\b|~~")
"""Boxes to tick show both answers, and a question mark none."""


def _has_signs(line: str) -> bool:
    """Whether there is a sign as of a box to tick, in any font."""
    return any(unicodedata.category(char) in ("So", "Sm", "Sk", "Co", "No") for char in line if char not in "©®™°`´^")


_IN_PART = re.compile(
    r"^\w+\W+(?:(?:but\s+)?only\s+)?(?:until|up\s+to|before|after|from)\b|^\w+\W+or\b|\b(?:partly|partially|in\s+part|maybe|perhaps|possibly|sometimes|however|initially|temporarily|provisionally|formerly|previously|originally)\b"
    r"|\b(?:likely|unknown|depend(?:s|ing)|mostly|largely|generally|typically|usually|theoretically|reportedly|revoked)\b"
    rf"|{_WORD_OF_A_GUESS}|\bin\s+(?:theory|principle)\b|\bit\s+(?:seems|appears)\b"
    r"|\b(?:for|in|under|as\s+to|to)\b.{0,300}\bonly\W*$|\b(?:for|in)\b.{0,300}\bonly\b|\b(?:solely|exclusively)\s+(?:as|for|in|to|with)\b|^(?:yes|true)\W+(?:for|during|in|within)\s+the\s+(?:first|initial|last)\b|\b(?:for|in|under|to)\s+(?:some|most|many|few|several)\b|^(?:yes|true)\b.*\bonly\s+(?:for|in|as\s+to|to|by)\b|^\w+\W+to\s+some\b|\bn(?:/a|\.a\.)"
    r"|^\w+\W+(?:as\s+(?:to|regards)|regarding|concerning|with\s+respect\s+to|in\s+respect\s+of|insofar|to\s+the\s+extent)\b"
    r"|\bnot\s+(?:always|for|to|in|if|when|after|before|by|as)\b|^(?:yes|true)\W+(?:never|not|neither)\b|\bno\s+longer\b|^\w+\W+(?:\d+\s?(?:%|/|(?:out\s+)?of\b)|0\b)|\bactually\b.{0,300}\bnot\b"
    rf"|[\[(](?:{_GONE})[\])]|\bbut\b[^.;]{{0,300}}\b(?:delet|str[iu]c?k|supersed|revok|rescind|repeal)\w*",
    re.I,
)


_YES_AND_NO_ELSEWHERE = {
    **dict.fromkeys(("ja", "oui", "sí", "sì", "sim"), True),
    **dict.fromkeys(("nein", "non", "não", "nee"), False),
}
"""In German, French, Spanish, Italian, Portuguese and Dutch, if the answer is nothing else."""


def _yes_no(text: str, _: Question) -> Typed:
    text = re.sub(r"\A([\"'*]+)([^\"'*]+)[\"'*]+\Z", r"\2", plain(text))
    line = one_line(text)
    elsewhere = _YES_AND_NO_ELSEWHERE.get(line.strip(" .").lower())
    if elsewhere is not None:
        return Typed(elsewhere)
    if _BOTH.match(line):
        return Typed(None, Undecided("It says both yes and no."))
    answer = True if _YES.match(text) else False if _NO.match(plain(text)) else None
    if answer is None:
        return Typed(None, "It says neither yes nor no.")
    if _FORM.search(line) or _has_signs(line):
        return Typed(None, Undecided("It does not say which box is ticked."))
    if _IN_PART.search(line):
        return Typed(None, Undecided("It holds only in part."))
    return Typed(answer)


_READERS: dict[Format, Callable[[str, Question], Typed]] = {
    "text": _text,
    "bulleted_list": _bulleted_list,
    "percentage": _percentage,
    "monetary_amount": _monetary_amount,
    "currency": _currency,
    "yes_no": _yes_no,
    "date": _date,
    "tag": named_tag,
}
