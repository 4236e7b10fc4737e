import { breakNicely, escapeHtml, renderDocument } from "../html.js";
import { renderLegend } from "../legend.js";
import { renderHtmlTable } from "../table.js";
import type { Block, ReportDocument, Section } from "./document.js";

/** The report as one self-contained page. */
export function renderReportHtml({ title, introduction, warning, sections }: ReportDocument): string {
  return renderDocument(
    title,
    [
      `<h1>${shown(title)}</h1>`,
      ...introduction.map((text) => `<p>${shown(text)}</p>`),
      ...(warning === undefined ? [] : [`<p class="warning">${shown(warning)}</p>`]),
      `<nav><ul>${sections.map((section, i) => `<li><a href="#part-${i + 1}">${shown(section.title)}</a></li>`).join("")}</ul></nav>`,
      ...sections.map(renderSection),
    ].join("\n"),
  );
}

function renderSection({ title, blocks }: Section, index: number): string {
  return `<section id="part-${index + 1}">\n<h2>${shown(title)}</h2>\n${blocks.map(renderBlock).join("\n")}\n</section>`;
}

function renderBlock(block: Block): string {
  switch (block.kind) {
    case "text":
      return `<p>${shown(block.text)}</p>`;
    case "heading":
      return `<h3>${shown(block.text)}</h3>`;
    case "list":
      return `<ul>${block.items.map((item) => `<li>${shown(item)}</li>`).join("\n")}</ul>`;
    case "table": {
      const caption = block.caption === undefined ? "" : `<p class="muted">${shown(block.caption)}</p>\n`;
      return `${caption}${renderHtmlTable(block.table)}`;
    }
    case "facts":
      return `<dl>${block.facts.map(([name, value]) => `<dt>${shown(name)}</dt><dd>${shown(value)}</dd>`).join("\n")}</dl>`;
    case "code":
      return `<pre><code>${escapeHtml(block.text)}</code></pre>`;
    case "figures":
      return renderFigures(block);
  }
}

function renderFigures({ figures, size, legend, rules }: Extract<Block, { kind: "figures" }>): string {
  const drawn = figures.map(
    ({ caption, svg }) => `<figure><figcaption>${shown(caption)}</figcaption>${svg}</figure>`,
  );
  const key = legend === undefined ? "" : `${renderLegend(legend, rules)}\n`;
  return `${key}<div class="${size === "large" ? "charts" : "charts small"}">\n${drawn.join("\n")}\n</div>`;
}

function shown(text: string): string {
  return escapeHtml(breakNicely(text));
}
