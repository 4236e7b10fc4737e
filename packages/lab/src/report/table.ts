import { escapeHtml } from "./html.js";

/** A cell with something in small print below, or with a meaning that pages show in colour too. */
export interface RichCell {
  readonly text: string;
  readonly note?: string;
  readonly tone?: "good" | "bad" | "muted" | "best";
}

export type Cell = string | RichCell;

/** A table as HTML and Markdown show it: one header per column. */
export interface Table {
  readonly headers: readonly string[];
  readonly rows: readonly (readonly Cell[])[];
}

/** The table as HTML, in a box that scrolls where the page is narrow. */
export function renderHtmlTable({ headers, rows }: Table): string {
  const head = headers.map((header) => `<th scope="col">${escapeHtml(header)}</th>`).join("");
  const body = rows.map((row) => `<tr>${row.map(htmlCell).join("")}</tr>`);
  return `<div class="scroll"><table><thead><tr>${head}</tr></thead><tbody>${body.join("\n")}</tbody></table></div>`;
}

function htmlCell(cell: Cell): string {
  if (typeof cell === "string") return `<td>${escapeHtml(cell)}</td>`;
  const { text, note, tone } = cell;
  const small = note === undefined ? "" : `<small>${escapeHtml(note)}</small>`;
  return `<td${tone === undefined ? "" : ` class="${tone}"`}>${escapeHtml(text)}${small}</td>`;
}

/** The table as Markdown. */
export function renderMarkdownTable({ headers, rows }: Table): string {
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
  return [
    line(headers),
    line(headers.map(() => "---")),
    ...rows.map((row) => line(row.map(markdownCell))),
  ].join("\n");
}

function markdownCell(cell: Cell): string {
  if (typeof cell === "string") return cell;
  const { text, note, tone } = cell;
  const shown = tone === "best" ? `**${text}**` : text;
  return note === undefined ? shown : `${shown} (${note})`;
}
