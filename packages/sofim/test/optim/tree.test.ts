import { numpy as np } from "@jax-js/jax";
import { beforeAll, describe, expect, it } from "vitest";
import { type ArrayTree, formatPath, TreeMismatchError } from "../../src/optim/index.js";
import { checkSameTree, leafPaths } from "../../src/optim/tree.js";
import { startJax } from "./jax.js";

beforeAll(startJax);

describe("paths", () => {
  it("print as code", () => {
    expect(formatPath(["conv1", "weight"])).toBe("conv1.weight");
    expect(formatPath(["layers", 0, "w"])).toBe("layers[0].w");
    expect(formatPath([1, 0])).toBe("[1][0]");
    expect(formatPath([])).toBe("");
  });

  it("stand in the order of the leaves", () => {
    const x = np.zeros([1]);
    expect(leafPaths({ b: x, a: [x, { c: x }], none: [] })).toEqual([["b"], ["a", 0], ["a", 1, "c"]]);
    expect(leafPaths(x)).toEqual([[]]);
  });
});

describe("checkSameTree", () => {
  const x = (shape: number[] = [2]) => np.zeros(shape, { dtype: np.float32 });
  const cases: [ArrayTree, ArrayTree, string][] = [
    [{ a: [x([3])] }, { a: [x()] }, "g differ from p at a[0]: shape [3] vs [2]"],
    [x([]), x(), "g differ from p at the root: shape [] vs [2]"],
    [{ a: x() }, { a: x(), b: x() }, "g differ from p at b: missing"],
    [{ a: x(), b: x() }, { a: x() }, "g differ from p at b: unexpected"],
    [[x()], [x(), x()], "g differ from p at [1]: missing"],
    [{ b: x(), a: x() }, { a: x(), b: x() }, "g differ from p at the root: keys in the order b, a vs a, b"],
    [{ a: x() }, { a: [x()] }, "g differ from p at a: an array vs a list of 1"],
    [{ a: { w: x() } }, { a: x() }, "g differ from p at a: an object with keys w vs an array"],
    [{ a: undefined as never }, { a: x() }, "g differ from p at a: undefined vs an array"],
    [
      { a: np.zeros([2], { dtype: np.float64 }) },
      { a: x() },
      "g differ from p at a: dtype float64 vs float32",
    ],
  ];
  it.each(cases)("case %#", (given, reference, message) => {
    const run = () => checkSameTree("g", given, "p", reference);
    expect(run).toThrow(TreeMismatchError);
    expect(run).toThrow(message);
  });

  it("accepts trees that match", () => {
    expect(() => checkSameTree("g", { a: [x(), {}] }, "p", { a: [x(), {}] })).not.toThrow();
  });
});
