/** The name of a review: a heading that can be edited in place. */
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import type { Review } from "../api/client";
import { api, reviewQuery } from "../api/queries";
import { useNotices } from "../ui/notices";
import styles from "./ReviewName.module.css";

export function ReviewName({ review }: { review: Review }) {
  const queries = useQueryClient();
  /** Null: not being edited. */
  const [typed, setTyped] = useState<string | null>(null);
  const { fail } = useNotices();
  const rename = api.useMutation("patch", "/api/tabular/reviews/{review_id}", {
    onSuccess: (changed) => queries.setQueryData(reviewQuery(review.id).queryKey, changed),
    onError: fail,
    onSettled: () => setTyped(null),
  });
  const commit = () => {
    const name = typed?.trim();
    if (name && name !== review.name) rename.mutate({ params: { path: { review_id: review.id } }, body: { name } });
    else setTyped(null);
  };
  return (
    <h1 className={styles.reviewName}>
      {review.role === "viewer" ? (
        review.name
      ) : (
        <input
          aria-label="Name of the review"
          value={typed ?? review.name}
          maxLength={200}
          onChange={(event) => setTyped(event.target.value)}
          onBlur={commit}
          onKeyDown={(event) => {
            if (event.key === "Enter") event.currentTarget.blur();
            if (event.key === "Escape") setTyped(null);
          }}
        />
      )}
    </h1>
  );
}
