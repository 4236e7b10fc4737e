import { tree } from "@jax-js/jax";
import { beforeAll, describe, expect, it } from "vitest";
import { startJax } from "../jax.js";
import { adapterNames, adapters, read } from "./adapters.js";
import { advance, endRun, startRun } from "./run.js";
import { rows } from "./table.js";

beforeAll(startJax);

describe.each(rows)("%s", (_name, row) => {
  it.each(adapterNames)("on %s, saved as JSON and restored, continues to the last bit", async (name) => {
    const first = startRun(row, "quadratic", adapters[name]);
    await advance(first, 2);
    const second = startRun(row, "quadratic", adapters[name], first);
    expect(tree.structure(second.state).toString()).toBe(tree.structure(first.state).toString());
    for (const run of [first, second]) await advance(run, 2);
    expect(read(second.params)).toEqual(read(first.params));
    expect(read(second.state)).toEqual(read(first.state));
    await endRun(first);
    await endRun(second);
  });
});
