/** A review before its first run: its documents, its questions, and the run. */
import type { Column, Review } from "../api/client";
import { Questions } from "../setup/Questions";
import { Estimate, useStart, useTry } from "../setup/Run";
import { Upload } from "../setup/Upload";
import { count } from "../ui/words";
import { ReviewName } from "./ReviewName";
import parts from "../ui/parts.module.css";
import styles from "./Setup.module.css";

export function Setup({ review, columns }: { review: Review; columns: Column[] }) {
  const start = useStart(review.id);
  const ready = review.document_count > 0 && columns.length > 0;
  const tryOne = useTry(review.id);
  return (
    <main className={styles.setup} id="main">
      <ReviewName review={review} />
      <section aria-labelledby="setup-documents">
        <h2 id="setup-documents">
          1 · Documents <span className="muted">{count(review.document_count, "document")}</span>
        </h2>
        <Upload review={review.id} />
      </section>
      <section aria-labelledby="setup-questions">
        <h2 id="setup-questions">
          2 · Questions <span className="muted">{count(columns.length, "question")}</span>
        </h2>
        <Questions review={review.id} columns={columns} />
      </section>
      <section aria-labelledby="setup-run">
        <h2 id="setup-run">3 · Run</h2>
        <p className={styles.size}>
          {count(review.document_count, "document")} × {count(columns.length, "question")} ={" "}
          <b>{count(review.document_count * columns.length, "answer")}</b>
        </p>
        <Estimate review={review.id} input={{}} documents={review.document_count} columns={columns.length} />
        <div className={parts.actions}>
          <button disabled={!ready || tryOne.isPending || start.isPending} onClick={() => tryOne.mutate(undefined)}>
            Try on one document
          </button>
          <button className="primary" disabled={!ready || start.isPending} onClick={() => start.mutate({})}>
            Run
          </button>
        </div>
      </section>
    </main>
  );
}
