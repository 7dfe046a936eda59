/** The name of a review as a heading, to be changed where it stands. */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { renameReview, type Review } from "../api/client";
import { useNotices } from "../ui/notices";

export function ReviewName({ review }: { review: Review }) {
  const queries = useQueryClient();
  const [name, setName] = useState(review.name);
  const { fail } = useNotices();
  useEffect(() => setName(review.name), [review.name]);
  const rename = useMutation({
    mutationFn: (to: string) => renameReview(review.id, to),
    onSuccess: (changed) => queries.setQueryData(["review", review.id], changed),
    onError: (error) => {
      setName(review.name);
      fail(error);
    },
  });
  const commit = () => (name.trim() && name.trim() !== review.name ? rename.mutate(name.trim()) : setName(review.name));
  return (
    <h1 className="review-name">
      {review.role === "viewer" ? (
        review.name
      ) : (
        <input
          aria-label="Name of the review"
          value={name}
          maxLength={200}
          onChange={(event) => setName(event.target.value)}
          onBlur={commit}
          onKeyDown={(event) => {
            if (event.key === "Enter") event.currentTarget.blur();
            if (event.key === "Escape") setName(review.name);
          }}
        />
      )}
    </h1>
  );
}
