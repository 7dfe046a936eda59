-- Why the live jobs of a model wait for the LLM server (null: they do not wait), said again while that is so.
update tabular_jobs set llm_trouble = %(trouble)s, llm_trouble_at = now()
where model = %(model)s and status in ('pending', 'running')
  and (llm_trouble is distinct from %(trouble)s::text
       or llm_trouble is not null and llm_trouble_at < now() - interval '10 seconds')
