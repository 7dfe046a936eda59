-- How many answers a job would ask again if no person had edited or verified them.
create or replace function answers_left_alone(
  review_id uuid, "only" text[], model text, prompt_version text, column_ids uuid[], document_ids uuid[]
) returns bigint language sql stable as $$
  select count(*)
  from tabular_cells c join tabular_columns col on col.id = c.column_id
  where c.review_id = answers_left_alone.review_id
    and (column_ids is null or col.id = any(column_ids))
    and (document_ids is null or c.document_id = any(document_ids))
    and is_a_persons(c) and not is_missing(c)
    and is_named(answers_left_alone."only", answers_left_alone.model, answers_left_alone.prompt_version, c, col.version)
$$;
