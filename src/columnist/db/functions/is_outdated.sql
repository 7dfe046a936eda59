-- The answer is another model's, or belongs to another version of the prompt. A person's answer is no model's.
create or replace function is_outdated(c tabular_cells, model text, prompt_version text) returns boolean language sql immutable as $$
  select c.status = 'done' and c.edited_at is null
         and (c.model <> is_outdated.model or c.prompt_version <> is_outdated.prompt_version)
$$;
