import { parse, View } from "vega";
import { compile, type TopLevelSpec } from "vega-lite";

/**
 * Draws a chart to stand in a page.
 *
 * @param name - of the chart, different for all charts on a page
 * @returns an `<svg>` element without scripts or outside references that fills its column
 */
export async function drawInline(spec: TopLevelSpec, name: string): Promise<string> {
  const svg = await drawRounded(spec);
  return (
    svg
      // The page gives the size: a viewBox without width and height scales with its column.
      .replace(/<svg [^>]*?viewBox="([^"]+)"[^>]*>/, '<svg viewBox="$1" aria-hidden="true">')
      // Charts on one page share one space of ids.
      .replace(/(id="|url\(#)(?=clip\d)/g, `$1${name}-`)
  );
}

/** Draws a chart as a whole file; `color` is that of its text and axes. */
export async function drawFile(spec: TopLevelSpec, color: string): Promise<string> {
  const svg = await drawRounded(spec);
  return `${svg.replace("<svg ", `<svg color="${color}" `)}\n`;
}

/** To the hundredth of a pixel, which nobody sees, and which keeps pages small and the same on all machines. */
async function drawRounded(spec: TopLevelSpec): Promise<string> {
  const svg = await new View(parse(compile(spec).spec), { renderer: "none" }).toSVG();
  return renumberClips(svg).replace(/ (d|transform|[xy][12]?|width|height)="[^"]*"/g, (attribute) =>
    attribute.replace(/-?\d+\.\d{3,}(e-?\d+)?/g, (number) => String(Number(Number(number).toFixed(2)))),
  );
}

/** Vega counts clip paths over all charts of a process; here they are counted from 1 in each. */
function renumberClips(svg: string): string {
  const numbers = new Map<string, number>();
  return svg.replace(/(id="|url\(#)clip(\d+)/g, (_, before: string, old: string) => {
    const number = numbers.get(old) ?? numbers.size + 1;
    numbers.set(old, number);
    return `${before}clip${number}`;
  });
}
