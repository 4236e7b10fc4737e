import Table from "cli-table3";
import type { SummaryTable } from "./summary.js";

/** The table drawn with box characters, for a terminal. */
export function renderTerminalTable({ headers, rows }: SummaryTable): string {
  const table = new Table({ head: [...headers], style: { head: [], border: [], compact: true } });
  table.push(...rows.map((row) => [...row]));
  return table.toString();
}
