-- A person's act on a cell. `checks`: only if it has not changed since `expected`.
select change_tabular_cell(
  review_id => %(review_id)s, document_id => %(document_id)s, column_id => %(column_id)s, action => %(action)s,
  summary => %(summary)s, value => %(value)s, value_format => %(value_format)s, flag => %(flag)s, rule => %(rule)s,
  reasoning => %(reasoning)s, checks => %(checks)s, expected => %(expected)s, job_id => %(job_id)s) as outcome
