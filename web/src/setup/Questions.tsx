/** The questions of a review: from a template, or written; edited and removed. */
import { useState } from "react";
import { type Column } from "../api/client";
import { api } from "../api/queries";
import { Dialog } from "../ui/Dialog";
import { useNotices } from "../ui/notices";
import { ErrorOf } from "../ui/parts";
import { count, FORMATS } from "../ui/words";
import { QuestionDialog, useColumnsChanged } from "./QuestionDialog";
import styles from "./Questions.module.css";

/** The list of a review's questions, and the ways to add more. */
export function Questions({ review, columns }: { review: string; columns: Column[] }) {
  const [editing, setEditing] = useState<Column | "new" | null>(null);
  const [removing, setRemoving] = useState<Column | null>(null);
  return (
    <div className={styles.questions}>
      <TemplatePicker review={review} columns={columns} />
      <ol>
        {columns.map((column) => (
          <li key={column.id}>
            <span className="muted" title={FORMATS[column.format].name}>
              {FORMATS[column.format].sign}
            </span>
            <span className={styles.titles}>
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
        <QuestionDialog review={review} column={editing === "new" ? null : editing} onClose={() => setEditing(null)} />
      )}
      {removing && <RemoveQuestion review={review} column={removing} onClose={() => setRemoving(null)} />}
    </div>
  );
}

export function RemoveQuestion({ review, column, onClose }: { review: string; column: Column; onClose: () => void }) {
  const changed = useColumnsChanged(review);
  const remove = api.useMutation("delete", "/api/tabular/reviews/{review_id}/columns/{column_id}", {
    onSuccess: () => {
      changed();
      onClose();
    },
  });
  const params = { path: { review_id: review, column_id: column.id }, query: { confirm: true } };
  return (
    <Dialog title={`Remove ${column.name}?`} onClose={onClose}>
      <p>This deletes the question and all its answers.</p>
      <ErrorOf error={remove.error} />
      <footer>
        <button onClick={onClose}>Cancel</button>
        <button className="danger" disabled={remove.isPending} onClick={() => remove.mutate({ params })}>
          Remove the question
        </button>
      </footer>
    </Dialog>
  );
}

function TemplatePicker({ review, columns }: { review: string; columns: Column[] }) {
  const templates = api.useQuery("get", "/api/tabular/templates", {}, { staleTime: 60_000 });
  const changed = useColumnsChanged(review);
  const { say, fail } = useNotices();
  const known = new Set(columns.map((column) => column.name));
  const add = api.useMutation("post", "/api/tabular/reviews/{review_id}/columns", {
    onSuccess: changed,
    onError: fail,
  });
  const save = api.useMutation("post", "/api/tabular/templates", {
    onSuccess: (template) => {
      void templates.refetch();
      say(`Saved as the template “${template.name}”.`);
    },
    onError: fail,
  });
  const [naming, setNaming] = useState<string | null>(null);
  return (
    <div className={styles.templates}>
      <label>
        Start from a template
        <select
          value=""
          disabled={add.isPending}
          onChange={(event) => {
            const template = templates.data?.templates.find((one) => one.id === event.target.value);
            const missing = template?.columns.filter(({ name }) => !known.has(name));
            if (missing) add.mutate({ params: { path: { review_id: review } }, body: { columns: missing } });
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
      {columns.length > 0 && naming === null && <button onClick={() => setNaming("")}>Save as a template</button>}
      {naming !== null && (
        <form
          onSubmit={(event) => {
            event.preventDefault();
            const copies = columns.map(({ name, prompt, format, tags, rules, second_reading }) => ({
              name,
              prompt,
              format,
              tags,
              rules,
              second_reading,
            }));
            save.mutate({ body: { name: naming, columns: copies } });
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
          <button disabled={!naming.trim()}>Save</button>
        </form>
      )}
    </div>
  );
}
