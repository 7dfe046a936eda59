/** An answer being edited. It compares with the cell as it was opened, so that no other change is overwritten unseen.
 * */
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { Problem, type CellEdit, type Column, type Flag, type FullCell } from "../api/client";
import { ErrorOf } from "../ui/parts";
import { FLAGS } from "../ui/words";
import parts from "../ui/parts.module.css";
import styles from "./Editor.module.css";

export function Editor({
  full: now,
  column,
  onSave,
  onConflict,
  onCancel,
}: {
  full: FullCell;
  column: Column;
  onSave: (body: CellEdit) => Promise<void>;
  onConflict: () => void;
  onCancel: () => void;
}) {
  const [full, setFull] = useState(now);
  const [summary, setSummary] = useState(full.summary ?? "");
  const [flag, setFlag] = useState<Flag | "">(full.flag ?? "");
  const [reasoning, setReasoning] = useState(full.reasoning ?? "");
  const save = useMutation({
    mutationFn: () =>
      onSave({
        summary: summary !== full.summary && summary.trim() ? summary : undefined,
        flag: flag && flag !== full.flag ? flag : undefined,
        reasoning: reasoning !== (full.reasoning ?? "") && reasoning.trim() ? reasoning : undefined,
        updated_at: full.updated_at,
      }),
    onError: (error) => isConflict(error) && onConflict(),
  });
  const takeTheirs = () => {
    if (summary === (full.summary ?? "")) setSummary(now.summary ?? "");
    if (flag === (full.flag ?? "")) setFlag(now.flag ?? "");
    if (reasoning === (full.reasoning ?? "")) setReasoning(now.reasoning ?? "");
    setFull(now);
    save.reset();
  };
  const changed =
    (summary.trim() && summary !== full.summary) ||
    (flag && flag !== full.flag) ||
    (reasoning.trim() && reasoning !== (full.reasoning ?? ""));
  return (
    <form
      className={styles.editor}
      onSubmit={(event) => {
        event.preventDefault();
        if (changed) save.mutate();
      }}
      onKeyDown={(event) => {
        if (event.key === "Escape") {
          event.stopPropagation();
          onCancel();
        }
        if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && changed) save.mutate();
      }}
    >
      <label>
        Answer
        {column.format === "tag" || column.format === "yes_no" ? (
          <select autoFocus value={summary} onChange={(event) => setSummary(event.target.value)}>
            {[...new Set([summary, ...(column.format === "tag" ? column.tags : ["Yes", "No"])])].map((one) => (
              <option key={one}>{one}</option>
            ))}
          </select>
        ) : (
          <textarea autoFocus rows={3} value={summary} onChange={(event) => setSummary(event.target.value)} />
        )}
      </label>
      <label>
        Flag
        <select value={flag} onChange={(event) => setFlag(event.target.value as Flag)}>
          {!full.flag && <option value="">none</option>}
          {Object.entries(FLAGS).map(([flag, meaning]) => (
            <option key={flag} value={flag}>
              {meaning}
            </option>
          ))}
        </select>
      </label>
      <label>
        Reasoning
        <textarea rows={2} value={reasoning} onChange={(event) => setReasoning(event.target.value)} />
      </label>
      <ErrorOf error={save.error} />
      {isConflict(save.error) && now.updated_at !== full.updated_at && (
        <p data-testid="conflict">
          It now says: {now.summary ?? "nothing"}{" "}
          <button type="button" onClick={takeTheirs}>
            Keep editing
          </button>
        </p>
      )}
      <div className={parts.actions}>
        <button className="primary" disabled={!changed || save.isPending || isConflict(save.error)}>
          Save
        </button>
        <button type="button" onClick={onCancel}>
          Cancel
        </button>
      </div>
    </form>
  );
}

const isConflict = (error: unknown): boolean =>
  error instanceof Problem && error.fields.some((one) => one.field === "updated_at");
