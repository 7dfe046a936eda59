/** Questions: from a template, or written; edited, tried, removed. */
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { addColumns, createTemplate, editColumn, listTemplates, removeColumn, sentence, suggestPrompt, type Column, type ColumnInput, type Format } from "../api/client";
import { count, Dialog, ErrorText, FORMATS } from "../ui/basics";
import { useNotices } from "../ui/notices";

export function useColumnsChanged(review: string) {
  const queries = useQueryClient();
  return () => {
    queries.invalidateQueries({ queryKey: ["columns", review] });
    queries.invalidateQueries({ queryKey: ["review", review] });
  };
}

/** The list of a review's questions, with the ways to more. */
export function Questions({ review, columns }: { review: string; columns: Column[] }) {
  const [editing, setEditing] = useState<Column | "new" | null>(null);
  const [removing, setRemoving] = useState<Column | null>(null);
  return (
    <div className="questions">
      <TemplatePicker review={review} columns={columns} />
      <ol>
        {columns.map((column) => (
          <li key={column.id}>
            <span className="format" title={FORMATS[column.format].name}>{FORMATS[column.format].sign}</span>
            <span className="titles"><b>{column.name}</b><span className="muted">{column.prompt}</span></span>
            <button onClick={() => setEditing(column)} aria-label={`Edit ${column.name}`}>Edit</button>
            <button className="icon" onClick={() => setRemoving(column)} aria-label={`Remove ${column.name}`}>×</button>
          </li>
        ))}
      </ol>
      <button onClick={() => setEditing("new")}>Write a question</button>
      {editing && <ColumnDialog review={review} column={editing === "new" ? null : editing} onClose={() => setEditing(null)} />}
      {removing && <RemoveColumn review={review} column={removing} onClose={() => setRemoving(null)} />}
    </div>
  );
}

export function RemoveColumn({ review, column, onClose }: { review: string; column: Column; onClose: () => void }) {
  const changed = useColumnsChanged(review);
  const remove = useMutation({ mutationFn: () => removeColumn(review, column.id), onSuccess: () => { changed(); onClose(); } });
  return (
    <Dialog title={`Remove ${column.name}?`} onClose={onClose}>
      <p>The question goes, with all of its answers.</p>
      <ErrorText>{remove.error && sentence(remove.error)}</ErrorText>
      <footer><button onClick={onClose}>Keep it</button><button className="danger" disabled={remove.isPending} onClick={() => remove.mutate()}>Remove the question</button></footer>
    </Dialog>
  );
}

function TemplatePicker({ review, columns }: { review: string; columns: Column[] }) {
  const templates = useQuery({ queryKey: ["templates"], queryFn: listTemplates, staleTime: 60_000 });
  const changed = useColumnsChanged(review);
  const queries = useQueryClient();
  const { say, fail } = useNotices();
  const known = new Set(columns.map((column) => column.name));
  const take = useMutation({
    mutationFn: (wanted: ColumnInput[]) => addColumns(review, wanted.filter((one) => !known.has(one.name))),
    onSuccess: changed,
    onError: fail,
  });
  const keep = useMutation({
    mutationFn: (name: string) => createTemplate(name, columns.map(({ name, prompt, format, tags }) => ({ name, prompt, format, tags }))),
    onSuccess: (template) => { queries.invalidateQueries({ queryKey: ["templates"] }); say(`The template “${template.name}” is kept.`); },
    onError: fail,
  });
  const [naming, setNaming] = useState<string | null>(null);
  return (
    <div className="templates">
      <label>
        Start from a template
        <select value="" disabled={take.isPending} onChange={(event) => {
          const template = templates.data?.templates.find((one) => one.id === event.target.value);
          if (template) take.mutate(template.columns as ColumnInput[]);
        }}>
          <option value="">Choose …</option>
          {templates.data?.templates.map((one) => <option key={one.id} value={one.id}>{one.name} ({count(one.columns.length, "question")})</option>)}
        </select>
      </label>
      {columns.length > 0 && naming === null && <button onClick={() => setNaming("")}>Keep these as a template</button>}
      {naming !== null && (
        <form onSubmit={(event) => { event.preventDefault(); keep.mutate(naming); setNaming(null); }}>
          <input autoFocus aria-label="Name of the template" value={naming} onChange={(event) => setNaming(event.target.value)} placeholder="Name of the template" />
          <button disabled={!naming.trim()}>Keep</button>
        </form>
      )}
    </div>
  );
}

export function ColumnDialog({ review, column, onClose }: { review: string; column: Column | null; onClose: () => void }) {
  const [name, setName] = useState(column?.name ?? "");
  const [prompt, setPrompt] = useState(column?.prompt ?? "");
  const [format, setFormat] = useState<Format>(column?.format ?? "text");
  const [tags, setTags] = useState(column?.tags.join(", ") ?? "");
  const changed = useColumnsChanged(review);
  const suggest = useMutation({
    mutationFn: () => suggestPrompt(name.trim(), undefined),
    onSuccess: (found) => { setPrompt(found.prompt); setFormat(found.format); setTags(found.tags.join(", ")); },
  });
  const save = useMutation({
    mutationFn: async () => {
      const body: ColumnInput = { name: name.trim(), prompt: prompt.trim(), format, tags: format === "tag" ? tags.split(",").map((one) => one.trim()).filter(Boolean) : [] };
      if (column) await editColumn(review, column.id, body);
      else await addColumns(review, [body]);
    },
    onSuccess: () => { changed(); onClose(); },
  });
  return (
    <Dialog title={column ? `Edit ${column.name}` : "A new question"} onClose={onClose}>
      <form className="form" onSubmit={(event) => { event.preventDefault(); save.mutate(); }}>
        <label>Name<input autoFocus required maxLength={200} value={name} onChange={(event) => setName(event.target.value)} placeholder="Governing law" /></label>
        <div className="with-button">
          <label>Question<textarea required rows={4} value={prompt} onChange={(event) => setPrompt(event.target.value)} placeholder="Which state's or country's law governs this agreement?" /></label>
          <button type="button" disabled={!name.trim() || suggest.isPending} onClick={() => suggest.mutate()}>{suggest.isPending ? "Thinking …" : "Suggest a question"}</button>
        </div>
        <ErrorText>{suggest.error && sentence(suggest.error)}</ErrorText>
        <label>Format
          <select value={format} onChange={(event) => setFormat(event.target.value as Format)}>
            {Object.entries(FORMATS).map(([one, { name }]) => <option key={one} value={one}>{name}</option>)}
          </select>
        </label>
        {format === "tag" && <label>Tags<input required value={tags} onChange={(event) => setTags(event.target.value)} placeholder="Lease, Sublease, Licence" /></label>}
        {column && <p className="muted">If question, format or tags change, the answers that are there become stale until they are asked again.</p>}
        <ErrorText>{save.error && sentence(save.error)}</ErrorText>
        <footer><button type="button" onClick={onClose}>Cancel</button><button className="primary" disabled={save.isPending}>{column ? "Save" : "Add the question"}</button></footer>
      </form>
    </Dialog>
  );
}
