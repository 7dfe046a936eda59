-- Verifies many answers as a person saw them, or takes that back. `now` is the updated_at of all that are written.
select outcome, count, unfound, now() as now
from verify_tabular_cells(review_id => %(review_id)s, cells => %(cells)s, verified => %(verified)s, tries => %(tries)s)
