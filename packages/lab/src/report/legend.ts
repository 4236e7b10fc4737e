import type { SeriesStyle } from "./chart-style.js";
import { escapeHtml } from "./html.js";

/** A series and how charts draw it. */
export interface LegendEntry {
  readonly title: string;
  readonly style: SeriesStyle;
}

/**
 * The legend of charts that share their series, as HTML.
 *
 * @param rules - what thin dashed lines in the text colour stand for
 */
export function renderLegend(entries: readonly LegendEntry[], rules: readonly string[] = []): string {
  const items = entries.map(({ title, style: { color, dash } }) => {
    const line = `<line x1="0" y1="6" x2="36" y2="6" stroke="${color}" stroke-width="3" stroke-dasharray="${dash.join(" ")}"/>`;
    return `<li><svg viewBox="0 0 36 12" aria-hidden="true">${line}</svg>${escapeHtml(title)}</li>`;
  });
  const others = rules.map(
    (rule) =>
      `<li class="muted"><svg viewBox="0 0 36 12" aria-hidden="true"><line x1="0" y1="6" x2="36" y2="6" stroke="currentColor" stroke-dasharray="4 4"/></svg>${escapeHtml(rule)}</li>`,
  );
  return `<ul class="legend">${[...items, ...others].join("")}</ul>`;
}
