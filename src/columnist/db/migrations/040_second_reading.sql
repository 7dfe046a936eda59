-- How the answers of a column are read a second time; null: they are not.
alter table tabular_columns add second_reading text check (second_reading in ('order', 'passages'));
