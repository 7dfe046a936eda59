-- What a cell sorts by beside sort_number: the currency of an amount; nothing where the answer says that there is none,
-- whatever its flag.
drop index tabular_cells_by_column;
alter table tabular_cells drop column sort_text;
alter table tabular_cells add sort_text text generated always as (
  case
    when status <> 'done' then null
    when jsonb_typeof(value) = 'string' then lower(left(value #>> '{}', 200))
    when value ->> 'amount' ~ '^-?\d{1,100}(\.\d{1,100})?$' then lower(coalesce(value ->> 'currency', ''))
    when jsonb_typeof(coalesce(value, 'null')) = 'null'
         and (flag = 'grey' or lower(btrim(coalesce(summary, ''))) in ('', 'not found', 'none', 'null', 'n/a')) then null
    else lower(left(summary, 200))
  end) stored;
create index tabular_cells_by_column on tabular_cells (column_id, sort_number, sort_text, document_id)
  include (review_id, status, flag, verified, column_version, edited_at, verified_at, attempted_at);
