import type { LegendEntry } from "../legend.js";
import type { Table } from "../table.js";

/** A drawing with the words above it. */
export interface Figure {
  readonly caption: string;
  /** An `<svg>` element. */
  readonly svg: string;
}

/** A piece of a report. Pages show all of them, Markdown those that are text. */
export type Block =
  | { readonly kind: "text"; readonly text: string; readonly onPageOnly?: true }
  | { readonly kind: "heading"; readonly text: string }
  | { readonly kind: "list"; readonly items: readonly string[] }
  | { readonly kind: "table"; readonly caption?: string; readonly table: Table }
  | { readonly kind: "facts"; readonly facts: readonly (readonly [name: string, value: string])[] }
  | { readonly kind: "code"; readonly text: string }
  | {
      readonly kind: "figures";
      readonly figures: readonly Figure[];
      readonly size: "large" | "small";
      readonly legend?: readonly LegendEntry[];
      /** What thin dashed lines stand for. */
      readonly rules?: readonly string[];
    };

export interface Section {
  readonly title: string;
  readonly blocks: readonly Block[];
  /** Left out of the Markdown summary. */
  readonly onPageOnly?: true;
}

/** A report before it is HTML or Markdown. */
export interface ReportDocument {
  readonly title: string;
  readonly introduction: readonly string[];
  /** What the reader must know before believing any of it, such as that runs are missing. */
  readonly warning: string | undefined;
  readonly sections: readonly Section[];
}
