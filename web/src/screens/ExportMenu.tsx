/** The export of a review, complete or as shown. */
import { authorization, exportUrl, problemOf, token, type View } from "../api/client";
import { Menu, type Item } from "../ui/Menu";
import { useNotices } from "../ui/notices";

type Props = { review: string; view: View; shownColumns: (() => string[]) | null };

/** `shownColumns`: null if none is hidden. */
export function ExportMenu({ review, view, shownColumns }: Props) {
  const { fail } = useNotices();
  const isPart = view.q !== "" || view.filter.length > 0;
  const items = (["xlsx", "csv", "parquet", "json"] as const).flatMap((format): Item[] => [
    {
      label: `${format.toUpperCase()}${isPart ? ": everything" : ""}`,
      onSelect: () => void download(exportUrl(review, format, { filter: [], q: "" }, null), fail),
    },
    ...(isPart || shownColumns
      ? [
          {
            label: `${format.toUpperCase()}: as shown`,
            onSelect: () => void download(exportUrl(review, format, view, shownColumns?.() ?? null), fail),
          },
        ]
      : []),
  ]);
  return <Menu label="Export ▾" items={items} />;
}

/** A plain link on a server without sign-in, so that the browser streams it; else the request needs the token. */
async function download(url: string, fail: (error: unknown) => void): Promise<void> {
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
