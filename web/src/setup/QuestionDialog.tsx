/** A question: its name, its words, the format of its answers, and the rules for their flags. */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useId, useState } from "react";
import { client, Problem, sentence, type Column, type ColumnInput, type Format, type Rule } from "../api/client";
import { api, columnsQuery, reviewQuery } from "../api/queries";
import { Dialog } from "../ui/Dialog";
import { ErrorOf, ErrorText, FlagDot } from "../ui/parts";
import { FORMATS } from "../ui/words";
import dialog from "../ui/Dialog.module.css";
import parts from "../ui/parts.module.css";
import styles from "./QuestionDialog.module.css";

export function useColumnsChanged(review: string) {
  const queries = useQueryClient();
  return () => {
    void queries.invalidateQueries(columnsQuery(review));
    void queries.invalidateQueries(reviewQuery(review));
  };
}

export function QuestionDialog({
  review,
  column,
  onAdded,
  onClose,
}: {
  review: string;
  column: Column | null;
  onAdded?: (column_id: string) => void;
  onClose: () => void;
}) {
  const [name, setName] = useState(column?.name ?? "");
  const [prompt, setPrompt] = useState(column?.prompt ?? "");
  const [format, setFormat] = useState<Format>(column?.format ?? "text");
  const [tags, setTags] = useState(column?.tags.join(", ") ?? "");
  const [rules, setRules] = useState<Rule[]>(column?.rules ?? []);
  const [secondReading, setSecondReading] = useState(column?.second_reading ?? null);
  const changed = useColumnsChanged(review);
  const suggest = api.useMutation("post", "/api/tabular/columns/suggest-prompt", {
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
                .map((tag) => tag.trim())
                .filter(Boolean)
            : [],
        rules,
        second_reading: secondReading,
      };
      const path = { review_id: review };
      if (column)
        await client.PUT("/api/tabular/reviews/{review_id}/columns/{column_id}", {
          params: { path: { ...path, column_id: column.id } },
          body,
        });
      else {
        const { data } = await client.POST("/api/tabular/reviews/{review_id}/columns", {
          params: { path },
          body: { columns: [body] },
        });
        return data!.columns[0]!.id;
      }
    },
    onSuccess: (added) => {
      changed();
      if (added) onAdded?.(added);
      onClose();
    },
  });
  return (
    <Dialog title={column ? `Edit ${column.name}` : "New question"} keeps onClose={onClose}>
      <form
        className={dialog.form}
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
        <div className={styles.withButton}>
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
          <button
            type="button"
            disabled={!name.trim() || suggest.isPending}
            onClick={() => suggest.mutate({ body: { name: name.trim() } })}
          >
            {suggest.isPending ? "Thinking …" : "Suggest a question"}
          </button>
        </div>
        <ErrorOf error={suggest.error} />
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
        <label>
          Second reading
          <select
            value={secondReading ?? ""}
            onChange={(event) => setSecondReading((event.target.value || null) as typeof secondReading)}
          >
            <option value="">none</option>
            <option value="order">the questions in another order</option>
            <option value="passages">the quoted passages alone</option>
            <option value="model">by another model</option>
          </select>
        </label>
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
            Changing the question, format, tags or rules makes its answers stale until they are asked again.
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

/** The server's refusals of conditions, by the index of the rule. */
function refusedRules(error: unknown): Map<number, string> {
  const fields = error instanceof Problem ? error.fields : [];
  return new Map(
    fields.flatMap(({ field, detail }) => {
      const index = /\brules\.(\d+)\./.exec(field)?.[1];
      return index ? [[Number(index), detail] as const] : [];
    }),
  );
}

/** The rules of a question: the first condition that holds sets the flag of an answer. */
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
  const change = (index: number, changed: Partial<Rule>) =>
    onChange(rules.map((rule, at) => (at === index ? { ...rule, ...changed } : rule)));
  return (
    <fieldset className={styles.rules}>
      <legend>Rules</legend>
      <p className="muted">
        The first rule that holds sets the flag.{" "}
        {format === "text" || format === "bulleted_list"
          ? "“not found” is"
          : `“not found” and conditions such as “${CONDITIONS[format]}” are`}{" "}
        compared with the answer; the language model decides all others.
      </p>
      {rules.map((rule, index) => (
        <div key={index}>
          <div className={styles.rule}>
            <FlagDot flag={rule.flag} decorative />
            <select
              aria-label={`Flag of rule ${index + 1}`}
              value={rule.flag}
              onChange={(event) => change(index, { flag: event.target.value as Rule["flag"] })}
            >
              {["red", "yellow", "green"].map((flag) => (
                <option key={flag} value={flag}>
                  {flag} if
                </option>
              ))}
            </select>
            <input
              aria-label={`Condition of rule ${index + 1}`}
              autoFocus={!rule.when}
              required
              maxLength={200}
              value={rule.when}
              placeholder={CONDITIONS[format]}
              aria-invalid={refused.has(index)}
              aria-describedby={refused.has(index) ? `${id}-${index}` : undefined}
              onChange={(event) => change(index, { when: event.target.value })}
            />
            <button
              type="button"
              className="icon"
              aria-label={`Remove rule ${index + 1}`}
              onClick={() => onChange(rules.filter((_, at) => at !== index))}
            >
              ×
            </button>
          </div>
          {refused.has(index) && (
            <p className={parts.error} role="alert" id={`${id}-${index}`}>
              {refused.get(index)}
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
