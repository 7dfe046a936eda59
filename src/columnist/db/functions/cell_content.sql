-- A cell in the history's form: everything that is needed to restore the answer.
create or replace function cell_content(c tabular_cells) returns jsonb language sql stable as $$
  select case when c.review_id is not null then jsonb_build_object(
    'status', c.status, 'summary', c.summary, 'value', c.value, 'value_format', c.value_format, 'flag', c.flag,
    'rule', c.rule, 'reasoning', c.reasoning, 'citations', c.citations, 'verified', c.verified, 'error', c.error,
    'column_version', c.column_version, 'model', c.model, 'prompt_version', c.prompt_version, 'job_id', c.job_id,
    'attempt_error', c.attempt_error, 'attempted_at', c.attempted_at, 'attempt_job_id', c.attempt_job_id,
    'edited_at', c.edited_at, 'edited_by', c.edited_by, 'verified_at', c.verified_at,
    'verified_by', c.verified_by, 'doubt', c.doubt) end
$$;
