create or replace trigger spend before update of prompt_tokens, budget on tabular_jobs
  for each row execute function spend_allowance();
