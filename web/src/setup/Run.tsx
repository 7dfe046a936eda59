/** The estimate of a run, and the ways to start one. */
import { keepPreviousData, useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { type GenerateInput, type Only } from "../api/client";
import { api, generate, latestJobQuery, readRows } from "../api/queries";
import { Dialog } from "../ui/Dialog";
import { useMe } from "../me";
import { useNotices } from "../ui/notices";
import { ErrorOf } from "../ui/parts";
import { count, figure } from "../ui/words";
import dialog from "../ui/Dialog.module.css";
import styles from "./Run.module.css";

function useStarting<T>(review: string, mutationFn: (asked: T) => ReturnType<typeof generate>) {
  const queries = useQueryClient();
  const { say, fail } = useNotices();
  return useMutation({
    mutationFn,
    onSuccess: (started) => {
      if (started.resumed) say("A run is already in progress.");
      else if (!started.total_items) say("Nothing to ask: every question has its answer.");
      void queries.invalidateQueries(latestJobQuery(review));
    },
    onError: fail,
  });
}

export const useStart = (review: string) => useStarting(review, (body: GenerateInput) => generate(review, body));

/** Ask some questions, or all of them, about the first document. */
export const useTry = (review: string) =>
  useStarting(review, async (column_ids: string[] | undefined) => {
    const { rows } = await readRows(review, { filter: [], q: "" }, "position", 0, 1);
    return generate(review, { document_ids: rows.map((row) => row.document_id), column_ids });
  });

type EstimateProps = { review: string; input: GenerateInput; documents: number; columns: number };

const useEstimate = ({ review, input, documents, columns }: EstimateProps) =>
  api.useQuery(
    "post",
    "/api/tabular/reviews/{review_id}/estimate",
    { params: { path: { review_id: review } }, body: input, of: [documents, columns] },
    { placeholderData: keepPreviousData, enabled: documents > 0 && columns > 0, staleTime: 0 },
  );

export function Estimate(props: EstimateProps) {
  const { documents, columns } = props;
  const estimate = useEstimate(props);
  const found = estimate.data;
  if (estimate.error) return <ErrorOf error={estimate.error} />;
  if (!found)
    return (
      <p className="muted">
        {!documents
          ? "Add documents to see what a run would ask."
          : !columns
            ? "Add a question to see what a run would ask."
            : "Estimating …"}
      </p>
    );
  const tokens = found.prompt_tokens + found.completion_tokens;
  const unread = found.least_prompt_tokens < found.most_prompt_tokens; // then it is a range
  const between = (least: string, most: string) => `${least} to ${most}`;
  const cached = found.cached_tokens ? `, ${figure(found.cached_tokens)} of them cached` : "";
  return (
    <div className={styles.estimate}>
      <dl>
        <div>
          <dt>Asks</dt>
          <dd>
            {count(found.documents, "document")}, {count(found.cells, "answer")}
          </dd>
        </div>
        <div>
          <dt>Tokens</dt>
          <dd>
            {!tokens
              ? "none"
              : unread
                ? between(figure(found.least_prompt_tokens), figure(found.most_prompt_tokens))
                : `about ${figure(tokens)}${cached}`}
          </dd>
        </div>
        <div>
          <dt>Price</dt>
          <dd>
            {found.price === null
              ? "no prices are set"
              : !found.price
                ? "free"
                : unread
                  ? between(`$${found.least_price!.toFixed(2)}`, `$${found.most_price!.toFixed(2)}`)
                  : `about $${found.price.toFixed(2)}`}
          </dd>
        </div>
      </dl>
      {found.notes.map((note) => (
        <p key={note} className="muted">
          {note}
        </p>
      ))}
    </div>
  );
}

const CHOICES: { label: string; only: Only[] }[] = [
  { label: "Missing, stale and failed answers", only: ["missing", "stale", "failed"] },
  { label: "Missing answers only", only: ["missing"] },
  { label: "Stale answers only: the question has changed", only: ["stale"] },
  { label: "Failed answers only", only: ["failed"] },
  { label: "Outdated answers only: from another model or prompt", only: ["outdated"] },
  { label: "All answers, except edited or verified ones", only: ["all"] },
];

type RunProps = { review: string; documents: number; columns: number; selected: string[]; onClose: () => void };

/** `selected`: the documents of the ticked rows. */
export function RunDialog({ review, documents, columns, selected, onClose }: RunProps) {
  const [choice, setChoice] = useState(0);
  const [onlySelected, setOnlySelected] = useState(selected.length > 0);
  const [budget, setBudget] = useState("");
  const [batch, setBatch] = useState(false);
  const me = useMe();
  const start = useStart(review);
  const input: GenerateInput = {
    only: CHOICES[choice]!.only,
    document_ids: onlySelected && selected.length ? selected : undefined,
    batch: batch || undefined,
  };
  const of = { review, input, documents, columns };
  const nothing = useEstimate(of).data?.cells === 0;
  return (
    <Dialog title="Run" onClose={onClose}>
      <form
        className={dialog.form}
        onSubmit={(event) => {
          event.preventDefault();
          start.mutate({ ...input, budget: budget ? Number(budget) : undefined }, { onSuccess: onClose });
        }}
      >
        <fieldset>
          <legend>What to ask</legend>
          {CHOICES.map(({ label }, index) => (
            <label key={label} className={dialog.choice}>
              <input type="radio" name="only" checked={choice === index} onChange={() => setChoice(index)} />
              {label}
            </label>
          ))}
        </fieldset>
        {selected.length > 0 && (
          <label className={dialog.choice}>
            <input type="checkbox" checked={onlySelected} onChange={(event) => setOnlySelected(event.target.checked)} />
            Only the {count(selected.length, "selected document")}
          </label>
        )}
        {me.model !== "extractive" && (
          <label className={dialog.choice}>
            <input type="checkbox" checked={batch} onChange={(event) => setBatch(event.target.checked)} />
            In batches of the provider: half the price, answers within a day
          </label>
        )}
        <label>
          Budget in US dollars
          <input
            type="number"
            min="0.000001"
            step="any"
            value={budget}
            onChange={(event) => setBudget(event.target.value)}
            placeholder="none; a run pauses when it reaches its budget"
          />
        </label>
        <Estimate {...of} />
        {nothing && <p>There is nothing to ask: choose other answers above{onlySelected && ", or all documents"}.</p>}
        <ErrorOf error={start.error} />
        <footer>
          <button type="button" onClick={onClose}>
            Cancel
          </button>
          <button className="primary" disabled={start.isPending || nothing}>
            Run
          </button>
        </footer>
      </form>
    </Dialog>
  );
}
