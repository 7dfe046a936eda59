/** How a person has laid out a review's grid: widths, hidden and pinned columns. Kept in this browser. */

/** `colId` and the others: by AG Grid's names. */
export type ColumnLayout = {
  colId: string;
  width?: number | null;
  hide?: boolean | null;
  pinned?: "left" | "right" | boolean | null;
};

const keyOf = (review: string) => `columnist.layout.${review}`;

export const savedLayout = (review: string) =>
  JSON.parse(localStorage.getItem(keyOf(review)) ?? "[]") as ColumnLayout[];

export const saveLayout = (review: string, columns: ColumnLayout[]) =>
  localStorage.setItem(
    keyOf(review),
    JSON.stringify(columns.map(({ colId, width, hide, pinned }) => ({ colId, width, hide, pinned }))),
  );

export const hiddenColumns = (review: string) =>
  savedLayout(review).flatMap(({ colId, hide }) => (hide ? [colId] : []));
