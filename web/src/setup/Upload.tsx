/** Files go into the review: dropped, or chosen, one by one or by the folder; each with its progress and its error. */
import { useState, useSyncExternalStore } from "react";
import { count } from "../ui/basics";
import { ACCEPT, filesFrom, uploadsOf, type Chosen } from "./files";

const SHOWN = 200;

/** What has become of the files of a review so far. */
export function useUploads(review: string) {
  const uploads = uploadsOf(review);
  useSyncExternalStore(uploads.subscribe, () => uploads.version);
  const { files, busy, settled } = uploads;
  const refused = files.filter((one) => one.status === "refused");
  const done = files.filter((one) => one.status === "added" || one.status === "known").length;
  return { files, busy, settled, refused, done };
}

/** Where files are dropped, or chosen. */
export function DropZone({ words, onFiles }: { words: string; onFiles: (files: Chosen[]) => void }) {
  const [over, setOver] = useState(false);
  const choose = (event: React.ChangeEvent<HTMLInputElement>) => {
    onFiles([...(event.target.files ?? [])].map((file) => ({ file, path: file.webkitRelativePath || file.name })));
    event.target.value = "";
  };
  return (
    <div
      className={over ? "drop over" : "drop"}
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
  const { files, busy, refused, done } = useUploads(review);
  const sent = files.reduce((sum, one) => sum + one.sent, 0);
  const size = files.reduce((sum, one) => sum + one.size, 0);
  const shown = [
    ...refused,
    ...files.filter((one) => one.status === "sending"),
    ...files.filter((one) => one.status !== "refused" && one.status !== "sending"),
  ].slice(0, SHOWN);
  return (
    <div className="upload">
      <DropZone words="Drop documents or a folder here" onFiles={(chosen) => uploadsOf(review).add(chosen)} />
      {files.length > 0 && (
        <>
          <p role="status">
            {done === files.length
              ? `${count(done, "file")} taken in.`
              : `${done.toLocaleString("en")} / ${count(files.length, "file")}`}
            {refused.length > 0 && <span className="failed"> {count(refused.length, "file")} refused.</span>}
          </p>
          {busy && <progress aria-label="Upload" max={size || 1} value={sent} />}
          <ul className="files" tabIndex={0} aria-label="Files">
            {shown.map((one, nr) => (
              <li key={nr} className={one.status}>
                <span className="name" title={one.name}>
                  {one.name}
                </span>
                {one.status === "sending" ? (
                  <progress aria-label={`Upload of ${one.name}`} max={one.size || 1} value={one.sent} />
                ) : (
                  <span className="what">
                    {one.error ??
                      { waiting: "waiting", added: "✓", known: "✓ known already", refused: "refused", sending: "" }[
                        one.status
                      ]}
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
