-- Answers that were given before to the same question about the same text by the same model and prompt.
select distinct on (answer_key)
       encode(answer_key, 'hex') as answer_key, summary, value, value_format, flag, rule, reasoning, citations
from tabular_cells
where answer_key = any(%(answer_keys)s) and status = 'done' and edited_at is null
order by answer_key
