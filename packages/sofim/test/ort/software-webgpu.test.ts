import { defaultDevice, init } from "@jax-js/jax";
import koffi from "koffi";
import { afterAll, describe, it } from "vitest";
import type { Primitive } from "../../src/ort/jaxpr.js";
import { expectAgreement } from "./agreement.js";
import type { Case } from "./cases/case.js";
import { families, primitivesOf } from "./cases/index.js";
import { softwareVulkan } from "./software-vulkan.js";

const { isThere, library, environment } = softwareVulkan;
if (!isThere) console.warn("no software WebGPU on this machine: the cases are not run on one");

await init("wasm");
defaultDevice("wasm");

/** What takes a sine or a cosine; of "fft" the kernel seems to, which is off by 7e-5 there. */
const oscillating: ReadonlySet<Primitive> = new Set(["sin", "cos", "fft"]);

/** This driver's sines are coarse: what is made of them was off by up to 3.1e-4, and all else as little as anywhere. */
function toleranceOf(entry: Case): number {
  const oscillates = [...primitivesOf(entry)].some((primitive) => oscillating.has(primitive));
  return Math.max(oscillates ? 2 ** -11 : 1e-5, entry.tolerance ?? 0);
}

describe.skipIf(!isThere)("on webgpu by a software adapter", () => {
  // A library that is loaded already is found by its name.
  const vulkan = isThere ? koffi.load(library) : undefined;
  Object.assign(process.env, environment);
  afterAll(() => vulkan?.unload());

  for (const [family, cases] of Object.entries(families)) {
    describe(`${family} equals jax-js`, () => {
      it.each(cases.map((entry) => [entry.name, entry] as const))("%s", async (_, entry) => {
        await expectAgreement(entry, "webgpu", toleranceOf(entry));
      });
    });
  }
});
