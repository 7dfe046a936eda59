-- Why the live jobs of a model wait for the LLM server (null: they do not wait), repeated while that is so.
update tabular_jobs set llm_trouble = %(trouble)s, llm_trouble_at = now()
where id = any(array(select j.id from tabular_jobs j
                     where %(model)s = any(string_to_array(j.model, '>')) and j.status in ('pending', 'running')
                       and (j.llm_trouble is distinct from %(trouble)s::text
                            or j.llm_trouble is not null and j.llm_trouble_at < now() - interval '10 seconds')
                     order by j.id for no key update))
