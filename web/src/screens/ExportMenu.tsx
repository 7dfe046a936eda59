/** The export of a review, complete or as shown. */
import { exportUrl, type View } from "../api/client";
import { download } from "../ui/download";
import { Menu, type Item } from "../ui/Menu";
import { useNotices } from "../ui/notices";

type Props = { review: string; view?: View; shownColumns?: (() => string[]) | null; documents?: string[] };

const ALL: View = { filter: [], q: "" };

/** `shownColumns`: null if none is hidden; `documents`: of the rows to which it is limited. */
export function ExportMenu({ review, view = ALL, shownColumns = null, documents = [] }: Props) {
  const { fail } = useNotices();
  const isPart = view.q !== "" || view.filter.length > 0;
  const items = (["xlsx", "csv", "parquet", "json"] as const).flatMap((format): Item[] => [
    {
      label: `${format.toUpperCase()}${isPart ? ": everything" : ""}`,
      onSelect: () => void download(exportUrl(review, format, ALL, null, documents), fail),
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
