-- Facts instead of sentences: jobs/job.py words why a job failed or is paused. And why a job waits, for every process.
alter table tabular_jobs
  add llm_trouble text,                  -- why its LLM server is down, as its workers say
  add llm_trouble_at timestamptz;        -- when they last said so

-- As a worker, since the policies bind the owner, too.
set local role columnist_worker;
update tabular_jobs
set error = replace(error, 'No document could be answered; the first says: ', ''),
    pause_reason = case when pause_cause = 'refusal' then pause_reason end
where error like 'No document could be answered; the first says: %' or pause_cause = 'budget';
reset role;
