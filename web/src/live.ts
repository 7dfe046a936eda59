/** What keeps the grid fresh: the live job's status, and the feed of changed cells. */
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import {
  getActiveTabularJob,
  getReviewCells,
  getTabularJob,
  getTabularJobCells,
  listTabularJobs,
  Problem,
  type Cell,
  type CompactCell,
  type Job,
  type Row,
} from "./api/client";

export const isLive = (job: Job | null | undefined): job is Job & { status: "pending" | "running" } =>
  job?.status === "pending" || job?.status === "running";

/** Whether the live job is going to answer this cell. */
export function isAwaited(cell: Cell | undefined, row: Row, column: string, job: Job | null): boolean {
  if (!isLive(job) || !row.open || (job.column_ids && !job.column_ids.includes(column))) return false;
  const asks = (...only: Job["only"]) => only.some((one) => job.only.includes(one));
  if (!cell || cell.status === "pending") return asks("missing", "all", "again");
  if (cell.job_id === job.id) return false;
  if (job.only.every((one) => one === "again")) return true;
  if (cell.edited || cell.verified_by) return false;
  return (
    asks("all") ||
    (cell.stale && asks("stale")) ||
    (cell.outdated && asks("outdated")) ||
    (cell.attempt_error !== null && asks("failed"))
  );
}

const IDLE_FACTOR = 5;
const LONGEST_PAUSE_MS = 30_000;

/** The review's live job, whoever started it, or else its last one. React Query pauses in a hidden tab. */
export function useJob(review: string, pollMs: number): Job | null | undefined {
  const active = useQuery({
    queryKey: ["active-job", review],
    queryFn: async () => (await getActiveTabularJob(review)).job ?? (await listTabularJobs(review)).jobs[0] ?? null,
    refetchInterval: ({ state }) => (isLive(state.data) ? false : pollMs * IDLE_FACTOR),
  });
  const live = isLive(active.data) ? active.data.id : null;
  const job = useQuery({
    queryKey: ["job", live],
    queryFn: () => getTabularJob(live!),
    enabled: live !== null,
    refetchInterval: ({ state }) => (state.data && !isLive(state.data) ? false : pollMs),
  });
  const queries = useQueryClient();
  const ended = live !== null && job.data && !isLive(job.data);
  useEffect(() => {
    if (ended) queries.invalidateQueries({ queryKey: ["active-job", review] });
  }, [ended, review]);
  return live && job.data ? job.data : active.data;
}

/**
 * Follows the feed from now on: of the live job while there is one (every `pollMs`), else of the review (less often). Pauses in
 * a hidden tab and backs off while the server is away. Returns whether it is away, and whether the feed has begun.
 */
export function useFeed(
  review: string,
  job: Job | null | undefined,
  pollMs: number,
  apply: (cells: CompactCell[]) => void,
) {
  const queries = useQueryClient();
  const [away, setAway] = useState(false);
  const [begun, setBegun] = useState(false);
  const live = isLive(job) ? job.id : null;
  const now = useRef({ live, apply });
  now.current = { live, apply };
  const cursor = useRef("now");
  const wake = useRef(() => {});
  useEffect(() => wake.current(), [live]);
  useEffect(() => {
    let stopped = false;
    let timer = 0;
    let failures = 0;
    let busy = false;
    const tick = async () => {
      if (stopped || busy || (document.hidden && cursor.current !== "now")) return;
      busy = true;
      clearTimeout(timer);
      let pause: number;
      try {
        const { live } = now.current;
        const page =
          live && cursor.current !== "now"
            ? await getTabularJobCells(live, cursor.current)
            : await getReviewCells(review, cursor.current);
        if (stopped) return;
        cursor.current = page.cursor;
        now.current.apply(page.cells);
        failures = 0;
        setAway(false);
        setBegun(true);
        pause = page.more ? 0 : now.current.live ? pollMs : pollMs * IDLE_FACTOR;
      } catch (error) {
        const refused = error instanceof Problem && error.status < 500;
        if (refused) queries.invalidateQueries({ queryKey: ["review", review] }); // it is gone, or somebody else's now
        setAway(!refused); // shown, and tried again
        pause = Math.min(LONGEST_PAUSE_MS, pollMs * 2 ** failures++);
      } finally {
        busy = false;
      }
      if (!stopped) timer = window.setTimeout(tick, pause);
    };
    wake.current = () => void tick();
    document.addEventListener("visibilitychange", wake.current);
    void tick();
    return () => {
      stopped = true;
      clearTimeout(timer);
      document.removeEventListener("visibilitychange", wake.current);
    };
  }, [review, pollMs]);
  return { away, begun };
}
