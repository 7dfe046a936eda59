/** Keeps a review up to date: the status of its live job, and the feed of changed cells. */
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useCallback, useEffect, useEffectEvent, useRef, useState } from "react";
import { Problem, type CompactCell, type Job } from "./api/client";
import { jobQuery, latestJobQuery, readChanges, reviewQuery } from "./api/queries";

export const isLive = (job: Job | null | undefined): job is Job & { status: "pending" | "running" } =>
  job?.status === "pending" || job?.status === "running";

const IDLE_FACTOR = 5;
const LONGEST_PAUSE_MS = 30_000;

/** The review's live job, from any person, or else its last one. React Query pauses in a hidden tab. */
export function useJob(review: string, pollMs: number): Job | null | undefined {
  const queries = useQueryClient();
  const latest = useQuery({
    ...latestJobQuery(review),
    refetchInterval: ({ state }) => (isLive(state.data) ? false : pollMs * IDLE_FACTOR),
  });
  const live = isLive(latest.data) ? latest.data.id : null;
  const job = useQuery({
    ...jobQuery(live ?? ""),
    enabled: live !== null,
    refetchInterval: ({ state }) => (state.data && !isLive(state.data) ? false : pollMs),
  });
  const ended = live !== null && job.data && !isLive(job.data);
  useEffect(() => {
    if (ended) void queries.invalidateQueries(latestJobQuery(review));
  }, [ended, queries, review]);
  return live && job.data ? job.data : latest.data;
}

/**
 * Follows the review's feed from now on: every `pollMs` while a job is live, else less often. Pauses in a hidden tab and
 * backs off while the server is away. Returns whether it is away, whether the feed has begun, and a way to read it now.
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
  const live = isLive(job);
  const cursor = useRef<string | undefined>("now");
  const wake = useRef(() => {});
  const readOn = useEffectEvent(() => readChanges(review, cursor.current));
  const onCells = useEffectEvent(apply);
  const pause = useEffectEvent(() => (live ? pollMs : pollMs * IDLE_FACTOR));
  const look = useCallback(() => wake.current(), []);
  useEffect(() => wake.current(), [live]);
  useEffect(() => {
    let stopped = false;
    let timer = 0;
    let failures = 0;
    let busy = false;
    let again = false;
    const tick = async () => {
      again = busy; // what is read now may be older than what the caller did
      if (stopped || busy || (document.hidden && cursor.current !== "now")) return;
      busy = true;
      clearTimeout(timer);
      let next: number;
      try {
        const page = await readOn();
        if (stopped) return;
        cursor.current = page.cursor;
        onCells(page.cells);
        failures = 0;
        setAway(false);
        setBegun(true);
        next = page.more || again ? 0 : pause();
      } catch (error) {
        const refused = error instanceof Problem && error.status < 500;
        if (refused) void queries.invalidateQueries(reviewQuery(review)); // it is gone, or no longer shared
        if (refused && error.fields.some(({ field }) => field === "cursor")) cursor.current = undefined; // send all changes again
        setAway(!refused); // shown, and tried again
        next = Math.min(LONGEST_PAUSE_MS, pollMs * 2 ** failures++);
      } finally {
        busy = false;
      }
      if (!stopped) timer = window.setTimeout(() => void tick(), next);
    };
    wake.current = () => void tick();
    document.addEventListener("visibilitychange", wake.current);
    void tick();
    return () => {
      stopped = true;
      clearTimeout(timer);
      document.removeEventListener("visibilitychange", wake.current);
    };
  }, [review, pollMs, queries]);
  return { away, begun, look };
}
