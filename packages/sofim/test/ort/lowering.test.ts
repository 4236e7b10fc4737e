import { defaultDevice, init, lax, numpy as np } from "@jax-js/jax";
import { describe, expect, it } from "vitest";
import { engineArray, jit, toOnnx, UnsupportedPrimitiveError } from "../../src/ort/index.js";
import { expectAgreement } from "./agreement.js";
import { toArray } from "./cases/case.js";
import { recordGpuRun } from "./cases/gpu-runs.js";
import { families, primitives, primitivesOf, reasonAgainst } from "./cases/index.js";
import { refusedForms } from "./cases/refused.js";
import { everywhere, findPlaces, recordedAdapter } from "./places.js";

await init("wasm");
defaultDevice("wasm");

const places = await findPlaces();
for (const { device, missing } of places) {
  if (missing !== undefined) console.warn(`the cases are not run on ${device}: ${missing}`);
}

/** By device: the names of the cases that equalled jax-js. */
const agreed = new Map(places.map(({ device }) => [device, [] as string[]]));

const blocks = Object.entries(families).flatMap(([family, cases]) =>
  places.map((place) => ({ family, cases, ...place })),
);
for (const { family, cases, device, missing } of blocks) {
  const title = `${family} on ${device} equals jax-js`;
  const reason = missing === undefined ? "" : `, not run: ${missing}`;
  describe.skipIf(missing !== undefined)(`${title}${reason}`, () => {
    it.each(cases.map((entry) => [entry.name, entry] as const))("%s", async (name, entry) => {
      await expectAgreement(entry, device, entry.tolerance ?? 1e-5);
      agreed.get(device)!.push(name);
    });
  });
}

describe.runIf(recordedAdapter !== undefined)("the record of runs on GPUs", () => {
  it("is written for each GPU's device that is there", () => {
    const found = places.filter(
      ({ device, missing }) => !everywhere.includes(device) && missing === undefined,
    );
    expect(found).not.toHaveLength(0);
    for (const { device } of found) recordGpuRun(device, recordedAdapter!, agreed.get(device)!);
  });
});

describe("the cases", () => {
  it("have names of their own, which the record of runs on GPUs has them by", () => {
    const names = Object.values(families).flatMap((cases) => cases.map(({ name }) => name));
    expect(names.filter((name, i) => names.indexOf(name) !== i)).toEqual([]);
  });
});

describe("erfc", () => {
  it("keeps its digits where it is tiny", async () => {
    const exact = [
      [-2, 1.995322265018953],
      [0.5, 0.4795001221869535],
      [2, 0.004677734981047265],
      [6, 2.1519736712498916e-17],
      [9, 4.13703174651381e-37],
    ] as const;
    const x = engineArray(Float32Array.from(exact, ([argument]) => argument));
    const actual = (await jit((values: np.Array) => lax.erfc(values))(x)).dataSync();
    exact.forEach(([, value], i) => {
      // The exponent -x^2 is rounded to float32 before exp: an error of x^2 units in the last place.
      expect(Math.abs(actual[i]! / value - 1)).toBeLessThan(1e-5);
    });
  });
});

describe("sums of many elements", () => {
  // Squares of fewer elements are summed in one pass, which is off by 4e-6 at the most of them.
  it.each([
    [260_000, 5e-6],
    [270_000, 1e-6],
    [3_000_000, 1e-6],
  ])("keep their digits: %d squares to %d", async (count, tolerance) => {
    const x = Float32Array.from({ length: count }, (_, i) => (i * 0.618_034) % 1);
    const exact = x.reduce((sum, value) => sum + value ** 2, 0);
    const sum = jit((values: np.Array) => np.sum(np.square(values)), { threads: 1 });
    const actual = (await sum(engineArray(x))).item();
    expect(Math.abs(actual / exact - 1)).toBeLessThan(tolerance);
  });
});

describe("the rule map", () => {
  it("has a case for every primitive that it lowers", () => {
    const seen = new Set(
      Object.values(families).flatMap((cases) => cases.flatMap((c) => [...primitivesOf(c)])),
    );
    const lowered = primitives.filter((primitive) => reasonAgainst(primitive) === undefined);
    expect([...seen].sort()).toEqual(lowered.sort());
  });

  it.each(refusedForms)("refuses $form by the name $primitive", async ({ primitive, fn, args, message }) => {
    const failure = await toOnnx(fn, args.map(toArray)).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(UnsupportedPrimitiveError);
    expect((failure as UnsupportedPrimitiveError).primitive).toBe(primitive);
    expect((failure as Error).message).toMatch(message);
  });
});
