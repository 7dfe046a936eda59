/** Uploads to the server: a queue for each review, and the progress of every file. */
import { passes, Problem, sentence, uploadDocuments } from "../api/client";

type Sending = {
  name: string;
  size: number;
  sent: number;
  /** "lost": the server did not take it in for a temporary reason; it can be sent again. */
  status: "waiting" | "sending" | "added" | "known" | "refused" | "unpacked" | "lost";
  error?: string;
  /** Its bytes; an attachment was sent with its e-mail. */
  file?: File;
};
/** The types in the file picker. Other files can be dropped; the server decides. */
export const ACCEPT =
  ".pdf,.docx,.doc,.rtf,.xlsx,.xls,.pptx,.ppt,.odt,.ods,.odp,.txt,.html,.htm,.eml,.msg,.png,.jpg,.jpeg,.tif,.tiff,.zip,.emlx,.mbox,.p7m,.fodt,.fods,.fodp";
const AT_ONCE = 3;
const BATCH_FILES = 20;
const BATCH_BYTES = 16 * 1024 ** 2;

/** A file and its path in the dropped or chosen folder: "Data room/01 Corporate/lease.txt". */
export type Chosen = { file: File; path: string };

/** The files of a drop, including those in its folders. */
export async function filesFrom(transfer: DataTransfer): Promise<Chosen[]> {
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry()).filter((entry) => entry !== null);
  const found: Chosen[] = [];
  const walk = async (entry: FileSystemEntry): Promise<void> => {
    if (entry.isFile) {
      const file = await new Promise<File>((resolve, reject) => (entry as FileSystemFileEntry).file(resolve, reject));
      found.push({ file, path: entry.fullPath.slice(1) });
      return;
    }
    const reader = (entry as FileSystemDirectoryEntry).createReader();
    for (;;) {
      const some = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject)); // a hundred at a time
      if (!some.length) return;
      for (const one of some) if (!one.name.startsWith(".")) await walk(one);
    }
  };
  for (const entry of entries) await walk(entry);
  return found;
}

/** `alone`: it was in too large a request. */
type Queued = Sending & { file: File; alone?: boolean };

/** The files of one review, sent a few requests at a time. Sending continues on every screen. */
class Uploads {
  readonly files: Sending[] = [];
  /** Grows with every change; `settled` with every ended request. */
  version = 0;
  settled = 0;
  private readonly queue: Queued[] = [];
  private readonly listeners = new Set<() => void>();
  private running = 0;

  constructor(private readonly review: string) {}

  readonly subscribe = (listener: () => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  add(chosen: Chosen[]): void {
    for (const { file, path } of chosen) {
      const queued: Queued = { file, name: path, size: file.size, sent: 0, status: "waiting" };
      this.files.push(queued);
      this.queue.push(queued);
    }
    this.start();
  }

  /** Send files again that the server did not take in for a temporary reason. */
  readonly again = () => {
    const lost = this.files.filter((one): one is Queued => one.status === "lost");
    for (const one of lost) Object.assign(one, { status: "waiting", sent: 0, error: undefined });
    this.queue.push(...lost);
    this.start();
  };

  private start(): void {
    while (this.running < AT_ONCE && this.queue.length) void this.send();
    this.changed();
  }

  get busy(): boolean {
    return this.running > 0;
  }

  private changed(): void {
    this.version++;
    for (const listener of this.listeners) listener();
  }

  private async send(): Promise<void> {
    this.running++;
    while (this.queue.length) {
      const batch = [this.queue.shift()!];
      let size = batch[0]!.size;
      for (let next = this.queue[0]; next && !next.alone && !batch[0]!.alone; next = this.queue[0]) {
        if (batch.length === BATCH_FILES || size + next.size > BATCH_BYTES) break;
        size += next.size;
        batch.push(this.queue.shift()!);
      }
      for (const one of batch) one.status = "sending";
      try {
        const results = await uploadDocuments(this.review, batch, (sent) => {
          // In the order of the request.
          for (const one of batch) {
            one.sent = Math.max(0, Math.min(one.size, sent));
            sent -= one.size;
          }
          this.changed();
        });
        batch.forEach((one, index) =>
          Object.assign(one, {
            status: results[index]!.status,
            error: results[index]!.error ?? undefined,
            sent: one.size,
          }),
        );
        for (const { path, status, error } of results.flatMap((one) => one.attachments))
          this.files.push({ name: path, size: 0, sent: 0, status, error: error ?? undefined });
      } catch (error) {
        if (error instanceof Problem && error.status === 413 && batch.length > 1) {
          for (const one of batch) Object.assign(one, { status: "waiting", sent: 0, alone: true });
          this.queue.unshift(...batch);
        } else {
          const status = passes(error) ? "lost" : "refused";
          for (const one of batch) Object.assign(one, { status, error: sentence(error) });
        }
      }
      this.settled++;
      this.changed();
    }
    this.running--;
    this.changed();
  }
}

const all = new Map<string, Uploads>();

export function uploadsOf(review: string): Uploads {
  if (!all.has(review)) all.set(review, new Uploads(review));
  return all.get(review)!;
}

addEventListener("beforeunload", (event) => {
  if ([...all.values()].some((one) => one.busy)) event.preventDefault();
});
