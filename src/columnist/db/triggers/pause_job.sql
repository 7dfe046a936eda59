create or replace trigger pause before update of prompt_tokens, budget on tabular_jobs
  for each row execute function pause_tabular_jobs();
