-- Restores an answer that a person has cleared.
select restore_tabular_cell(
  review_id => %(review_id)s, document_id => %(document_id)s, column_id => %(column_id)s) as outcome
