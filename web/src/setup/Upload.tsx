/** Adds files to a review, dropped or chosen, one by one or as a folder; each has its progress and its error. */
import { useState, useSyncExternalStore } from "react";
import { count, figure } from "../ui/words";
import { ACCEPT, filesFrom, uploadsOf, type Chosen } from "./files";
import styles from "./Upload.module.css";

const SHOWN = 200;

/** The files sent to a review so far, with their outcomes. */
export function useUploads(review: string) {
  const uploads = uploadsOf(review);
  useSyncExternalStore(uploads.subscribe, () => uploads.version);
  const { files, busy, settled } = uploads;
  const refused = files.filter((one) => one.status === "refused");
  const lost = files.filter((one) => one.status === "lost");
  const done = files.filter((one) => ["added", "known", "unpacked"].includes(one.status)).length;
  return { files, busy, settled, refused, lost, done };
}

/** A place to drop files, with buttons to choose them. */
export function DropZone({ words, onFiles }: { words: string; onFiles: (files: Chosen[]) => void }) {
  const [over, setOver] = useState(false);
  const choose = (event: React.ChangeEvent<HTMLInputElement>) => {
    onFiles([...(event.target.files ?? [])].map((file) => ({ file, path: file.webkitRelativePath || file.name })));
    event.target.value = "";
  };
  return (
    <div
      className={over ? `${styles.drop} ${styles.over}` : styles.drop}
      onDragOver={(event) => {
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={async (event) => {
        event.preventDefault();
        setOver(false);
        onFiles(await filesFrom(event.dataTransfer));
      }}
    >
      <span>{words}, or</span>
      <label className="button">
        Choose files
        <input className="hidden" type="file" multiple accept={ACCEPT} onChange={choose} />
      </label>
      <label className="button">
        Choose a folder
        <input className="hidden" type="file" multiple onChange={choose} {...{ webkitdirectory: "" }} />
      </label>
    </div>
  );
}

export function Upload({ review }: { review: string }) {
  const { files, busy, refused, lost, done } = useUploads(review);
  const sent = files.reduce((sum, one) => sum + one.sent, 0);
  const size = files.reduce((sum, one) => sum + one.size, 0);
  const shown = [
    ...refused,
    ...lost,
    ...files.filter((one) => one.status === "sending"),
    ...files.filter((one) => !["refused", "lost", "sending"].includes(one.status)),
  ].slice(0, SHOWN);
  return (
    <div className={styles.upload}>
      <DropZone words="Drop documents or a folder here" onFiles={(chosen) => uploadsOf(review).add(chosen)} />
      {files.length > 0 && (
        <>
          <p role="status">
            {done === files.length
              ? `${count(done, "file")} added.`
              : `${figure(done)} / ${count(files.length, "file")}`}
            {refused.length > 0 && <span className="failed"> {count(refused.length, "file")} refused.</span>}
            {lost.length > 0 && <span className="failed"> {count(lost.length, "file")} not sent.</span>}
          </p>
          {lost.length > 0 && <button onClick={uploadsOf(review).again}>Send again</button>}
          {busy && <progress aria-label="Upload" max={size || 1} value={sent} />}
          <ul className={styles.files} tabIndex={0} aria-label="Files">
            {shown.map((one, index) => (
              <li key={index} className={["refused", "lost"].includes(one.status) ? styles.refused : undefined}>
                <span className={styles.name} title={one.name}>
                  {one.name}
                </span>
                {one.status === "sending" ? (
                  <progress aria-label={`Upload of ${one.name}`} max={one.size || 1} value={one.sent} />
                ) : (
                  <span className={styles.what}>
                    {one.error ??
                      {
                        waiting: "waiting",
                        added: "✓",
                        known: "✓ already here",
                        unpacked: "✓ unpacked",
                        refused: "refused",
                        lost: "not sent",
                        sending: "",
                      }[one.status]}
                  </span>
                )}
              </li>
            ))}
          </ul>
          {files.length > SHOWN && <p className="muted">… and {count(files.length - SHOWN, "file")} more</p>}
        </>
      )}
    </div>
  );
}
