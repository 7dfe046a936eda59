/** The cell in the grid to which an arrow key leads. */
export type Step = readonly [rows: number, columns: number];

const STEPS: Record<string, Step> = {
  ArrowUp: [-1, 0],
  ArrowDown: [1, 0],
  ArrowLeft: [0, -1],
  ArrowRight: [0, 1],
};
export const stepOf = (key: string): Step | undefined => STEPS[key];
