/** Files that a person saves. */
import { authorization, problemOf, token } from "../api/client";

/** A plain link on a server without sign-in, so that the browser streams it; else the request needs the token. */
export async function download(url: string, fail: (error: unknown) => void): Promise<void> {
  const link = document.createElement("a");
  link.download = "";
  link.href = url;
  if (token.get()) {
    try {
      const answer = await fetch(url, { headers: authorization() });
      if (!answer.ok) throw problemOf(answer.status, await answer.json());
      link.download = decodeURIComponent(
        answer.headers.get("content-disposition")?.split("filename*=utf-8''")[1] ?? "review",
      );
      link.href = URL.createObjectURL(await answer.blob());
      setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
    } catch (error) {
      return fail(error);
    }
  }
  link.click();
}
