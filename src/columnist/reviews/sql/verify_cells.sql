-- Verifies many answers as a person saw them, or takes that back.
select outcome, count, unfound
from verify_tabular_cells(review_id => %(review_id)s, cells => %(cells)s, verified => %(verified)s, tries => %(tries)s)
