/** Files go into the review: dropped, or chosen, one by one or by the folder; each with its progress and its error. */
import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useReducer, useRef, useState } from "react";
import { count } from "../ui/basics";
import { ACCEPT, filesFrom, takeOver, Uploads } from "./files";

const SHOWN = 200;

export function Upload({ review, onChanged }: { review: string; onChanged: () => void }) {
  const [, redraw] = useReducer((n: number) => n + 1, 0);
  const [over, setOver] = useState(false);
  const queries = useQueryClient();
  const uploads = useRef<Uploads>(null);
  uploads.current ??= new Uploads(review, redraw, () => {
    queries.invalidateQueries({ queryKey: ["review", review] });
    onChanged();
  });
  const { files } = uploads.current;
  useEffect(() => {
    const waiting = takeOver(review);
    if (waiting.length) uploads.current!.add(waiting);
  }, [review]);
  useEffect(() => {
    const leave = (event: BeforeUnloadEvent) => uploads.current!.busy && event.preventDefault();
    addEventListener("beforeunload", leave);
    return () => removeEventListener("beforeunload", leave);
  }, []);
  const done = files.filter((one) => one.status === "added" || one.status === "known").length;
  const refused = files.filter((one) => one.status === "refused");
  const sent = files.reduce((sum, one) => sum + one.sent, 0);
  const size = files.reduce((sum, one) => sum + one.size, 0);
  const shown = [
    ...refused,
    ...files.filter((one) => one.status === "sending"),
    ...files.filter((one) => one.status !== "refused" && one.status !== "sending"),
  ].slice(0, SHOWN);
  const choose = (event: React.ChangeEvent<HTMLInputElement>) => {
    uploads.current!.add([...(event.target.files ?? [])]);
    event.target.value = "";
  };
  return (
    <div className="upload">
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
          uploads.current!.add(await filesFrom(event.dataTransfer));
        }}
      >
        <span>Drop documents or a folder here, or</span>
        <label className="button">
          Choose files
          <input className="hidden" type="file" multiple accept={ACCEPT} onChange={choose} />
        </label>
        <label className="button">
          Choose a folder
          <input className="hidden" type="file" multiple onChange={choose} {...{ webkitdirectory: "" }} />
        </label>
      </div>
      {files.length > 0 && (
        <>
          <p role="status">
            {done === files.length
              ? `${count(done, "file")} taken in.`
              : `${done.toLocaleString("en")} / ${count(files.length, "file")}`}
            {refused.length > 0 && <span className="failed"> {count(refused.length, "file")} refused.</span>}
          </p>
          {uploads.current.busy && <progress aria-label="Upload" max={size || 1} value={sent} />}
          <ul className="files">
            {shown.map((one, nr) => (
              <li key={nr} className={one.status}>
                <span className="name">{one.name}</span>
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
