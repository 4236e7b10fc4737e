import { type MethodName, methods } from "../../experiment/methods.js";
import { methodsOf, type Protocol } from "../../experiment/protocol.js";
import { type SeriesStyle, seriesStyle } from "../chart-style.js";
import type { LegendEntry } from "../legend.js";
import { methodTitle } from "./format.js";

/** The methods that are shown together, and how: a method looks the same in all charts of a report. */
export interface MethodSet {
  readonly title: string;
  readonly names: readonly MethodName[];
}

/** Methods in one set; ablations in another, with the subject and the reference to compare them with. */
export function methodSets(protocol: Protocol): {
  readonly rivals: MethodSet;
  readonly ablations: MethodSet;
} {
  const all = methodsOf(protocol);
  const { subject, reference } = protocol;
  const ablations = all.filter((name) => methods[name].role === "ablation");
  return {
    rivals: { title: "methods", names: all.filter((name) => methods[name].role === "method") },
    ablations: {
      title: "ablations",
      names: ablations.length === 0 ? [] : [subject, reference, ...ablations],
    },
  };
}

export function styleOf(protocol: Protocol, method: MethodName): SeriesStyle {
  return seriesStyle(methodsOf(protocol).indexOf(method));
}

export function legendOf(protocol: Protocol, names: readonly MethodName[]): LegendEntry[] {
  return names.map((name) => ({ title: methodTitle(name), style: styleOf(protocol, name) }));
}

/** The encoding of colour, dash and width by the field `method`, which holds titles. */
export function byMethod(protocol: Protocol, names: readonly MethodName[]) {
  const domain = names.map(methodTitle);
  const channel = <T>(range: T[]) => ({
    field: "method",
    type: "nominal" as const,
    scale: { domain, range },
    legend: null,
  });
  return {
    color: channel(names.map((name) => styleOf(protocol, name).color)),
    strokeDash: channel(names.map((name) => [...styleOf(protocol, name).dash])),
    strokeWidth: {
      condition: { test: `datum.method === '${methodTitle(protocol.subject)}'`, value: 2.75 },
      value: 1.5,
    },
  };
}
