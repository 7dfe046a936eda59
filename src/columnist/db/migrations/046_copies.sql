-- Which database this installation runs in: db/copies.py compares it with the present one. Null: not noted yet.
alter table installation add database text;

alter table tabular_jobs drop constraint tabular_jobs_pause_cause_check;
alter table tabular_jobs add constraint tabular_jobs_pause_cause_check
  check (pause_cause in ('budget', 'refusal', 'allowance', 'batch', 'copy'));
