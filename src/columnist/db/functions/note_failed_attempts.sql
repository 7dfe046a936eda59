-- The only place where a failure reaches cells: beside the answer, if there is one. Returns the number of these cells.
create or replace function note_failed_attempts(
  job tabular_jobs, document_id uuid, column_ids uuid[], column_versions int[], errors text[]
) returns bigint language sql volatile as $$
  with noted as (
    insert into tabular_cells as c (review_id, document_id, column_id, status, error, column_version, model,
                                    prompt_version, job_id, attempt_error, attempted_at, attempt_job_id, changed_xid)
    select job.review_id, d.document_id, col.id, 'error', failed.error, failed.version, job.model,
           job.prompt_version, job.id, failed.error, clock_timestamp(), job.id, pg_current_xact_id()
    from unnest(column_ids, column_versions, errors) as failed (column_id, version, error)
    join tabular_columns col on col.id = failed.column_id
    join review_documents d on d.review_id = job.review_id and d.document_id = note_failed_attempts.document_id
    on conflict (review_id, document_id, column_id) do update
    set attempt_error = excluded.attempt_error, attempted_at = excluded.attempted_at,
        attempt_job_id = excluded.attempt_job_id,
        status = case when c.status = 'done' then c.status else excluded.status end,
        error = case when c.status = 'done' then c.error else excluded.error end,
        column_version = case when c.status = 'done' then c.column_version else excluded.column_version end,
        model = case when c.status = 'done' then c.model else excluded.model end,
        prompt_version = case when c.status = 'done' then c.prompt_version else excluded.prompt_version end,
        job_id = case when c.status = 'done' then c.job_id else excluded.job_id end
    where job_asks(job.id, job.created_at, job."only", job.model, job.prompt_version, c,
                   (select col.version from tabular_columns col where col.id = c.column_id))
    returning 1
  )
  select count(*) from noted
$$;
