/** What a run would ask and cost, and the button that starts it. */
import { keepPreviousData, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { estimateTabularGenerate, getRows, sentence, startTabularGenerate, type Asked, type Only } from "../api/client";
import { count, Dialog, ErrorText } from "../ui/basics";
import { useNotices } from "../ui/notices";

function useStarting<T>(review: string, mutationFn: (asked: T) => ReturnType<typeof startTabularGenerate>) {
  const queries = useQueryClient();
  const { say, fail } = useNotices();
  return useMutation({
    mutationFn,
    onSuccess: (started) => {
      if (started.resumed) say("A run is going on already: this is it.");
      else if (!started.total_items) say("Everything has been answered: there is nothing to ask.");
      queries.invalidateQueries({ queryKey: ["active-job", review] });
    },
    onError: fail,
  });
}

export const useStart = (review: string) => useStarting(review, (asked: Asked) => startTabularGenerate(review, asked));

/** Ask one question, or all of them, about the first document. */
export const useTry = (review: string) =>
  useStarting(review, async (column_ids: string[] | undefined) => {
    const { rows } = await getRows(review, { filter: [], q: "" }, "position", 0, 1);
    return startTabularGenerate(review, { document_ids: rows.map((row) => row.document_id), column_ids });
  });

export function Estimate({
  review,
  asked,
  documents,
  columns,
}: {
  review: string;
  asked: Asked;
  documents: number;
  columns: number;
}) {
  const estimate = useQuery({
    queryKey: ["estimate", review, asked, documents, columns],
    queryFn: () => estimateTabularGenerate(review, asked),
    placeholderData: keepPreviousData,
    enabled: documents > 0 && columns > 0,
    staleTime: 0,
  });
  const found = estimate.data;
  if (estimate.error) return <ErrorText>{sentence(estimate.error)}</ErrorText>;
  if (!found)
    return (
      <p className="muted">
        {documents
          ? columns
            ? "Estimating …"
            : "Add a question to see what a run would ask."
          : "Add documents to see what a run would ask."}
      </p>
    );
  const tokens = found.prompt_tokens + found.completion_tokens;
  return (
    <div className="estimate">
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
            {tokens
              ? `about ${tokens.toLocaleString("en")}${found.cached_tokens ? `, of them ${found.cached_tokens.toLocaleString("en")} cached` : ""}`
              : "none"}
          </dd>
        </div>
        <div>
          <dt>Price</dt>
          <dd>
            {found.price === null ? "no prices are set" : found.price ? `about $${found.price.toFixed(2)}` : "free"}
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
  { label: "Whatever has no current answer", only: ["missing", "stale", "failed"] },
  { label: "Missing answers only", only: ["missing"] },
  { label: "Stale answers only: their question has changed", only: ["stale"] },
  { label: "Failed answers only", only: ["failed"] },
  { label: "Outdated answers only: another model or prompt gave them", only: ["outdated"] },
  { label: "Everything again, but what somebody has edited or verified", only: ["all"] },
];

export function RunDialog({
  review,
  documents,
  columns,
  chosen,
  onClose,
}: {
  review: string;
  documents: number;
  columns: number;
  chosen: string[];
  onClose: () => void;
}) {
  const [choice, setChoice] = useState(0);
  const [onlyChosen, setOnlyChosen] = useState(chosen.length > 0);
  const [budget, setBudget] = useState("");
  const start = useStart(review);
  const asked: Asked = { only: CHOICES[choice]!.only, document_ids: onlyChosen && chosen.length ? chosen : undefined };
  return (
    <Dialog title="Run" onClose={onClose}>
      <form
        className="form"
        onSubmit={(event) => {
          event.preventDefault();
          start.mutate({ ...asked, budget: budget ? Number(budget) : undefined }, { onSuccess: onClose });
        }}
      >
        <fieldset>
          <legend>What to ask</legend>
          {CHOICES.map(({ label }, nr) => (
            <label key={label} className="choice">
              <input type="radio" name="only" checked={choice === nr} onChange={() => setChoice(nr)} />
              {label}
            </label>
          ))}
        </fieldset>
        {chosen.length > 0 && (
          <label className="choice">
            <input type="checkbox" checked={onlyChosen} onChange={(event) => setOnlyChosen(event.target.checked)} />
            Only the {count(chosen.length, "chosen document")}
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
            placeholder="none: the run pauses when it has cost this much"
          />
        </label>
        <Estimate review={review} asked={asked} documents={documents} columns={columns} />
        <ErrorText>{start.error ? sentence(start.error) : null}</ErrorText>
        <footer>
          <button type="button" onClick={onClose}>
            Cancel
          </button>
          <button className="primary" disabled={start.isPending}>
            Run
          </button>
        </footer>
      </form>
    </Dialog>
  );
}
