/** Verifying many answers at once: a question before it, and a way back after it. */
import { useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import type { SeenCell, Verified } from "../api/client";
import { verifyCells } from "../api/queries";
import { Dialog } from "../ui/Dialog";
import { useNotices } from "../ui/notices";
import { ErrorOf, Loading } from "../ui/parts";
import { count, figure } from "../ui/words";

type Reason = keyof Verified["left"];

/** Why answers are left as they are. */
export const LEFT: Record<Reason, { one: string; many: string }> = {
  changed: { one: "it has changed since you saw it", many: "changed meanwhile" },
  stale: { one: "it is stale, as its question has changed", many: "stale" },
  failed: { one: "the last attempt to ask it again failed", many: "whose last attempt failed" },
  unanswered: { one: "it has no answer", many: "without an answer" },
  verified: { one: "it is verified already", many: "verified already" },
  unverified: { one: "it is not verified", many: "not verified" },
};

const sum = (outcomes: Verified[], of: (outcome: Verified) => number) =>
  outcomes.reduce((all, one) => all + of(one), 0);

const leftOf = (outcomes: Verified[]) =>
  (Object.keys(LEFT) as Reason[]).flatMap((reason) => {
    const many = sum(outcomes, ({ left }) => left[reason] ?? 0);
    return many ? [`${figure(many)} ${LEFT[reason].many}`] : [];
  });

type Props = {
  review: string;
  /** The chosen cells as the grid shows them; `left`: rows of the range that were not on the screen. */
  seen: () => { cells: SeenCell[]; left: number };
  onVerified: () => void;
  onClose: () => void;
};

export function VerifyDialog({ review, seen, onVerified, onClose }: Props) {
  const { say, fail } = useNotices();
  const [{ cells, left }] = useState(seen);
  const trial = useQuery({
    queryKey: ["verify", review, cells],
    queryFn: () => verifyCells(review, cells, true, true),
    gcTime: 0,
  });
  const withdraw = useMutation({
    mutationFn: async (outcomes: Verified[]) => {
      for (const { updated_at } of outcomes)
        if (updated_at)
          await verifyCells(
            review,
            cells.map((cell) => ({ ...cell, updated_at })), // only what was verified then has this time
            false,
          );
    },
    onSuccess: onVerified,
    onError: fail,
  });
  const verify = useMutation({
    mutationFn: () => verifyCells(review, cells),
    onSuccess: (outcomes) => {
      const done = sum(outcomes, (one) => one.done);
      say(`${count(done, "answer")} verified.`, () => withdraw.mutate(outcomes));
      onClose();
      onVerified();
    },
  });
  const found = trial.data;
  const done = found ? sum(found, (one) => one.done) : 0;
  const unfound = found ? sum(found, (one) => one.unfound) : 0;
  return (
    <Dialog title={found ? `Verify ${count(done, "answer")}?` : "Verify"} onClose={onClose}>
      {trial.isPending && <Loading what="Looking at the answers" />}
      <ErrorOf error={trial.error ?? verify.error} />
      {found && (
        <>
          <p>This notes for each that you have checked its evidence and agree.</p>
          {unfound > 0 && (
            <p className="failed">
              {figure(unfound)} of them {unfound === 1 ? "has" : "have"} a quote that was not found in the document.
            </p>
          )}
          {leftOf(found).length > 0 && <p>Left as they are: {leftOf(found).join(", ")}.</p>}
          {left > 0 && (
            <p>
              {count(left, "row")} that you have not scrolled to {left === 1 ? "is" : "are"} left out.
            </p>
          )}
        </>
      )}
      <footer>
        <button onClick={onClose}>Cancel</button>
        {found && (
          <button autoFocus className="primary" disabled={!done || verify.isPending} onClick={() => verify.mutate()}>
            Verify
          </button>
        )}
      </footer>
    </Dialog>
  );
}
