"""When a contract takes effect and expires, how long it renews, how early a party must give notice: in the usual
words."""

from uuid import UUID

import pytest

from columnist.evaluation.labels import cuad_columns
from columnist.reviews.model import NOT_FOUND, Question
from columnist.rules.back_end import answered
from columnist.rules.passages import PassageIndex

PREAMBLE = "THIS AGREEMENT is made as of June 1, 2010 (the “Effective Date”) by and between A Corp. and B Corp.\n\n"
COLUMNS = {column.name: column for column in cuad_columns()}


def told(clause: str, name: str) -> str:
    column = COLUMNS[name]
    question = Question(UUID(int=1), column.name, column.prompt, column.format)
    return answered(PassageIndex([PREAMBLE + clause]), question).summary


@pytest.mark.parametrize(
    ("clause", "expires", "renews", "notice"),
    [
        (
            "3. Term. This Agreement shall commence on the Effective Date and continue for a period of three (3) "
            "years, "
            "unless earlier terminated upon thirty (30) days’ written notice. Thereafter, this Agreement shall renew "
            "automatically for successive one (1) year terms unless either party gives the other written notice of "
            "non-renewal at least ninety (90) days prior to the end of the then-current term.",
            "2013-06-01",
            "successive 1 year",
            "90 days",
        ),
        (
            "2.1 The initial term of this Agreement shall be five years from the Effective Date. Upon expiration "
            "of the "
            "initial term, the Agreement may be renewed for an additional two-year term by mutual consent.",
            "2015-06-01",
            "2 years",
            NOT_FOUND,
        ),
        (
            "This Agreement will remain in full force and effect until the tenth anniversary of the Effective "
            "Date, and "
            "shall be extended automatically for additional periods of twelve (12) months each, unless Licensee "
            "notifies "
            "Licensor of its intention not to renew not less than 6 months before the expiration of any renewal term.",
            "2020-06-01",
            "successive 12 months",
            "6 months",
        ),
        (
            "TERM. The term of this Agreement expires December 31, 2015. Distributor shall have the option to "
            "extend the "
            "term for two (2) additional terms of three (3) years each by notice sixty (60) days in advance of "
            "expiration.",
            "2015-12-31",
            "successive 3 years",
            "60 days",
        ),
        (
            "The initial term of this Agreement is one year. This Agreement shall continue from year to year "
            "thereafter.",
            "2011-06-01",
            "successive 1 year",
            NOT_FOUND,
        ),
        (
            "The Term shall begin on July 1, 2010 and end on June 30, 2012. For two years following the end of the "
            "Term, "
            "Consultant shall keep its records, and any default shall be cured within sixty (60) days, extended for "
            "thirty (30) days upon notice.",
            "2012-06-30",
            NOT_FOUND,
            NOT_FOUND,
        ),
    ],
)
def test_a_term_clause_tells_its_end_its_renewal_and_the_notice_against_it(
    clause: str, expires: str, renews: str, notice: str
) -> None:
    answers = [told(clause, name) for name in ("Expiration Date", "Renewal Term", "Notice Period To Terminate Renewal")]
    assert answers == [expires, renews, notice]


def test_a_clause_that_says_when_the_contract_begins_goes_before_the_date_it_bears() -> None:
    preamble = "THIS AGREEMENT is made on March 20, 1998 by and between A Corp. and B Corp.\n\n"
    column = COLUMNS["Effective Date"]
    question = Question(UUID(int=1), column.name, column.prompt, column.format)
    index = PassageIndex([f"{preamble}2. This Agreement shall commence on 1 January 1998 and last for two years."])
    assert answered(index, question).summary == "1998-01-01"
    assert told("2. The warranty shall commence on 1 January 1998.", "Effective Date") == "2010-06-01"
