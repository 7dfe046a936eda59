/** A review: first its documents and questions, then the grid. */
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import { Link } from "wouter";
import { Problem } from "../api/client";
import { columnsQuery, reviewQuery } from "../api/queries";
import { useJob } from "../live";
import { useMe } from "../me";
import { useUploads } from "../setup/Upload";
import { ErrorOf, Loading, useTitle } from "../ui/parts";
import { Setup } from "./Setup";
import { Table } from "./Table";
import parts from "../ui/parts.module.css";

const REFRESH_MS = 30_000;

export default function ReviewScreen({ id }: { id: string }) {
  const review = useQuery({ ...reviewQuery(id), refetchInterval: REFRESH_MS });
  const columns = useQuery({ ...columnsQuery(id), refetchInterval: REFRESH_MS });
  const me = useMe();
  const job = useJob(id, me.poll_ms);
  const queries = useQueryClient();
  const { settled } = useUploads(id);
  useEffect(() => {
    if (settled) void queries.invalidateQueries(reviewQuery(id));
  }, [settled, queries, id]);
  useTitle(review.data?.name);
  const error = review.error ?? columns.error;
  if (error && (!review.data || (error instanceof Problem && error.status === 404)))
    return (
      <main className={parts.empty} id="main">
        <h1>This review cannot be shown</h1>
        <ErrorOf error={error} />
        <Link href="/">All reviews</Link>
      </main>
    );
  if (!review.data || !columns.data || job === undefined) return <Loading what="Opening the review" />;
  // Until its first run, the screen is for preparing it.
  return job === null && review.data.role !== "viewer" ? (
    <Setup review={review.data} columns={columns.data.columns} />
  ) : (
    <Table review={review.data} columns={columns.data.columns} job={job} />
  );
}
