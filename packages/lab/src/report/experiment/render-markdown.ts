import { renderMarkdownTable } from "../table.js";
import type { Block, ReportDocument, Section } from "./document.js";

/**
 * The report as a Markdown summary: what is words and figures in tables, and one picture.
 *
 * @param name - of the page and the picture that lie beside it, without their endings
 */
export function renderReportMarkdown(report: ReportDocument, name: string): string {
  const { title, introduction, warning, sections } = report;
  const parts = [
    `# ${title}`,
    ...introduction,
    ...(warning === undefined ? [] : [`> **${warning}**`]),
    `![What each method needs to reach a target, relative to the one that is compared](${name}.svg)`,
    `The whole report, with curves and all times, is the page ${name}.html.`,
    ...sections.filter(({ onPageOnly }) => !onPageOnly).map(renderSection),
  ];
  return `${parts.join("\n\n")}\n`;
}

function renderSection({ title, blocks }: Section): string {
  return [`## ${title}`, ...blocks.flatMap(renderBlock)].join("\n\n");
}

function renderBlock(block: Block): string[] {
  switch (block.kind) {
    case "text":
      return block.onPageOnly ? [] : [block.text];
    case "heading":
      return [`### ${block.text}`];
    case "list":
      return [block.items.map((item) => `- ${item}`).join("\n")];
    case "table":
      return [...(block.caption === undefined ? [] : [block.caption]), renderMarkdownTable(block.table)];
    case "facts":
      return [block.facts.map(([name, value]) => `- ${name}: ${value}`).join("\n")];
    case "code":
      return [`\`\`\`text\n${block.text}\n\`\`\``];
    case "figures":
      return [];
  }
}
