-- Transaction ids of another cluster that this one has not reached yet: rows with such stamps would be new for ever,
-- and later ones would be older. All these stamps become this transaction's. Only the owner can do it; no trigger notes
-- it.
do $$
declare
  stamp record;
begin
  for stamp in
    select c.oid::regclass as of_table, quote_ident(a.attname) as name
    from pg_class c join pg_attribute a on a.attrelid = c.oid
    where c.relnamespace = (select relnamespace from pg_class where oid = 'tabular_cells'::regclass)
      and c.relkind = 'r' and a.atttypid = 'xid8'::regtype and not a.attisdropped
    order by c.relname
  loop
    execute format('alter table %s disable trigger user, no force row level security', stamp.of_table);
    execute format('update %1$s set %2$s = pg_current_xact_id() where %2$s >= pg_snapshot_xmax(pg_current_snapshot())',
                   stamp.of_table, stamp.name);
    execute format('alter table %s enable trigger user, force row level security', stamp.of_table);
  end loop;
end $$
