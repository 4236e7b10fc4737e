import { defaultDevice, init } from "@jax-js/jax";
import { beforeAll, expect, it } from "vitest";
import { type Device, devices } from "../../src/ort/devices/device.js";
import { toOnnx, UnsupportedPrimitiveError } from "../../src/ort/index.js";
import type { Primitive } from "../../src/ort/jaxpr.js";
import { type Case, toArray } from "./cases/case.js";
import { readGpuRuns } from "./cases/gpu-runs.js";
import { families, primitives, primitivesOf, reasonAgainst } from "./cases/index.js";
import { type RefusedForm, refusedForms } from "./cases/refused.js";
import { everywhere, onGpus } from "./places.js";

beforeAll(async () => {
  await init("wasm");
  defaultDevice("wasm");
});

const runs = readGpuRuns();
const allCases = Object.values(families).flat();

const introduction = `# Coverage

Made from the cases in \`packages/sofim/test/ort/cases/\` by \`npm run docs:coverage\`; a test compares the two.

Each case is a function that both jax-js and the engine run; shapes, types and elements must be equal (to 1e-5 of the largest element unless the case says why not). The number is that of the cases whose trace contains the primitive, gradients and Hessian-vector products among them. All of them run on \`cpu\` and \`wasm\` in \`npm test\`, on \`webgpu\` also where Chromium brings a Vulkan driver that computes on the CPU (there to 2^-11 where sines are taken, of which it has few digits), and on \`webgpu\` and \`cuda\` where it finds a GPU; the columns of these two hold what is on record for GPUs. ${onGpus.map(describeRun).join(" ")} [The engine](engine.md#devices) says more of them.
`;

/** Which GPU the device's column speaks of, and how many of today's cases agreed there. */
function describeRun(device: Device): string {
  const run = runs[device];
  if (run === undefined) return `No run on \`${device}\` is on record yet.`;
  const { adapter, date, onnxruntime } = run;
  const count = countAgreed(device, allCases);
  return `On \`${device}\`, ${count} of ${allCases.length} agreed on ${adapter} (${date}, ONNX Runtime ${onnxruntime}).`;
}

function countAgreed(device: Device, cases: readonly Case[]): number {
  return cases.filter(({ name }) => runs[device]!.agreed.includes(name)).length;
}

async function reasonOf({ fn, args }: RefusedForm): Promise<string> {
  const failure = await toOnnx(fn, args.map(toArray)).catch((error: unknown) => error);
  if (failure instanceof UnsupportedPrimitiveError) return failure.reason;
  throw new Error("the form is not refused");
}

function casesByPrimitive(): ReadonlyMap<Primitive, readonly Case[]> {
  const found = new Map<Primitive, Case[]>();
  for (const entry of allCases) {
    for (const name of primitivesOf(entry)) found.set(name, [...(found.get(name) ?? []), entry]);
  }
  return found;
}

function verdict(device: Device, cases: readonly Case[]): string {
  if (everywhere.includes(device)) return "yes";
  if (runs[device] === undefined) return "not run";
  const count = countAgreed(device, cases);
  return count === cases.length ? "yes" : `${count} of ${cases.length}`;
}

function primitiveRows(): readonly string[] {
  const found = casesByPrimitive();
  return primitives.toSorted().flatMap((name) => {
    if (reasonAgainst(name) !== undefined) return [];
    const cases = found.get(name)!;
    const verdicts = devices.map((device) => verdict(device, cases));
    return `| \`${name}\` | ${cases.length} | ${verdicts.join(" | ")} |`;
  });
}

async function refusedRows(): Promise<readonly string[]> {
  const whole = primitives.toSorted().flatMap((name) => {
    const reason = reasonAgainst(name);
    return reason === undefined ? [] : `| \`${name}\` | any | ${reason} |`;
  });
  const forms = refusedForms.map(
    async (form) => `| \`${form.primitive}\` | ${form.form} | ${await reasonOf(form)} |`,
  );
  return [...whole, ...(await Promise.all(forms))];
}

it("docs/coverage.md is what the cases give", async () => {
  const page = [
    introduction,
    `| primitive | cases | ${devices.join(" | ")} |`,
    "|---|---|---|---|---|---|",
    ...primitiveRows(),
    "",
    "## Refused",
    "",
    "On every device, with an error that names the primitive, its operands and the reason, when the function is first called:",
    "",
    "| primitive | form | reason |",
    "|---|---|---|",
    ...(await refusedRows()),
    "",
  ].join("\n");
  await expect(page).toMatchFileSnapshot("../../../../docs/coverage.md");
});
