/** The progress of a run, and its actions. */
import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import type { Job } from "../api/client";
import { api, jobQuery } from "../api/queries";
import { isLive } from "../live";
import { useStart } from "../setup/Run";
import { useNotices } from "../ui/notices";
import { count, duration, figure } from "../ui/words";
import styles from "./JobBar.module.css";

const QUIET_SECONDS = 20;
const LOOK_MS = 5_000;

/** How long the live job has had no new answer on this page. Give it a `key` of the number of answers. */
function Quiet() {
  const [seconds, setSeconds] = useState(0);
  useEffect(() => {
    const since = Date.now();
    const timer = setInterval(() => setSeconds((Date.now() - since) / 1000), LOOK_MS);
    return () => clearInterval(timer);
  }, []);
  return seconds < QUIET_SECONDS ? null : <span className="muted">no answer for {duration(seconds)}</span>;
}

/** What a job waits for besides answers: a batch, or a silent worker; empty if for nothing. */
function waitsFor(job: Job): string {
  if (job.silent_until) {
    const until = new Date(job.silent_until).toLocaleTimeString([], { timeStyle: "medium" });
    return `${count(job.silent_items, "document")} with a worker that is silent: others take over by ${until}`;
  }
  if (!job.batch) return "";
  const submitted = job.batch_submitted_at && new Date(job.batch_submitted_at);
  const waits = submitted
    ? `waiting for the provider's batch (submitted ${submitted.toLocaleTimeString([], { timeStyle: "short" })}, ` +
      `${figure(job.batch_answered)} of ${figure(job.batch_requests)} answered)`
    : "preparing a batch for the provider";
  return job.batch_trouble ? `${waits}. ${job.batch_trouble}` : waits;
}

export function JobBar({ job, onChanged, mayEdit }: { job: Job | null; onChanged: () => void; mayEdit: boolean }) {
  const { fail } = useNotices();
  const queries = useQueryClient();
  const onSuccess = () => {
    onChanged();
    void queries.invalidateQueries(jobQuery(job!.id));
  };
  const cancel = api.useMutation("post", "/api/tabular/jobs/{job_id}/cancel", { onSuccess, onError: fail });
  const resume = api.useMutation("post", "/api/tabular/jobs/{job_id}/resume", { onSuccess, onError: fail });
  const start = useStart(job?.review_id ?? "");
  if (!job) return null;
  const params = { path: { job_id: job.id } };
  const ended = job.completed_items + job.error_items; // documents skipped by a cancel are not done
  if (!isLive(job))
    return (
      <div className={styles.job} role="status">
        <span className="muted">
          {job.status === "cancelled" ? "Cancelled: " : "Last run: "}
          {figure(ended)} / {figure(job.total_items)} documents
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
    <div className={styles.job} role="status">
      <progress aria-label="Documents done" max={job.total_items || 1} value={ended} />
      <b data-testid="progress">
        {figure(ended)} / {figure(job.total_items)}
      </b>
      <span className="muted">
        {job.cancel_requested_at
          ? "stopping …"
          : job.paused_at
            ? job.pause_reason
            : job.llm_trouble
              ? job.llm_trouble
              : [
                  waitsFor(job),
                  job.rate ? `${job.rate.toPrecision(2)}/s` : "",
                  job.eta_seconds ? `${duration(job.eta_seconds)} left` : "",
                  job.price > 0 ? `$${job.price.toFixed(2)}` : "",
                ]
                  .filter(Boolean)
                  .join(" · ")}
      </span>
      {!job.paused_at && !job.llm_trouble && !job.batch && <Quiet key={job.done_cells + job.error_cells} />}
      {job.error_cells > 0 && <span className="failed">{count(job.error_cells, "failure")}</span>}
      {mayEdit && job.paused_at && (
        <button onClick={() => resume.mutate({ params, body: { budget: null } })}>Continue without a budget</button>
      )}
      {mayEdit && (
        <button
          disabled={cancel.isPending || job.cancel_requested_at !== null}
          onClick={() => cancel.mutate({ params })}
        >
          Cancel
        </button>
      )}
    </div>
  );
}
