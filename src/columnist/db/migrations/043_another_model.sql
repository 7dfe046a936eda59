-- What calls to other models than the job's have cost beyond the job's prices, in US dollars; below 0 where they were less.
alter table tabular_jobs add price_beside numeric not null default 0;
alter table tabular_columns drop constraint tabular_columns_second_reading_check,
  add check (second_reading in ('order', 'passages', 'model'));
