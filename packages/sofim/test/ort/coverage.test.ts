import { defaultDevice, init } from "@jax-js/jax";
import { beforeAll, expect, it } from "vitest";
import { devices } from "../../src/ort/devices/device.js";
import { toOnnx, UnsupportedPrimitiveError } from "../../src/ort/index.js";
import { toArray } from "./cases/case.js";
import { families, primitives, primitivesOf, reasonAgainst, testedDevices } from "./cases/index.js";
import { type RefusedForm, refusedForms } from "./cases/refused.js";

beforeAll(async () => {
  await init("wasm");
  defaultDevice("wasm");
});

const introduction = `# Coverage

Made from the cases in \`packages/sofim/test/ort/cases/\` by \`npm run docs:coverage\`; a test compares the two.

Each case is a function that both jax-js and the engine run; shapes, types and elements must be equal (to 1e-5 of the largest element unless the case says why not). The number is that of the cases whose trace contains the primitive, gradients and Hessian-vector products among them. All of them run on \`cpu\` and \`wasm\` in \`npm test\`. On \`webgpu\` and \`cuda\` the cases are not run by it: nobody has run them on a GPU yet ([the engine](engine.md#devices) says what is known).
`;

async function reasonOf({ fn, args }: RefusedForm): Promise<string> {
  const failure = await toOnnx(fn, args.map(toArray)).catch((error: unknown) => error);
  if (failure instanceof UnsupportedPrimitiveError) return failure.reason;
  throw new Error("the form is not refused");
}

function countCases(): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const entry of Object.values(families).flat()) {
    for (const name of primitivesOf(entry)) counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return counts;
}

function primitiveRows(): readonly string[] {
  const counts = countCases();
  return primitives.toSorted().flatMap((name) => {
    if (reasonAgainst(name) !== undefined) return [];
    const places = devices.map((device) => (testedDevices.includes(device) ? "yes" : "not run"));
    return `| \`${name}\` | ${counts.get(name)} | ${places.join(" | ")} |`;
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
