/** Questions: from a template, or written; edited, tried, removed. */
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useId, useState } from "react";
import {
  addColumns,
  createTemplate,
  editColumn,
  listTemplates,
  Problem,
  removeColumn,
  sentence,
  suggestPrompt,
  type Column,
  type ColumnInput,
  type Format,
  type Rule,
} from "../api/client";
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
            <span className="format" title={FORMATS[column.format].name}>
              {FORMATS[column.format].sign}
            </span>
            <span className="titles">
              <b>{column.name}</b>
              <span className="muted">{column.prompt}</span>
            </span>
            <button onClick={() => setEditing(column)} aria-label={`Edit ${column.name}`}>
              Edit
            </button>
            <button className="icon" onClick={() => setRemoving(column)} aria-label={`Remove ${column.name}`}>
              ×
            </button>
          </li>
        ))}
      </ol>
      <button onClick={() => setEditing("new")}>Write a question</button>
      {editing && (
        <ColumnDialog review={review} column={editing === "new" ? null : editing} onClose={() => setEditing(null)} />
      )}
      {removing && <RemoveColumn review={review} column={removing} onClose={() => setRemoving(null)} />}
    </div>
  );
}

export function RemoveColumn({ review, column, onClose }: { review: string; column: Column; onClose: () => void }) {
  const changed = useColumnsChanged(review);
  const remove = useMutation({
    mutationFn: () => removeColumn(review, column.id),
    onSuccess: () => {
      changed();
      onClose();
    },
  });
  return (
    <Dialog title={`Remove ${column.name}?`} onClose={onClose}>
      <p>The question goes, with all of its answers.</p>
      <ErrorText>{remove.error && sentence(remove.error)}</ErrorText>
      <footer>
        <button onClick={onClose}>Keep it</button>
        <button className="danger" disabled={remove.isPending} onClick={() => remove.mutate()}>
          Remove the question
        </button>
      </footer>
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
    mutationFn: (wanted: ColumnInput[]) =>
      addColumns(
        review,
        wanted.filter((one) => !known.has(one.name)),
      ),
    onSuccess: changed,
    onError: fail,
  });
  const keep = useMutation({
    mutationFn: (name: string) =>
      createTemplate(
        name,
        columns.map(({ name, prompt, format, tags, rules }) => ({ name, prompt, format, tags, rules })),
      ),
    onSuccess: (template) => {
      queries.invalidateQueries({ queryKey: ["templates"] });
      say(`The template “${template.name}” is kept.`);
    },
    onError: fail,
  });
  const [naming, setNaming] = useState<string | null>(null);
  return (
    <div className="templates">
      <label>
        Start from a template
        <select
          value=""
          disabled={take.isPending}
          onChange={(event) => {
            const template = templates.data?.templates.find((one) => one.id === event.target.value);
            if (template) take.mutate(template.columns as ColumnInput[]);
          }}
        >
          <option value="">Choose …</option>
          {templates.data?.templates.map((one) => (
            <option key={one.id} value={one.id}>
              {one.name} ({count(one.columns.length, "question")})
            </option>
          ))}
        </select>
      </label>
      {columns.length > 0 && naming === null && <button onClick={() => setNaming("")}>Keep these as a template</button>}
      {naming !== null && (
        <form
          onSubmit={(event) => {
            event.preventDefault();
            keep.mutate(naming);
            setNaming(null);
          }}
        >
          <input
            autoFocus
            aria-label="Name of the template"
            value={naming}
            onChange={(event) => setNaming(event.target.value)}
            placeholder="Name of the template"
          />
          <button disabled={!naming.trim()}>Keep</button>
        </form>
      )}
    </div>
  );
}

export function ColumnDialog({
  review,
  column,
  onClose,
}: {
  review: string;
  column: Column | null;
  onClose: () => void;
}) {
  const [name, setName] = useState(column?.name ?? "");
  const [prompt, setPrompt] = useState(column?.prompt ?? "");
  const [format, setFormat] = useState<Format>(column?.format ?? "text");
  const [tags, setTags] = useState(column?.tags.join(", ") ?? "");
  const [rules, setRules] = useState<Rule[]>(column?.rules ?? []);
  const changed = useColumnsChanged(review);
  const suggest = useMutation({
    mutationFn: () => suggestPrompt(name.trim(), undefined),
    onSuccess: (found) => {
      setPrompt(found.prompt);
      setFormat(found.format);
      setTags(found.tags.join(", "));
    },
  });
  const save = useMutation({
    mutationFn: async () => {
      const body: ColumnInput = {
        name: name.trim(),
        prompt: prompt.trim(),
        format,
        tags:
          format === "tag"
            ? tags
                .split(",")
                .map((one) => one.trim())
                .filter(Boolean)
            : [],
        rules,
      };
      if (column) await editColumn(review, column.id, body);
      else await addColumns(review, [body]);
    },
    onSuccess: () => {
      changed();
      onClose();
    },
  });
  return (
    <Dialog title={column ? `Edit ${column.name}` : "A new question"} onClose={onClose}>
      <form
        className="form"
        onSubmit={(event) => {
          event.preventDefault();
          save.mutate();
        }}
      >
        <label>
          Name
          <input
            required
            maxLength={200}
            value={name}
            onChange={(event) => setName(event.target.value)}
            placeholder="Governing law"
          />
        </label>
        <div className="with-button">
          <label>
            Question
            <textarea
              required
              rows={4}
              value={prompt}
              onChange={(event) => setPrompt(event.target.value)}
              placeholder="Which state's or country's law governs this agreement?"
            />
          </label>
          <button type="button" disabled={!name.trim() || suggest.isPending} onClick={() => suggest.mutate()}>
            {suggest.isPending ? "Thinking …" : "Suggest a question"}
          </button>
        </div>
        <ErrorText>{suggest.error && sentence(suggest.error)}</ErrorText>
        <label>
          Format
          <select value={format} onChange={(event) => setFormat(event.target.value as Format)}>
            {Object.entries(FORMATS).map(([one, { name }]) => (
              <option key={one} value={one}>
                {name}
              </option>
            ))}
          </select>
        </label>
        {format === "tag" && (
          <label>
            Tags
            <input
              required
              value={tags}
              onChange={(event) => setTags(event.target.value)}
              placeholder="Lease, Sublease, Licence"
            />
          </label>
        )}
        <Rules
          rules={rules}
          format={format}
          refused={refusedRules(save.error)}
          onChange={(changed) => {
            setRules(changed);
            save.reset();
          }}
        />
        {column && (
          <p className="muted">
            If question, format, tags or rules change, the answers that are there become stale until they are asked
            again.
          </p>
        )}
        <ErrorText>{save.error && refusedRules(save.error).size === 0 && sentence(save.error)}</ErrorText>
        <footer>
          <button type="button" onClick={onClose}>
            Cancel
          </button>
          <button className="primary" disabled={save.isPending}>
            {column ? "Save" : "Add the question"}
          </button>
        </footer>
      </form>
    </Dialog>
  );
}

const CONDITIONS: Record<Format, string> = {
  text: "longer than two years and automatically renewed",
  bulleted_list: "a person who does not sign is among them",
  number: "> 30",
  percentage: "> 5%",
  monetary_amount: "> USD 1,000,000",
  currency: "is not USD",
  yes_no: "yes",
  date: "before 2026-01-01",
  tag: "is Lease",
};

/** What the server says against conditions, by the rule's number. */
function refusedRules(error: unknown): Map<number, string> {
  const fields = error instanceof Problem ? error.fields : [];
  return new Map(
    fields.flatMap(({ field, detail }) => {
      const nr = /\brules\.(\d+)\./.exec(field)?.[1];
      return nr ? [[Number(nr), detail] as const] : [];
    }),
  );
}

/** The playbook of a question: which flag an answer has, by the first condition that holds. */
function Rules({
  rules,
  format,
  refused,
  onChange,
}: {
  rules: Rule[];
  format: Format;
  refused: Map<number, string>;
  onChange: (rules: Rule[]) => void;
}) {
  const id = useId();
  const change = (nr: number, changed: Partial<Rule>) =>
    onChange(rules.map((rule, at) => (at === nr ? { ...rule, ...changed } : rule)));
  return (
    <fieldset className="rules">
      <legend>Flags</legend>
      <p className="muted">
        The first rule that holds gives the flag.{" "}
        {format === "text" || format === "bulleted_list"
          ? "“not found”"
          : `“not found” and what reads like “${CONDITIONS[format]}”`}{" "}
        is compared with the answer; other words are for the language model.
      </p>
      {rules.map((rule, nr) => (
        <div key={nr}>
          <div className="rule">
            <span className={`flag ${rule.flag}`} aria-hidden />
            <select
              aria-label={`Flag of rule ${nr + 1}`}
              value={rule.flag}
              onChange={(event) => change(nr, { flag: event.target.value as Rule["flag"] })}
            >
              {["red", "yellow", "green"].map((flag) => (
                <option key={flag} value={flag}>
                  {flag} if
                </option>
              ))}
            </select>
            <input
              aria-label={`Condition of rule ${nr + 1}`}
              autoFocus={!rule.when}
              required
              maxLength={200}
              value={rule.when}
              placeholder={CONDITIONS[format]}
              aria-invalid={refused.has(nr)}
              aria-describedby={refused.has(nr) ? `${id}-${nr}` : undefined}
              onChange={(event) => change(nr, { when: event.target.value })}
            />
            <button
              type="button"
              className="icon"
              aria-label={`Remove rule ${nr + 1}`}
              onClick={() => onChange(rules.filter((_, at) => at !== nr))}
            >
              ×
            </button>
          </div>
          {refused.has(nr) && (
            <p className="error" role="alert" id={`${id}-${nr}`}>
              {refused.get(nr)}
            </p>
          )}
        </div>
      ))}
      <button type="button" onClick={() => onChange([...rules, { flag: "red", when: "" }])}>
        Add a rule
      </button>
    </fieldset>
  );
}
