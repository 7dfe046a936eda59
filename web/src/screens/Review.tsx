/** A review: first what to ask about which documents, then the grid that fills. */
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import { Link } from "wouter";
import { getReview, listColumns, Problem, sentence } from "../api/client";
import { useJob } from "../live";
import { useMe } from "../me";
import { useUploads } from "../setup/Upload";
import { ErrorText, Loading, useTitle } from "../ui/basics";
import { Setup } from "./Setup";
import { Table } from "./Table";

const REFRESH_MS = 30_000;

export default function ReviewScreen({ id }: { id: string }) {
  const review = useQuery({ queryKey: ["review", id], queryFn: () => getReview(id), refetchInterval: REFRESH_MS });
  const columns = useQuery({ queryKey: ["columns", id], queryFn: () => listColumns(id), refetchInterval: REFRESH_MS });
  const me = useMe();
  const job = useJob(id, me.poll_ms);
  const queries = useQueryClient();
  const { settled } = useUploads(id);
  useEffect(() => {
    if (settled) queries.invalidateQueries({ queryKey: ["review", id] });
  }, [settled, id]);
  useTitle(review.data?.name);
  const error = review.error ?? columns.error;
  if (error && (!review.data || (error instanceof Problem && error.status === 404)))
    return (
      <main className="empty" id="main">
        <h1>This review cannot be shown</h1>
        <ErrorText>{sentence(error)}</ErrorText>
        <Link href="/">All reviews</Link>
      </main>
    );
  if (!review.data || !columns.data || job === undefined) return <Loading what="Opening the review" />;
  // Until somebody has run it, the screen is about what to run.
  return job === null && review.data.role !== "viewer" ? (
    <Setup review={review.data} columns={columns.data.columns} />
  ) : (
    <Table review={review.data} columns={columns.data.columns} job={job} />
  );
}
