import { fileURLToPath } from "node:url";
import { rolldown } from "rolldown";
import { describe, expect, it } from "vitest";

/** Bundles a program that uses the built package, TensorFlow.js and jax-js left outside. */
async function bundle(program: string) {
  const input = fileURLToPath(new URL("program.js", import.meta.url));
  const build = await rolldown({
    input,
    external: [/^@tensorflow\//, /^@jax-js\//],
    logLevel: "silent",
    plugins: [
      {
        name: "program",
        resolveId: (id) => (id === input ? id : null),
        load: (id) => (id === input ? program : null),
      },
    ],
  });
  const { output } = await build.generate({ format: "esm" });
  await build.close();
  return { code: output[0].code, imports: output[0].imports };
}

describe("a bundle", () => {
  it("of a program that imports the optimizer registers it and imports nothing but TensorFlow.js", async () => {
    const { code, imports } = await bundle(
      'import { SofimOptimizer } from "sofim/tfjs"; console.log(new SofimOptimizer());',
    );
    expect(imports).toEqual(["@tensorflow/tfjs-core"]);
    expect(code).toMatch(/registerClass\(SofimOptimizer\)/);
  });

  it("of a program that only loads saved models registers it too", async () => {
    const { code } = await bundle('import "sofim/tfjs";');
    expect(code).toMatch(/registerClass\(SofimOptimizer\)/);
  });

  it.each([
    ["sofim/core", "Sofim"],
    ["sofim", "sofim"],
  ])("of a program that imports %s has no trace of TensorFlow.js", async (entry, name) => {
    const { code, imports } = await bundle(`import { ${name} } from "${entry}"; console.log(${name});`);
    expect(imports).not.toContain("@tensorflow/tfjs-core");
    expect(code).not.toMatch(/tensorflow|registerClass/i);
  });
});
