/** The day on which a review is deleted. */
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import type { Review } from "../api/client";
import { api, reviewQuery } from "../api/queries";
import { Dialog } from "../ui/Dialog";
import { ErrorOf } from "../ui/parts";
import { localDay } from "../ui/words";
import parts from "../ui/parts.module.css";

const DAY_MS = 86_400_000;

export function RetentionDialog({ review, onClose }: { review: Review; onClose: () => void }) {
  const queries = useQueryClient();
  const [tomorrow] = useState(() => localDay(new Date(Date.now() + DAY_MS)));
  const [day, setDay] = useState(review.delete_at ? localDay(new Date(review.delete_at)) : "");
  const put = api.useMutation("put", "/api/tabular/reviews/{review_id}/retention", {
    onSuccess: (changed) => {
      queries.setQueryData(reviewQuery(review.id).queryKey, changed);
      onClose();
    },
  });
  const keep = (delete_at: string | null) =>
    put.mutate({ params: { path: { review_id: review.id } }, body: { delete_at } });
  return (
    <Dialog title="Retention" onClose={onClose}>
      <p>
        On a day that you choose, the review is deleted with all answers and their history, for everybody, and a
        certificate lists what was destroyed. Documents that only this review has are deleted with it.
      </p>
      <ErrorOf error={put.error} />
      <form
        className={parts.row}
        onSubmit={(event) => {
          event.preventDefault();
          keep(new Date(`${day}T00:00`).toISOString());
        }}
      >
        <input
          type="date"
          required
          aria-label="Day on which it is deleted"
          min={tomorrow}
          value={day}
          onChange={(event) => setDay(event.target.value)}
        />
        {review.delete_at && (
          <button type="button" disabled={put.isPending} onClick={() => keep(null)}>
            Never delete it
          </button>
        )}
        <button className="danger" disabled={put.isPending}>
          Delete it on this day
        </button>
      </form>
    </Dialog>
  );
}
