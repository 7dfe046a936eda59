-- The unit of a column's numbers where its question names none: that of the first answer, singular, empty for plain
-- numbers; null before the first answer.
alter table tabular_columns add unit text;
grant update (unit) on tabular_columns to columnist_worker;

-- As a worker, since the policies bind the owner, too. The numbers that are there were typed without a unit.
set local role columnist_worker;
update tabular_columns col
set unit = ''
where format = 'number'
  and exists (select from tabular_cells c where c.column_id = col.id and c.value_format = 'number');
reset role;
