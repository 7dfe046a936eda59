-- The feed tells all that changes: a question that was changed, and cells that are gone.

alter table tabular_columns
  add asked_xid xid8;                    -- the last change of what is asked, if any: its answers are stale since

create table tabular_removed_cells (
  review_id uuid not null references tabular_reviews on delete cascade,
  document_id uuid not null,
  column_id uuid not null,
  changed_xid xid8 not null,
  primary key (review_id, document_id, column_id)
);
create index tabular_removed_cells_feed on tabular_removed_cells (review_id, changed_xid, document_id, column_id);

alter table tabular_removed_cells enable row level security;
alter table tabular_removed_cells force row level security;
revoke all on tabular_removed_cells from public, anon, authenticated;
grant select on tabular_removed_cells to authenticated, columnist_worker;
grant select, insert, update on tabular_removed_cells to columnist_gate;
