/** All reviews, and the way to a new one. */
import { keepPreviousData, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { Link, useLocation } from "wouter";
import { createReview, deleteReview, listReviews, sentence, type Review } from "../api/client";
import { uploadsOf } from "../setup/files";
import { DropZone } from "../setup/Upload";
import type { Chosen } from "../setup/files";
import { count, Dialog, ErrorText, Loading, useTitle, when } from "../ui/basics";
import { useNotices } from "../ui/notices";

const PAGE = 50;

export function ReviewsScreen() {
  useTitle(undefined);
  const [, go] = useLocation();
  const queries = useQueryClient();
  const { fail } = useNotices();
  const [q, setQ] = useState("");
  const [offset, setOffset] = useState(0);
  const [deleting, setDeleting] = useState<Review | null>(null);
  const reviews = useQuery({
    queryKey: ["reviews", q, offset],
    queryFn: () => listReviews(q, offset, PAGE),
    placeholderData: keepPreviousData,
  });
  const create = useMutation({
    mutationFn: async (files: Chosen[]) => {
      const folder = files[0]?.path.split("/").slice(0, -1)[0];
      const review = await createReview(`${folder || "Review"} ${new Date().toLocaleString("sv").slice(0, 19)}`);
      if (files.length) uploadsOf(review.id).add(files);
      return review;
    },
    onSuccess: (review) => go(`/reviews/${review.id}`),
    onError: fail,
  });
  const remove = useMutation({
    mutationFn: (review: Review) => deleteReview(review.id),
    onSuccess: () => {
      setDeleting(null);
      queries.invalidateQueries({ queryKey: ["reviews"] });
    },
  });
  const isFirst = reviews.data?.total === 0 && !q;
  return (
    <main className="reviews" id="main">
      <div className="row">
        <h1>Reviews</h1>
        {!isFirst && (
          <input
            type="search"
            aria-label="Search reviews"
            placeholder="Search"
            value={q}
            onChange={(event) => {
              setQ(event.target.value);
              setOffset(0);
            }}
          />
        )}
        <button className="primary" disabled={create.isPending} onClick={() => create.mutate([])}>
          New review
        </button>
      </div>
      {create.isPending ? (
        <Loading what="Making a review" />
      ) : (
        <DropZone words="Drop documents or a folder here to start a review" onFiles={(files) => create.mutate(files)} />
      )}
      {reviews.error && <ErrorText>{sentence(reviews.error)}</ErrorText>}
      {reviews.isPending && <Loading what="Loading the reviews" />}
      {reviews.data?.total === 0 && q && <p className="muted">No review has this in its name.</p>}
      {isFirst && (
        <section className="start">
          <h2>There are no reviews yet.</h2>
          <p className="muted">
            A review asks the same questions of every document and lays the answers out as a grid.
          </p>
          <ol>
            <li>
              <b>Documents</b> PDF, Word, text, spreadsheets, mails and scans; a whole folder at once.
            </li>
            <li>
              <b>Questions</b> From a template, or your own. An answer is a date, an amount, a tag, or words.
            </li>
            <li>
              <b>Evidence</b> Each answer with the words it rests on, marked on the page where they stand.
            </li>
          </ol>
        </section>
      )}
      {!!reviews.data?.reviews.length && (
        <table className="list">
          <thead>
            <tr>
              <th>Name</th>
              <th className="number">Documents</th>
              <th className="number">Questions</th>
              <th>Your role</th>
              <th>Changed</th>
              <th>
                <span className="hidden">Actions</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {reviews.data.reviews.map((review) => (
              <tr key={review.id}>
                <td>
                  <Link href={`/reviews/${review.id}`}>{review.name}</Link>
                  {review.active_job_id && <span className="badge">running</span>}
                </td>
                <td className="number">{review.document_count.toLocaleString("en")}</td>
                <td className="number">{review.column_count}</td>
                <td>{review.role}</td>
                <td>{when(review.updated_at)}</td>
                <td>
                  {review.role === "owner" && (
                    <button aria-label={`Delete ${review.name}`} onClick={() => setDeleting(review)}>
                      Delete
                    </button>
                  )}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {(reviews.data?.total ?? 0) > PAGE && (
        <nav className="row" aria-label="Pages">
          <button disabled={!offset} onClick={() => setOffset(offset - PAGE)}>
            Newer
          </button>
          <button disabled={offset + PAGE >= reviews.data!.total} onClick={() => setOffset(offset + PAGE)}>
            Older
          </button>
        </nav>
      )}
      {deleting && (
        <Dialog title={`Delete ${deleting.name}?`} onClose={() => setDeleting(null)}>
          <p>
            All answers and their history go, for everybody: {count(deleting.document_count, "document")} ×{" "}
            {count(deleting.column_count, "question")}. The documents stay.
          </p>
          <ErrorText>{remove.error && sentence(remove.error)}</ErrorText>
          <footer>
            <button onClick={() => setDeleting(null)}>Keep it</button>
            <button className="danger" disabled={remove.isPending} onClick={() => remove.mutate(deleting)}>
              Delete the review
            </button>
          </footer>
        </Dialog>
      )}
    </main>
  );
}
