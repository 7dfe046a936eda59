/** How far a job is, and what can be done about it. */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { cancelTabularJob, resumeTabularJob, type Job } from "../api/client";
import { isLive } from "../live";
import { useStart } from "../setup/Run";
import { count, duration } from "../ui/basics";
import { useNotices } from "../ui/notices";

const QUIET_SECONDS = 20;
const LOOK_MS = 5_000;

/** How long this page has seen no answer of the live job: the LLM server may be slow, or away. */
function useQuietSeconds(job: Job | null): number {
  const answers = isLive(job) ? job.done_cells + job.error_cells : null;
  const [quiet, setQuiet] = useState(0);
  useEffect(() => {
    setQuiet(0);
    if (answers === null) return;
    const since = Date.now();
    const timer = setInterval(() => setQuiet((Date.now() - since) / 1000), LOOK_MS);
    return () => clearInterval(timer);
  }, [answers]);
  return quiet;
}

export function JobBar({ job, onChanged, mayEdit }: { job: Job | null; onChanged: () => void; mayEdit: boolean }) {
  const { fail } = useNotices();
  const queries = useQueryClient();
  const cancel = useMutation({
    mutationFn: () => cancelTabularJob(job!.id),
    onSuccess: () => {
      onChanged();
      queries.invalidateQueries({ queryKey: ["job", job!.id] });
    },
    onError: fail,
  });
  const resume = useMutation({
    mutationFn: () => resumeTabularJob(job!.id, null),
    onSuccess: () => queries.invalidateQueries({ queryKey: ["job", job!.id] }),
    onError: fail,
  });
  const start = useStart(job?.review_id ?? "");
  const quiet = useQuietSeconds(job);
  if (!job) return null;
  const ended = job.completed_items + job.error_items; // what a cancel skips was not done
  if (!isLive(job))
    return (
      <div className="job" role="status">
        <span className="muted">
          {job.status === "cancelled" ? "Cancelled: " : "Last run: "}
          {ended.toLocaleString("en")} / {job.total_items.toLocaleString("en")} documents
          {job.price > 0 ? ` · $${job.price.toFixed(2)}` : ""}
        </span>
        {job.error_cells > 0 && mayEdit && (
          <button className="failed" onClick={() => start.mutate({ only: ["failed"] })}>
            Retry {count(job.error_cells, "failed answer")}
          </button>
        )}
      </div>
    );
  return (
    <div className="job" role="status">
      <progress aria-label="Documents done" max={job.total_items || 1} value={ended} />
      <b data-testid="progress">
        {ended.toLocaleString("en")} / {job.total_items.toLocaleString("en")}
      </b>
      <span className="muted">
        {job.cancel_requested_at
          ? "stopping …"
          : job.paused_at
            ? job.pause_reason
            : job.llm_trouble
              ? `The LLM server is waited for: ${job.llm_trouble}.`
              : [
                  job.rate ? `${job.rate.toPrecision(2)}/s` : "",
                  job.eta_seconds ? `${duration(job.eta_seconds)} left` : "",
                  quiet >= QUIET_SECONDS ? `no answer for ${duration(quiet)}` : "",
                  job.price > 0 ? `$${job.price.toFixed(2)}` : "",
                ]
                  .filter(Boolean)
                  .join(" · ")}
      </span>
      {job.error_cells > 0 && <span className="failed">{count(job.error_cells, "failure")}</span>}
      {mayEdit && job.paused_at && <button onClick={() => resume.mutate()}>Go on without a budget</button>}
      {mayEdit && (
        <button disabled={cancel.isPending || job.cancel_requested_at !== null} onClick={() => cancel.mutate()}>
          Cancel
        </button>
      )}
    </div>
  );
}
