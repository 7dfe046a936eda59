-- The answer belongs to another model or prompt version. A person's answer belongs to no model. With two models
-- ('small>large', and versions likewise) either may have given it.
create or replace function is_outdated(c tabular_cells, model text, prompt_version text) returns boolean language sql immutable as $$
  select c.status = 'done' and c.edited_at is null and c.model is not null and is_outdated.model is not null
         and not coalesce(c.prompt_version = split_part(is_outdated.prompt_version, '>',
                                                        array_position(string_to_array(is_outdated.model, '>'), c.model)),
                          false)
$$;
