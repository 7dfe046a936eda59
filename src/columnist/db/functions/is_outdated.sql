-- The answer is another model's, or belongs to another version of the prompt. A person's answer is no model's. Of two
-- models ('small>large', with their versions alike) each may have given it.
create or replace function is_outdated(c tabular_cells, model text, prompt_version text) returns boolean language sql immutable as $$
  select c.status = 'done' and c.edited_at is null and c.model is not null and is_outdated.model is not null
         and not coalesce(c.prompt_version = split_part(is_outdated.prompt_version, '>',
                                                        array_position(string_to_array(is_outdated.model, '>'), c.model)),
                          false)
$$;
