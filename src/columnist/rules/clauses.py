"""The kinds of clauses that questions ask for, as patterns, and the jurisdiction of a governing-law clause."""

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Clause:
    """A kind of clause: questions that match `asks` are about passages that match `says` and not `unless`.

    `words` are what such passages say and questions often do not; they join the search.
    """

    asks: re.Pattern[str]
    says: re.Pattern[str]
    unless: re.Pattern[str] | None = None
    words: str = ""

    def stands_in(self, text: str) -> bool:
        """Whether a passage, its white space made single, is such a clause."""
        text = text.lower()
        return bool(self.says.search(text)) and not (self.unless and self.unless.search(text))


def _clause(asks: str, says: str, unless: str | None = None, words: str = "") -> Clause:
    # Lower case against lower case: half the time of ignoring it.
    return Clause(re.compile(asks, re.I), re.compile(says), re.compile(unless) if unless else None, words)


GOVERNING_LAW = _clause(
    r"governing law|choice of law|applicable law|law[s]? (?:that )?govern|govern\w* by|whose law",
    r"(?:govern|constru|interpret|enforce|determin)\w*\b.{0,160}\blaws?\b|\blaws? of .{0,80}\b(?:govern|apply)\b",
)
_TERM_SAYS = (
    r"\b(?:term|(?:contract|license|agreement|service) period)\b.{0,120}"
    r"\b(?:commenc|begin|continu|effect|expir|period|until|end|years?|months?)"
    r"|\bagreement\b.{0,60}\b(?:commence|continue|remain|last|run|effective)\b.{0,80}\b(?:for|until|through)\b"
    r"|\b(?:remain|continue) (?:in|until)\b|\bexpires? on\b|\bshall expire\b"
    r"|\b(?:automatically|successive)\b.{0,60}\b(?:renew|extend|period)|\brenew(?:ed|s)? (?:automatically|for)\b"
)
_TERM_WORDS = "term initial period effect remain continue commence expire renew"
_OTHER_TERMS = (
    r"confidential|warrant|obligations under this section|contract year|severab|enforceab|\binvalid|insurance"
    r"|exclusivity"
    r"|registration statement"
)
EXPIRATION = _clause(r"expir|end date|when does .{0,40}\bend\b|termination date", _TERM_SAYS, _OTHER_TERMS, _TERM_WORDS)
TERM = _clause(
    r"\b(?:initial|contract) term\b|^term\b|term of the|duration|how long|renew", _TERM_SAYS, _OTHER_TERMS, _TERM_WORDS
)
_FOR_CAUSE = (
    r"(?:breach|default|insolven|bankrupt|materially|fails? to|change (?:of|in) control|force majeure"
    r"|unless either party"
    r"|\bif (?:the|any|either)\b|upon the (?:dissolution|occurrence))"
)
CONVENIENCE = _clause(
    r"convenience|without cause",
    r"\b(?:terminat|cancel)\w*\b.{0,100}\b(?:for any (?:reason|or no)|without (?:any )?cause|for (?:its )?convenience"
    r"|for no reason|with or without (?:any )?(?:cause|reason))\b|\b(?:without cause|any reason)\b.{0,60}\bterminat"
    rf"|^(?!.*{_FOR_CAUSE}).*(?:\b(?:terminat|cancel)\w*\b.{{0,100}}"
    r"\b(?:at any time|at the option of (?:any|either))\b"
    r"|\bany time\b.{0,60}\bterminat"
    r"|\b(?:either|any|each|both) part(?:y|ies)\b.{0,40}\bterminat\w*\b.{0,100}\bnotice"
    r"|\bnotice\b.{0,40}\b(?:either|any|one) party\b.{0,80}\bterminat"
    r"|\b(?:terminat|cancel)\w*\b.{0,80}\bby (?:either|any|(?:one|a) party)\b.{0,60}\bnotice"
    r"|\b(?:may|right to) (?:terminate|cancel) (?:this|the) \w+ (?:up)?on\b.{0,60}\bnotice\b.{0,60}"
    r"\bwithout\b.{0,30}\bpenalty)",
    r"not be terminated|surviv"
    r"|(?:event|effect|upon|after|following|date) (?:of )?(?:the |any |such |early )*(?:expiration"
    r"|termination)\b(?! date)",
)
_RENEWS = r"\b(?:(?:non)?renew\w*|(?:extend|extension)\w*(?=.{0,80}\b(?:term|period|successive|additional|further)))\b"
_RESTRAINS = r"\b(?:not|never|neither|nor|refrain\w*|prohibited)\b"
_PRICES = r"\b(?:prices?|pricing|fees?|rates?|charges?|royalt(?:y|ies))\b"
_OTHERS = (
    r"\b(?:(?:any|other|others|another|third)\b.{0,40}\b(?:part(?:y|ies)|persons?|compan(?:y|ies)|entit(?:y|ies))"
    r"|customers?|clients?|distributors?|licensees?|purchasers?|buyers?|resellers?|competitors?)\b"
)
_BETTER = r"\b(?:lower|lowest|better|best|preferred|(?:more|less) favou?rable)\b"
_UNITS = (
    r"\b(?:users?|seats|units?|hours?|transactions?|volumes?|calls?|copies|accounts?|impressions?|page ?views|records?"
    r"|visits?|servers?|workstations?|computers|locations|appearances?|subscribers|members|gallons|barrels|tons"
    r"|quantit(?:y|ies)"
    r"|minutes)\b"
)
_COUNT = r"(?:\d|\[\*|\b(?:one|two|three|four|five|six|eight|ten|twelve|twenty|thirty|forty|fifty|hundred|thousand)\b)"
_ITS_RIGHTS = (
    r"\b(?:validity|ownership|owner|title|marks?|trademarks?|patents?|enforceab\w+|copyrights?|interest"
    r"|intellectual property|rights in)\b"
)
_LICENCE = r"licen[cs]\w*"
NOTICE_OF_NO_RENEWAL = _clause(
    r"notice.{0,60}(?:renew|extend)|(?:renew|extend).{0,60}notice",
    rf"\bnotice\b.{{0,250}}{_RENEWS}|{_RENEWS}.{{0,350}}\b(?:notice|notif\w+|written)\b"
    r"|\bnotice\b.{0,160}\b(?:prior to|before|preceding|in advance of)\b.{0,30}\b(?:expir\w+|end|conclusion)\b.{0,40}"
    r"\b(?:term|period|agreement)\b",
    r"\bcures?\b|insolven|bankrupt|force majeure|certificate|\bpolic(?:y|ies)\b|\bcoverage\b|negotiat",
    "renew extend automatically notice prior expiration",
)
NOTICE = _clause(
    r"notice period|days.{0,20}notice|notice.{0,40}terminat|terminat.{0,60}notice",
    r"\bnotice\b.{0,160}\b(?:terminat|renew|expir)|\b(?:terminat|renew|extend|expir)\w*\b.{0,200}\bnotice\b",
    r"\bcures?\b|breach|default|remed|fails? to|force majeure|insolven|bankrupt",
)
RENEWAL = _clause(
    r"^(?:(?!initial).)*\brenew",
    rf"{_RENEWS}.{{0,200}}\b(?:years?|months?|days|term|periods?|annual(?:ly)?|monthly)\b"
    r"|\bcontinu\w*\b.{0,30}\b(?:year|month)[- ]to[- ](?:year|month)\b",
    r"\b(?:insurance|lease|registration|warrant\w*|patents?|domain)\b.{0,60}\brenew|\brenew\w*\b.{0,30}\b(?:lease"
    r"|polic)"
    r"|\bterm\b.{0,20}\bshall extend (?:for|from|until|through|to)\b|\bcures?\b|\bdefault\b|force majeure",
    "renew extend automatically successive additional term period",
)
CLAUSES = (
    GOVERNING_LAW,
    CONVENIENCE,
    _clause(
        r"warrant\w*.{0,30}(?:duration|period|long|term)|(?:duration|period|long).{0,30}warrant",
        r"\bwarranty period\b|\bwarrant\w*\b.{0,250}\b(?:for|within|period of|after|from)\b.{0,30}\b(?:days?|months?"
        r"|years?)\b"
        r"|\b(?:days?|months?|years?)\b.{0,60}\bwarrant(?:y|ies|s)\b"
        r"|\bwarrant(?:y|ies)\b.{0,40}\bexpires?\b.{0,40}\b(?:days?|months?|years?)\b"
        r"|\bguarante\w+\b.{0,60}\bdefect\w*\b.{0,60}\b(?:days?|months?|years?)\b"
        r"|\bdefects?\b.{0,60}\bwithin\b.{0,40}\b(?:days?|months?|years?)\b.{0,80}\b(?:repair|replace|correct|remedy"
        r"|deliver|receipt)",
        r"\bnotice\b|\bterm of this\b|represent|\bhas been\b",
        "warranty warrants period defects repair replace",
    ),
    EXPIRATION,
    NOTICE_OF_NO_RENEWAL,
    NOTICE,
    RENEWAL,
    TERM,
    _clause(
        r"joint.{0,20}(?:ip|intellectual|owner)|(?:joint|shared) ownership",
        r"\bjoint(?:ly)?[- ](?:own|property|invent|hold|held|develop\w* (?:intellectual|ip))|\bjoint owners?\b"
        r"|\bjoint (?:ownership|ip|intellectual|inventions?|patents?|technology)\b|\bco-?own"
        r"|\b(?:own\w*|held|property)\b.{0,20}\b(?:jointly|equally)\b|\bownership\b.{0,80}\bshared\b"
        r"|\bbelong\b.{0,40}\bjointly\b|\bown\w*\b.{0,40}\bequal shares\b"
        r"|\bundivided\b.{0,40}\binterest\b.{0,80}\b(?:patent|invention|intellectual|technology|copyright)",
        r"joint(?:ly)?-? ?owned (?:subsidiar|compan)",
        "jointly joint owned ownership equal undivided own results",
    ),
    _clause(
        r"ip ownership|ownership of intellectual|intellectual property.{0,80}(?:becom|assign|property of)",
        r"\b(?:hereby|shall|agrees? to|does|will)\b.{0,30}\bassigns?\b.{0,200}\b(?:right, title|title and interest"
        r"|intellectual|invention|patent|copyright|work product|deliverables?)"
        r"|\bassigns to\b.{0,120}\b(?:title|intellectual|inventions?|patents?|copyrights?|work product|deliverables?)\b"
        r"|\b(?:ownership|title|rights)\b.{0,30}\b(?:deliverables?|works?|software|inventions?"
        r"|intellectual property|results"
        r"|materials|artwork)\b.{0,60}\b(?:shall|will)\b.{0,20}\b(?:pass|vest|transfer)\b"
        r"|\bworks? (?:made )?for hire\b"
        r"|\b(?:created|developed|made|conceived|prepared|arising|generated)\b.{0,200}\b(?:shall"
        r"|will)\b.{0,30}\b(?:sole|exclusive|owned by|belong|vest in|(?:be|become) the (?:sole "
        r"|exclusive )*property of)"
        r"|\b(?:improvements?|inventions?|developments?|work product|deliverables?|modifications?|derivative works?"
        r"|intellectual property)\b.{0,120}\b(?:shall|will)\b.{0,30}\b(?:become the|belong|vest in|be owned)"
        r"|\bshall own\b.{0,120}\b(?:created|developed|made|conceived|generated|prepared) by\b",
        r"\b(?:merger|successors?)\b|\bprior to (?:this|the)\b|pre-?existing|\bsolely by\b|\bjoint(?:ly)?\b|recovered",
        "assign right title interest inventions work hire property owned improvements deliverables vest",
    ),
    _clause(
        r"(?:non-?transferab|transfer\w*) .{0,20}licen[cs]e|licen[cs]e.{0,40}transfer",
        rf"\bnon-? ?(?:transferab|assignab)|\b{_LICENCE}\b.{{0,250}}\bnot\b.{{0,60}}\b(?:transfer|assign|sublicen)"
        rf"|\b(?:not|no right to)\b.{{0,60}}\b(?:transfer|sublicen)\w*\b.{{0,120}}\b(?:{_LICENCE}|rights)\b",
        words="nontransferable transferable non license sublicense",
    ),
    _clause(
        r"affiliate.{0,20}-licensor|(?:affiliates of the|licensor's) (?:licensor|affiliates)",
        rf"\b(?:itself|themselves) and (?:on behalf of )?(?:its|their) affiliates.{{0,60}}\bgrants?\b"
        rf"|\band its affiliates,? (?:hereby )?grants?\b|\bshall cause its affiliates to\b.{{0,60}}\b(?:grant"
        rf"|{_LICENCE})"
        rf"|\b(?:grants?|{_LICENCE})\b.{{0,300}}\b(?:owned|controlled|licensable|held) by\b.{{0,60}}\baffiliates?\b",
    ),
    _clause(
        r"affiliate.{0,20}-licensee|affiliates of the licensee|sublicen[cs]e to its affiliates",
        rf"\bgrants?\b.{{0,30}}\bto\b.{{0,60}}\b(?:and|or)\b.{{0,25}}\b(?:affiliates?"
        rf"|subsidiaries)\b.{{0,150}}\b(?:{_LICENCE}|rights?)"
        rf"|\bgrants?\b (?!to\b).{{0,40}}\b(?:and|or) its (?:affiliates?|subsidiaries)\b.{{0,100}}\b(?:{_LICENCE}"
        rf"|rights? to)"
        r"|\bsublicen[cs]\w*\b.{0,80}\b(?:affiliates?|subsidiaries)\b"
        rf"|\b{_LICENCE}\b.{{0,60}}\bextends?\b.{{0,40}}\b(?:affiliates?|subsidiaries)\b"
        r"|\b(?:affiliates?|subsidiaries)\b.{0,40}\b(?:may|right to) use\b|\bpermit its (?:affiliates?"
        r"|subsidiaries) to use\b",
        r"\bindemnif|hold harmless",
        "grant license affiliates subsidiaries sublicense use",
    ),
    _clause(
        r"irrevocable|perpetual",
        rf"\b(?:irrevocabl[ey]|perpetual(?:ly)?|in perpetuity)\b.{{0,160}}\b(?:{_LICENCE}|right to use)"
        rf"|\b(?:{_LICENCE}|right to use)\b.{{0,160}}\b(?:irrevocabl[ey]|perpetual(?:ly)?|perpetuity)\b",
        r"jurisdiction|power of attorney|attorney-in-fact",
        "irrevocable perpetual perpetuity license right",
    ),
    _clause(
        r"unlimited.{0,40}(?:licen[cs]e|usage)|all-you-can-eat|enterprise licen[cs]e",
        rf"\b(?:unlimited|enterprise[- ]wide|all-you-can-eat|unrestricted)\b.{{0,40}}\b(?:{_LICENCE}|right|users?"
        rf"|copies|usage|use|number)\b|\bsite {_LICENCE}\b"
        rf"|\b{_LICENCE}\b.{{0,80}}\b(?:unlimited|enterprise[- ]wide|unrestricted)\b"
        r"|\b(?:use|copy|right)\b.{0,60}\bwithout (?:limit(?:ation)?|restriction) (?:as to|on|of)\b.{0,30}\b(?:number"
        r"|users?|copies|downloads|usage)\b",
        r"\bliab",
        "unlimited enterprise users copies number without limitation restriction site",
    ),
    _clause(
        r"uncapped|unlimited liab|carve-?outs? from the (?:limit|cap)",
        r"\b(?:limit\w*|exclusions?|cap|foregoing|preceding|section)\b.{0,120}\b(?:(?:not|none).{0,60}\b(?:apply|limit"
        r"|available|affect)"
        r"|no effect)\b.{0,250}\b(?:breach|indemn|negligen|misconduct|fraud|wil+ful|gross|confiden|infring|death|liab)"
        r"|\b(?:except|other than|without affecting|excluding)\b.{0,300}\b(?:liable|liability)\b.{0,200}"
        r"\b(?:indirect|consequential|special|punitive|exceed|greater|limited)"
        r"|\b(?:liable|liability)\b.{0,300}\b(?:indirect|consequential|special|punitive|exceed)\w*\b.{0,300}"
        r"\b(?:except|other than|provided,? however)\b"
        r"|\bnothing\b.{0,80}\b(?:limit|exclude)\w*\b.{0,60}\bliab|\bliab\w*\b.{0,80}\b(?:unlimited|without limit"
        r"|not be limited)",
        r"indemnify|hold harmless|beyond the (?:reasonable )?control"
        r"|\bconfidential(?:ity)?\b.{0,60}\b(?:do|does|shall|will) not apply to\b.{0,20}\binformation",
        "limitation liability apply except breach indemnification negligence misconduct",
    ),
    _clause(
        r"(?:competitive|compete|exclusiv).{0,40}(?:exception|carve)|(?:exceptions?|carve-?outs?).{0,40}(?:compet"
        r"|exclusiv)",
        r"\b(?:except|notwithstanding|provided,? (?:however|that)|other than|nothing)\b.{0,250}\b(?:compet(?:e|es|ing"
        r"|itive|itors?|ition)|exclusiv\w*)\b"
        r"|\b(?:exclusiv\w*|compet(?:e|es|ing|itive|itors?|ition))\b.{0,300}\b(?:except|provided,? however|excluding"
        r"|notwithstanding)\b"
        r"|\b(?:exclusiv\w*|compete|competition|restrictions?|covenants?|prohibitions?)\b.{0,120}\b(?:shall|will|does"
        r"|do) not (?:apply|extend|prohibit|preclude|prevent|restrict|limit)\b.{0,120}\b(?:from|to)\b"
        rf"|{_RESTRAINS}.{{0,60}}\b(?:sell|supply|distribute|market|licen[cs]e|solicit|appoint|compete"
        rf"|endorse)\b.{{0,200}}\b(?:except (?:that|for|to)|provided,? however|other than)\b",
        r"exclusive (?:property|own|legal|remed|jurisdiction|venue)|exclusive of|exclusively (?:owned|by)|injunct"
        r"|disclos|non-? ?exclusiv|assign|\bcompetitive(?:ly)? (?:pric|bid|rate)|\b(?:price|pricing"
        r"|rate)s?\b.{0,40}\bcompetitive|remed|warrant(?:y|ies)|indemn|liab",
        "except notwithstanding exclusive compete competing competitor restriction apply prohibit prevent",
    ),
    _clause(
        r"change (?:of|in) control|merger|acquired",
        r"\bchange (?:of|in) (?:the )?(?:effective )?(?:control|ownership)\b|\bcontrolling interest\b"
        r"|\bcontrol\b.{0,60}\b(?:shall"
        r"|should) pass\b"
        r"|\b(?:consent|terminat\w*|not)\b.{0,200}\b(?:merger|(?:sale|transfer) of (?:all|substantially|control"
        r"|a majority))\b"
        r"|\b(?:merg\w+|acqui\w+|sale of (?:all|substantially|a majority)|substantially all)\b.{0,200}\b(?:terminat"
        r"|deemed (?:to be )?an assignment|(?<!without )(?:(?:prior )?written consent|prior (?:written )?approval))"
        r"|\b(?:not|neither)\b.{0,160}\bassign\w*\b.{0,160}\bby operation of law\b"
        r"|\bby operation of law\b.{0,60}\bassign\w*\b.{0,160}\bconsent\b"
        r"|\b(?:terminat\w*|notify|notice)\b.{0,120}\b(?:is|are|be) acquired by\b"
        r"|\b(?:terminat\w*|notify|notice|consent)\b.{0,160}\b(?:voting (?:securities|stock|shares|power)"
        r"|equity interests)\b",
        r"\bassigned without|no such consent|consent (?:of .{0,30} )?(?:shall"
        r"|will) not|\bmay assign\b|make any payment|severance|employ|authorit",
        "change control merger acquired sale assets stock ownership operation law transfer voting",
    ),
    _clause(
        r"post-?termination|after the contract ends|transition|wind(?:ing)?[- ]down",
        r"\b(?:after|upon|following|on|of|event of)\b.{0,40}\b(?:expiration|termination|expiry|expires"
        r"|terminates)\b.{0,250}\b(?:shall|will|must|agrees?|may)\b.{0,120}\b(?:continue|transition|assist|wind"
        r"|sell[- ]off|inventory|repurchase|sell (?:any|all|its)|support|fulfil|complete|perform|cooperat|honou?r"
        r"|dispose)"
        r"|\btransition (?:services|period|assistance|plan)\b|\bsell[- ]off period\b|\bwind(?:ing)?[- ]down\b"
        r"|\b(?:upon|after|following|event of)\b.{0,40}\b(?:expiration|termination)\b.{0,160}\b(?:shall|will|must"
        r"|agrees? to)\b.{0,40}\b(?:pay|reimburse|cease|discontinue|refund|purchase|buy)\b"
        r"|\b(?:maintain|keep|retain|provide|support|supply|continue)\w*\b.{0,120}\b(?:years?|months?"
        r"|days?)\b.{0,30}\b(?:after|following)\b.{0,30}\b(?:expiration|termination)\b"
        r"|\b(?:days|months?|years?)\b.{0,20}\b(?:after|following)\b.{0,30}\b(?:expiration|termination)\b.{0,120}"
        r"\b(?:may|shall|will)\b.{0,40}\b(?:sell|dispose|continue|provide|maintain|keep)\b"
        r"|\b(?:days|months?|years?)\b.{0,20}\b(?:after|following)\b.{0,20}\b(?:expiration|termination)\b.{0,60}"
        r"\b(?:to|which to) (?:sell|dispose)\b|\b(?:upon|after|following)\b.{0,30}\b(?:expiration|termination)\b.{0,60}"
        r"\b(?:option|right) to (?:purchase|buy|repurchase)\b"
        r"|\b(?:due|payable)\b.{0,40}\b(?:upon|on|after|following) (?:the )?(?:expiration|termination)\b"
        r"|\btermination\b.{0,60}\bnot (?:relieve|release|affect)\b.{0,120}\b(?:pay|payment|amounts?|accrued)\b",
        r"\b(?:surviv\w+|dissol\w+|liquidat\w+|bankrupt\w*|insolven\w*|insurance|arbitrat\w+)\b|confidential|solicit"
        r"|compet|claim|\bmarks\b",
        "after termination expiration transition continue assist inventory wind pay cease following maintain "
        "records expiry due",
    ),
    _clause(
        r"volume.{0,20}(?:restrict|limit)|exceeds? a threshold",
        rf"\b(?:exceed\w*|in excess of|more than|over|above|beyond)\b.{{0,60}}{_UNITS}.{{0,160}}\b(?:fees?|charges?"
        rf"|charged|bill(?:ed)?|invoiced?|pay|price|rates?|approval|consent)\b"
        rf"|\b(?:additional|extra|excess)\b.{{0,15}}{_UNITS}.{{0,120}}\b(?:fees?|charges?|charged|billed|invoiced|pay"
        rf"|rates?)\b"
        rf"|{_UNITS}.{{0,60}}\b(?:exceed\w*|in excess of|over|above)\b.{{0,160}}\b(?:fees?|charges?|charged"
        rf"|bill(?:ed)?|invoiced?|pay|rates?)\b"
        rf"|\b(?:up to|maximum of|no more than|not more than|not (?:to )?exceed"
        rf"|limited to)\b.{{0,20}}{_COUNT}.{{0,30}}{_UNITS}"
        r"|\bnot\b.{0,30}\b(?:obligated|required|obliged) to (?:supply|provide|deliver|perform|sell"
        r"|manufacture)\b.{0,160}\b(?:more than|in excess of|exceed\w*|greater than)\b"
        r"|\bno obligation to\b.{0,60}\b(?:more than|in excess of|exceed\w*)\b|\boverages?\b"
        r"|\bnot\b.{0,20}\border\b.{0,60}\b(?:more than|in excess of)\b",
        r"liab|damages|warrant|indemn|insur|counterpart|business hours|audit",
        "exceed excess additional maximum limit more users units hours transactions fee charge volume supply "
        "quantity copies overage order",
    ),
    _clause(
        r"price restrict|restricted in raising|prices? (?:increase|cap|protect)",
        rf"{_PRICES}.{{0,120}}\b(?:shall|may|will|must|can)(?: not|not)\b.{{0,30}}\b(?:increas|exceed|rais|adjust"
        rf"|chang)\w*"
        rf"|\bnot\b.{{0,30}}\b(?:increas|rais|lower|reduc|chang)\w*\b.{{0,40}}{_PRICES}"
        rf"|\bno increases?\b.{{0,40}}{_PRICES}"
        rf"|{_PRICES}.{{0,120}}\b(?:increas|adjust|escalat)\w*\b.{{0,120}}\b(?:exceed|more than|greater than|once"
        rf"|no event|index|cpi)\b"
        rf"|\b(?:increas|adjust|escalat|rais)\w*\b.{{0,60}}{_PRICES}.{{0,120}}\b(?:exceed|more than|greater than|once"
        rf"|no event|index|cpi)\b"
        rf"|{_PRICES}.{{0,80}}\b(?:remain|be|held|stay|are|is)\b.{{0,20}}\b(?:fixed|firm|constant|unchanged)\b"
        rf"|{_PRICES}.{{0,40}}\bcapped\b|\bcap\w*\b.{{0,40}}\bincreases?\b"
        rf"|\b(?:hold|keep|maintain)\b.{{0,40}}{_PRICES}.{{0,30}}\b(?:firm|fixed|constant)\b|{_PRICES} (?:are"
        rf"|is) guaranteed"
        r"|\bless than\b.{0,30}\b(?:minimum|suggested|resale|list)\b.{0,20}\bprice",
        r"interest|liab|damages|hereunder shall not exceed|indemn|\bshares\b|for example|way of example",
        "price prices fee fees rates increase raise adjust exceed fixed index",
    ),
    _clause(
        r"(?<!intellectual property )assign(?!ed to)",
        r"\b(?:not|neither|no|nor)\b.{0,100}\b(?:assign|transfer)"
        r"|\bassign\w*\b.{0,160}\b(?:consent|approval|void|prohibited)|\b(?:consent|approval)\b.{0,80}\bassign",
    ),
    _clause(
        r"\bcap\b|limit\w*.{0,30}liab|liab\w*.{0,30}limit|maximum liab",
        r"\bliab\w*\b.{0,200}\b(?:exceed|limited to|greater than)"
        r"|\b(?:no event|neither|not|no party|nor|(?:no|any) circumstances?)\b.{0,160}\b(?:liable|responsible"
        r"|liability)\b.{0,300}\b(?:indirect|consequential|special|incidental|punitive|lost profits|loss of profits?)"
        r"|\bno liability\b.{0,160}\b(?:indirect|consequential|special|incidental|punitive)"
        r"|\b(?:maximum|aggregate|total|entire|cumulative)\b.{0,30}\bliability\b"
        r"|\b(?:amounts?|damages)\b.{0,60}\brecover\w*\b.{0,160}\b(?:not exceed|limited to)\b"
        r"|\bno (?:action|claim|suit)\b.{0,120}\b(?:more than|after|later than)\b.{0,40}\b(?:years?|months?)\b"
        r"|\b(?:claims?|actions?|suits?)\b.{0,80}\bmust be (?:made|brought|filed|commenced)\b.{0,40}\bwithin\b",
        r"insurance (?:policy|limits)|beyond (?:its|the|their)?.{0,30}control",
        "liability liable exceed limited aggregate consequential indirect damages action claim lost profits",
    ),
    _clause(
        r"late (?:payment|charge|fee)|overdue|interest",
        r"\binterest\b.{0,120}(?:%|percent|per annum|per month|prime|rate)|(?:%|percent)\b.{0,120}\binterest\b"
        r"|\blate (?:charge|fee|payment)",
        r"(?:ownership|membership|equity|voting|undivided|security|participation) interests?",
    ),
    _clause(
        r"non-?compet|compet(?:e|ition|ing)",
        rf"{_RESTRAINS}.{{0,200}}\b(?:competes?|competing|competition|competitors?)\b"
        rf"|{_RESTRAINS}.{{0,250}}\bcompetitive (?:with|to|business|product|service|activit|technolog|compan)"
        rf"|{_RESTRAINS}.{{0,80}}\b(?:enter into|market|sell|endorse|promote|distribute|engage|own|manage|operate"
        rf"|carry on|conduct|develop|manufacture)\b.{{0,200}}\b(?:similar|same)\b"
        rf"|{_RESTRAINS}.{{0,60}}\b(?:own|manage|operate|open|engage in|carry on"
        rf"|conduct)\b.{{0,40}}\b(?:any other|another)\b.{{0,40}}\b(?:business|store|restaurant|outlet|facility"
        rf"|location)\b",
        r"competitive (?:injury|harm|pric|bid|disadvantage|position|market)|confidential|warrant(?:y|ies)"
        r"|unfair competition|\bnothing\b.{0,160}\bcompet|\bnot (?:prevent|prohibit|preclude|restrict|limit"
        r"|be construed)\b.{0,160}\bcompet",
        "compete competing competitive competitor business similar restaurant operate",
    ),
    _clause(
        r"exclusiv",
        r"\b(?<!non-)(?<!non )(?<!not )exclusive\b.{0,80}\b(?:rights?|licen[cs]|distribut|suppl|provid|purchas|sell"
        r"|sponsor|dealer|agent|relation|partner|from|with)"
        r"|\b(?:appoints?|engages?|retains?|designates?)\b.{0,120}\bexclusive\b|\bappointment\b.{0,60}\bis exclusive\b"
        r"|\bexclusive (?:source|outlet|manufacturer|vendor|manager|representative)\b"
        r"|\bnot licen[cs]e\b.{0,60}\b(?:any other|anyone else|another|any third)\b"
        r"|\b(?<!non-)exclusively\b.{0,30}\b(?:purchas|sell|suppl|distribut|provid|licens|from|through|with)"
        r"|\b(?:the|its|sole and) only\b.{0,20}\b(?:distributor|supplier|provider)"
        rf"|{_RESTRAINS}.{{0,60}}\b(?:enter into|engage|use|purchase|sell|license|supply|provide|endorse|market"
        rf"|distribute|contract)\b.{{0,80}}\b(?:any other|another|third part\w+)\b.{{0,200}}\b(?:same|similar"
        rf"|competing|competitive)\b"
        rf"|{_RESTRAINS}.{{0,40}}\benter into\b.{{0,20}}\b(?:other|another|similar)\b.{{0,40}}\b(?:agreements?"
        rf"|arrangements?|contracts?|relationships?)\b"
        rf"|{_RESTRAINS}.{{0,60}}\b(?:appoint|engage|authorize)\b.{{0,60}}\b(?:other|another"
        rf"|additional)\b.{{0,60}}\b(?:distributors?|agents?|dealers?|resellers?|licensees?|suppliers?"
        rf"|representatives?|sponsors?)\b"
        rf"|{_RESTRAINS}.{{0,30}}\b(?:act as|grant similar|represent)\b.{{0,60}}\b(?:any other|another|third part\w+)\b"
        rf"|{_RESTRAINS}.{{0,30}}\b(?:sell|supply|market|distribute|license|provide)\b.{{0,80}}\b(?:any other|another"
        rf"|any third)\b.{{0,60}}\b(?:territory|field)\b"
        r"|\b(?:all|entire)\b.{0,40}\brequirements\b.{0,80}\bfrom\b"
        r"|\b(?:purchase|obtain|buy|procure|source)\b.{0,120}\b(?:solely|exclusively|only) from\b",
        r"exclusive(?:ly)? (?:property|own|remed|jurisdiction|venue|control|agreement|statement|discretion|with the)"
        r"|exclusive of|non-? ?exclusiv|not .{0,40}exclusiv|exclusive right,? (?:but not|title|to (?:the use"
        r"|prosecute|defend|determine|control|own|terminate))|owns? the|belong|remed|courts?\b",
        "exclusive sole solely only license anyone requirements territory appoint other distributor",
    ),
    _clause(
        r"solicit.{0,30}(?:customer|client)",
        rf"{_RESTRAINS}.{{0,200}}\b(?:solicit|divert|entic|induc|persuad|circumvent|call (?:up)?on|(?:do|accept"
        rf"|conduct) business|market(?:ing)? )\w*\b.{{0,160}}\b(?:customers?|clients?|accounts?|contractholders?"
        rf"|cardholders?|policyholders?|subscribers?|end users?|dealers|suppliers)\b"
        rf"|\b(?:shall|will|may|agrees?)\b.{{0,30}}{_RESTRAINS}.{{0,80}}\b(?:contact|contract (?:directly )?with"
        rf"|deal with)\b.{{0,100}}\b(?:customers?|clients?|accounts?)\b",
        r"purchase orders?|confidential|warrant|customer service|\bsolicit orders|best efforts",
        "solicit divert induce customers clients business",
    ),
    _clause(
        r"solicit",
        rf"{_RESTRAINS}.{{0,160}}\b(?:solicit\w*|hir(?:e|ing)|recruit\w*|induc\w+|entic\w+|employ(?:ing)?|encourag\w+"
        rf"|offer\w* employment)\b.{{0,160}}\b(?:employees?|personnel|staff|officers?|consultants?|employed"
        rf"|employment)\b",
        r"\b(?:employee|labor|union)\b.{0,40}\b(?:benefits?|relationship|laws?)\b"
        r"|agent(?:s)? or employees? of the other|\bage of\b|discriminat",
        "solicit hire employ recruit induce employee personnel",
    ),
    _clause(
        r"disparag",
        r"\bdisparag|\bderogatory\b|\bdefam(?:e|es)\b|\btarnish\w*"
        r"|\b(?:disrepute|disgrace|bad light|ridicule)\b|\bnegative (?:comment|statement|remark|publicity)"
        r"|\b(?:adversely|negatively|harm\w*|injur\w+|damag(?:e|es|ing)|detriment\w+|impair\w*"
        r"|diminish\w*)\b.{0,50}\b(?:reputation|good name|image)\b"
        r"|\b(?:maintain|enhance|preserve|protect)\b.{0,60}\b(?:good name|reputation|image)\b",
        r"terminat|liab|\bloss of\b|indemn|injunct|irreparabl|infring",
        "disparage derogatory defame reputation goodwill image disrepute tarnish",
    ),
    _clause(
        r"audit|inspect",
        r"\b(?:audit|inspect|examin|visit)\w*\b.{0,200}\b(?:books|records|accounts?|facilit|premises|sites?|plants?)"
        r"|\bright to (?:audit|inspect)"
        r"|\b(?:books|records|accounts)\b.{0,200}\b(?:audit|inspect|examin|access|review|available)"
        r"|\b(?:access to|review)\b.{0,30}\b(?:books|records|accounts|premises)\b|\breview of\b.{0,40}\brecords\b",
        r"bank examin|independent (?:public )?account",
        "visit audit inspect examine books records access review facilities",
    ),
    _clause(
        r"insur",
        r"\b(?:maintain|carry|procure|obtain|keep|purchase|effect|take out)\b.{0,120}\binsurance\b"
        r"|\binsurance coverage\b"
        r"|\bnamed? as (?:an )?additional insured",
    ),
    _clause(r"indemn", r"\bindemnif|\bhold harmless\b"),
    _clause(r"confidential", r"\bconfidential"),
    _clause(r"arbitrat|dispute", r"\barbitrat|\bmediation\b"),
    _clause(r"force majeure", r"\bforce majeure\b|\bacts? of god\b"),
    _clause(
        r"most favou?red|\bmfn\b",
        r"\bmost[- ]favou?red"
        rf"|\b(?:no|not|at least as|as|more) (?:less )?favou?rabl[ey]\b.{{0,200}}{_OTHERS}"
        rf"|{_OTHERS}.{{0,120}}{_BETTER}.{{0,30}}(?:{_PRICES}|\bterms\b|\bdiscounts?\b)"
        rf"|{_BETTER}.{{0,30}}(?:{_PRICES}|\bterms\b|\bdiscounts?\b).{{0,160}}(?:{_OTHERS}|\bcompetitors?\b)"
        rf"|{_PRICES}.{{0,120}}(?:{_BETTER}|\b(?:exceed|higher than|greater than)\b).{{0,80}}\bany other\b",
        r"\btax|liab|insur|indemn|arm'?s[- ]length|\binterest rate",
        "most favored favorable lower lowest better price pricing terms other customer rate royalty",
    ),
    _clause(
        r"first refusal|first offer|\brofr\b|\brofo\b",
        r"\b(?:rights?|options?|opportunity) of (?:\w+ )?(?:first|last) (?:refusal|offer|negotiation)\b"
        r"|\bfirst (?:right|option|opportunity|refusal|offer)\b"
        r"|\bfirst (?:negotiation|refusal) rights?\b|\bright to match\b|\bmatch\w*\b.{0,20}\b(?:such|the|any) offer\b"
        r"|\boffer\b.{0,120}\bon the same terms\b"
        r"|\bshall first (?:offer|give|notify)\b|\bexclusive (?:negotiat\w+|negotiation) (?:period|right)",
        r"\bfirst right\b.{0,60}\b(?:prosecut|infring|defend|enforce)",
        "first refusal offer negotiate negotiation match right",
    ),
    _clause(
        r"minimum",
        r"\bminimum\b.{0,80}\b(?:purchase|(?<!in )order|quantit|units|pay|fees?\b|guarantee|commitment|amount|royalt"
        r"|revenue|volume)"
        r"|\b(?:purchase|(?<!in )order|quantit|units|pay|fee|guarantee|commitment|royalt)\w*\b.{0,100}\bminimum\b"
        rf"|\bat least\b.{{0,20}}{_COUNT}.{{0,60}}\b(?:purchase|(?<!in )orders?|units|\$)"
        rf"|\b(?:purchase|buy|(?<!in )orders?|sell|spend|commit|pay)\w*\b.{{0,60}}\b(?:at least|(?:no|not) (?:less"
        rf"|fewer) than)\b.{{0,20}}(?:\$|{_COUNT})"
        r"|\b(?:purchase|sales|annual|volume) quotas?\b|\btake[- ]or[- ]pay\b|\bguaranteed (?:\w+ ){0,2}(?:fee"
        r"|payment|royalt|purchase|volume)"
        r"|\bminimum of\b.{0,20}\$"
        r"|\bcommit(?:s|ted)? to (?:purchase|buy|order|spend)\b",
        r"insurance|capital|wage|notice|\b(?:not|no)\b.{0,30}\bminimum|minimum (?:investment"
        r"|(?:\w+ )?requirements are)|coverage|net worth|default",
        "minimum purchase order quantity guaranteed least less commitment quota",
    ),
    _clause(
        r"liquidated damages",
        r"\b(?:liquidated|agreed) damages\b|\b(?:early )?(?:termination|cancell?ation|break(?:-?up)?) (?:fee"
        r"|charge|penalt"
        r"|payment)"
        r"|\breasonable (?:estimate|approximation|forecast)\b.{0,80}\b(?:damages|loss(?:es)?)\b"
        r"|\bnot (?:as )?a penalty\b"
        r"|\b(?:delay|late|breach|violation)\w*\b.{0,160}\b(?:pay|deduct|credit)\b.{0,120}\b(?:per day|per week"
        r"|for (?:each|every) (?:day|week)|amount equal to)\b",
        r"\bno (?:early )?(?:termination|cancell?ation) (?:fee|charge|penalt|payment)|without (?:any )?(?:termination"
        r"|cancell?ation|payment)|\binterest\b",
        "liquidated damages termination fee cancellation charge penalty breach delay",
    ),
    _clause(r"warrant", r"\bwarrant(?:y|ies|s)\b"),
    _clause(
        r"third[- ]party beneficiar",
        r"\bthird[- ]part(?:y|ies) beneficiar"
        r"|\bmay enforce\b.{0,80}\b(?:as if|directly)\b.{0,80}\bparty\b|\b(?:intended"
        r"|express(?:ly)?)\b.{0,30}\bbeneficiar",
        r"\bno\b.{0,80}\bbeneficiar|\b(?:not|nothing|neither|none|nor|disclaim)\b.{0,200}\bbeneficiar"
        r"|beneficiar\w*.{0,100}\bnot\b|\bsole (?:and exclusive )?benefit\b.{0,60}\bparties\b",
        "third party beneficiary beneficiaries enforce",
    ),
    _clause(r"escrow", r"\bescrow", r"\b(?:purchase price|funds|deposit of \$|proceeds)\b"),
    _clause(
        r"covenant not to sue",
        r"\bcovenants? not to sue\b"
        rf"|\b(?:not|never|refrain\w*)\b.{{0,120}}\b(?:contest|challeng|attack|disput|question|impugn"
        rf"|oppos)\w*\b.{{0,160}}{_ITS_RIGHTS}"
        rf"|{_ITS_RIGHTS}.{{0,160}}\b(?:no|not|nothing)\b.{{0,60}}\b(?:inconsistent with|contest|challenge|dispute)"
        r"|\backnowledges? (?:the validity|\w+'s (?:exclusive )?(?:ownership|right))"
        r"|\b(?:releases?|waives?)\b.{0,60}\b(?:all|any) claims?\b"
        r"|\b(?:not|neither)\b.{0,60}\b(?:bring|commence|institute|file|assert)\b.{0,40}\b(?:actions?|suits?|claims?"
        r"|proceedings?|litigation)\b.{0,20}\bagainst\b",
        r"good faith dispute|\bjury\b|\bnotice of\b|\barbitrat|indemnif",
        "contest challenge validity ownership title sue release claims acknowledge dispute",
    ),
    _clause(
        r"revenue|profit.?shar",
        r"(?:%|percent\w*)\W.{0,160}\b(?:revenues?|profits?|sales|receipts|proceeds)\b"
        r"|\b(?:revenues?|profits?|royalt\w+|commissions?|net sales)\b.{0,160}(?:%|\bpercent)"
        r"|\bshar(?:e|es|ed|ing)\b.{0,60}\b(?:revenues?|profits?|proceeds)\b|\brevenue[- ]shar|\bprofit[- ]shar"
        r"|\b(?:divid|split)\w*\b.{0,40}\b(?:revenues?|profits?|proceeds)\b"
        r"|\b(?:revenues?|profits?|proceeds)\b.{0,80}\b(?:shared|divided|split)\b",
        r"\binterest (?:at|rate|on|of)\b|rate of interest|\b(?:ownership|equity|membership) interest|insurance"
        r"|tax(?:es)?\b|indemn|\boffering\b|underpa",
        "divide split royalty commission percent net sales share gross receipts proceeds revenue profits",
    ),
    _clause(
        r"ip ownership|ownership of|intellectual property",
        r"\b(?:own|owns|owned|title|ownership)\b.{0,160}\b(?:intellectual|invention|work product|copyright|patent)",
    ),
    _clause(
        r"licen[cs]e grant|grant.{0,20}licen[cs]e|licen[cs]e that one party grants",
        r"\bgrants?\b.{0,160}\b(?:licen[cs]e|right(?:s)? to (?:use|market|sell|distribut|manufactur|display"
        r"|reproduc|make))"
        r"|\blicen[cs]es? to\b.{0,80}\b(?:use|right|reproduce|copy|display|make|sell)\b"
        r"|\bis granted\b.{0,60}\blicen[cs]e",
        r"stock options?|options? to purchase|shares of|\bnothing\b.{0,120}\bgrant|\bno licen[cs]e"
        r"|\bnot\b.{0,60}\b(?:grants?|granting|confer)\b",
    ),
)


def clause_asked_for(question: str) -> Clause | None:
    """The kind of clause that a question is about; the first that matches, so narrow ones stand first."""
    return next((clause for clause in CLAUSES if clause.asks.search(question)), None)


# Governing law

_STATES = (
    "Alabama|Alaska|Arizona|Arkansas|California|Colorado|Connecticut|Delaware|District of Columbia|Florida|"
    "Georgia|Hawaii|Idaho|Illinois|Indiana|Iowa|Kansas|Kentucky|Louisiana|Maine|Maryland|Massachusetts|"
    "Michigan|Minnesota|Mississippi|Missouri|Montana|Nebraska|Nevada|New Hampshire|New Jersey|New Mexico|"
    "New York|North Carolina|North Dakota|Ohio|Oklahoma|Oregon|Pennsylvania|Puerto Rico|Rhode Island|"
    "South Carolina|South Dakota|Tennessee|Texas|Utah|Vermont|Virginia|Washington|West Virginia|Wisconsin|"
    "Wyoming"
)
_PROVINCES = (
    "Alberta|British Columbia|Manitoba|New Brunswick|Newfoundland|Nova Scotia|Ontario|Quebec|Québec|"
    "Saskatchewan|New South Wales|Queensland|Victoria"
)
_COUNTRIES = (
    "Argentina|Australia|Austria|Bahamas|Belgium|Bermuda|Brazil|British Virgin Islands|Canada|Cayman Islands|"
    "Chile|China|Colombia|Cyprus|Czech Republic|Denmark|England and Wales|England|Finland|France|Germany|"
    "Gibraltar|Greece|Guernsey|Hong Kong|Hungary|Iceland|India|Indonesia|Ireland|Isle of Man|Israel|Italy|"
    "Japan|Jersey|Korea|Liechtenstein|Luxembourg|Macau|Malaysia|Malta|Marshall Islands|Mauritius|Mexico|Monaco|"
    "Netherlands|New Zealand|Northern Ireland|Norway|P\\.?R\\.?C|PRC|Panama|Peru|Philippines|Poland|Portugal|"
    "Romania|Russia|Scotland|Singapore|South Africa|South Korea|Spain|Sweden|Switzerland|Taiwan|Thailand|"
    "Turkey|Ukraine|United Arab Emirates|United Kingdom|United States|Vietnam|Wales"
)
_ADJECTIVES = {
    "english": "England",
    "german": "Germany",
    "french": "France",
    "swiss": "Switzerland",
    "dutch": "Netherlands",
    "japanese": "Japan",
    "chinese": "China",
    "israeli": "Israel",
    "canadian": "Canada",
    "italian": "Italy",
    "spanish": "Spain",
    "swedish": "Sweden",
    "danish": "Denmark",
    "scottish": "Scotland",
    "irish": "Ireland",
    "indian": "India",
}
_STYLE = (
    r"(?:(?:the\s+)?(?:State|Commonwealth|Province|Territory|Kingdom|People's Republic|Federal Republic|Republic"
    r"|Grand Duchy|Special Administrative Region)\s+of\s+(?:the\s+)?)?(?:the\s+)?"
)


def _place(number: str) -> str:
    return rf"(?P<place{number}>{_STATES}|{_PROVINCES}|{_COUNTRIES})\b(?P<country{number}>,\s*(?:Canada|Australia))?"


_LAW_OF = re.compile(
    rf"\blaws?\s+(?:and\s+regulations\s+)?(?:of|in|for)\s+{_STYLE}{_place('1')}"
    rf"|\blaws?\s+(?:State|Commonwealth)\s+of\s+{_place('2')}"
    rf"|\b{_place('3')}(?:\s+(?:state|substantive|internal))?\s+laws?\b"
    rf"|\b(?P<adjective>{'|'.join(_ADJECTIVES)})\s+(?:substantive\s+)?laws?\b",
    re.I,
)
_STATE_NAMED = re.compile(rf"\b(?:State|Commonwealth|Province)\s+of\s+{_place('1')}", re.I)


def jurisdiction(text: str) -> str | None:
    """The state or country whose law a passage names: `the laws of the State of Oklahoma` → Oklahoma."""
    found = _LAW_OF.search(text)
    if found is None:
        # "entered into in the State of New Jersey and construed in accordance with the laws of that State"
        found = _STATE_NAMED.search(text) if re.search(r"\blaws\b", text, re.I) else None
        return _spelt(found["place1"], found["country1"]) if found else None
    if found["adjective"]:
        return _ADJECTIVES[found["adjective"].lower()]
    for number in "123":
        if found[f"place{number}"]:
            return _spelt(found[f"place{number}"], found[f"country{number}"])
    return None


def _spelt(place: str, country: str | None) -> str:
    """Names in capitals get their usual spelling."""
    name = " ".join(place.split())
    if re.sub(r"\W", "", name).upper() == "PRC":
        return "China"
    known = re.search(rf"(?:^|\|)({re.escape(name)})(?:\||$)", f"{_STATES}|{_PROVINCES}|{_COUNTRIES}", re.I)
    name = known[1] if known else name
    return f"{name}, {' '.join(country.strip(', ').split()).title()}" if country else name
