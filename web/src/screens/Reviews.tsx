/** All reviews, and the start of a new one. */
import { keepPreviousData, useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { Link, useLocation } from "wouter";
import { client, type Review } from "../api/client";
import { api, meQuery } from "../api/queries";
import { uploadsOf } from "../setup/files";
import { DropZone } from "../setup/Upload";
import type { Chosen } from "../setup/files";
import { Dialog } from "../ui/Dialog";
import { useNotices } from "../ui/notices";
import { ErrorOf, Loading, useTitle } from "../ui/parts";
import { count, figure, onDay, when } from "../ui/words";
import parts from "../ui/parts.module.css";
import styles from "./Reviews.module.css";

const PAGE = 50;

export function ReviewsScreen() {
  useTitle(undefined);
  const [, go] = useLocation();
  const { fail } = useNotices();
  const [q, setQ] = useState("");
  const [offset, setOffset] = useState(0);
  const [deleting, setDeleting] = useState<Review | null>(null);
  const reviews = api.useQuery(
    "get",
    "/api/tabular/reviews",
    { params: { query: { q: q || undefined, offset, limit: PAGE } } },
    { placeholderData: keepPreviousData },
  );
  const create = useMutation({
    mutationFn: async (files: Chosen[]) => {
      const folder = files[0]?.path.split("/").slice(0, -1)[0];
      const name = `${folder || "Review"} ${new Date().toLocaleString("sv").slice(0, 19)}`;
      const { data } = await client.POST("/api/tabular/reviews", { body: { name, columns: [], document_ids: [] } });
      if (files.length) uploadsOf(data!.id).add(files);
      return data!.id;
    },
    onSuccess: (id) => go(`/reviews/${id}`),
    onError: fail,
  });
  const remove = api.useMutation("delete", "/api/tabular/reviews/{review_id}", {
    onSuccess: () => {
      setDeleting(null);
      void reviews.refetch();
    },
  });
  const isFirst = reviews.data?.total === 0 && !q;
  return (
    <main className={styles.reviews} id="main">
      <div className={styles.head}>
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
        <Loading what="Creating the review" />
      ) : (
        <DropZone words="Drop documents or a folder here to start a review" onFiles={(files) => create.mutate(files)} />
      )}
      <ErrorOf error={reviews.error} />
      {reviews.isPending && <Loading what="Loading the reviews" />}
      {reviews.data?.total === 0 && q && <p className="muted">No review has a name like this.</p>}
      {isFirst && (
        <section className={styles.start}>
          <h2>There are no reviews yet.</h2>
          <p className="muted">A review asks the same questions of every document and shows the answers in a grid.</p>
          <ol>
            <li>
              <b>Documents</b> PDF, Word, text, spreadsheets, e-mails and scans; a whole folder at once.
            </li>
            <li>
              <b>Questions</b> From a template, or your own. An answer is a date, an amount, a tag or text.
            </li>
            <li>
              <b>Evidence</b> Each answer comes with its quotes, marked on their page.
            </li>
          </ol>
        </section>
      )}
      {!!reviews.data?.reviews.length && (
        <table className={styles.list}>
          <thead>
            <tr>
              <th>Name</th>
              <th className={styles.number}>Documents</th>
              <th className={styles.number}>Questions</th>
              <th className={styles.number}>Checked</th>
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
                  {review.active_job_id && <span className={parts.badge}>running</span>}
                  {review.delete_at && <span className={parts.badge}>deleted on {onDay(review.delete_at)}</span>}
                </td>
                <td className={styles.number}>{figure(review.document_count)}</td>
                <td className={styles.number}>{review.column_count}</td>
                <td className={styles.number}>
                  {figure(review.checked)} of {figure(review.document_count * review.column_count)}
                </td>
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
        <nav className={parts.row} aria-label="Pages">
          <button disabled={!offset} onClick={() => setOffset(offset - PAGE)}>
            Newer
          </button>
          <button disabled={offset + PAGE >= reviews.data!.total} onClick={() => setOffset(offset + PAGE)}>
            Older
          </button>
        </nav>
      )}
      <Usage />
      {deleting && (
        <Dialog title={`Delete ${deleting.name}?`} onClose={() => setDeleting(null)}>
          <p>
            This deletes all answers and their history, for everybody: {count(deleting.document_count, "document")} ×{" "}
            {count(deleting.column_count, "question")}. The documents stay.
          </p>
          <ErrorOf error={remove.error} />
          <footer>
            <button onClick={() => setDeleting(null)}>Cancel</button>
            <button
              className="danger"
              disabled={remove.isPending}
              onClick={() => remove.mutate({ params: { path: { review_id: deleting.id }, query: { confirm: true } } })}
            >
              Delete the review
            </button>
          </footer>
        </Dialog>
      )}
    </main>
  );
}

const GB = 1024 ** 3;

/** How much of their limits a person has used. */
function Usage() {
  const me = useQuery({ ...meQuery, staleTime: 0 }).data;
  if (!me) return null;
  const { usage, quotas } = me;
  const of = (used: number, most: number | null | undefined, what: string, sign = "") => {
    const [has, may] = [used, most].map((n) => sign + n?.toLocaleString("en", { maximumFractionDigits: 2 }));
    return `${has}${most == null ? "" : ` of ${may}`} ${what}`;
  };
  const all = [
    of(usage.documents, quotas.documents, "documents"),
    of(usage.bytes / GB, quotas.bytes && quotas.bytes / GB, "GB"),
    of(usage.jobs, quotas.jobs, "live jobs"),
  ];
  if (quotas.dollars != null || usage.dollars) all.push(of(usage.dollars, quotas.dollars, "for LLM calls today", "$"));
  return <p className="muted">You have {all.join(", ")}.</p>;
}
