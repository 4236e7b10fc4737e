import { defaultDevice, init, type JsTree, numpy as np, tree } from "@jax-js/jax";
import { beforeAll, describe, expect, it } from "vitest";
import type { Target } from "../../src/ort/graph.js";
import { type EngineArray, engineArray, jit } from "../../src/ort/index.js";
import { typeOf } from "../../src/ort/leaf.js";
import type { OnnxNode } from "../../src/ort/model.js";
import { type Traceable, trace } from "../../src/ort/trace.js";

type Pair = (x: np.Array, flag: np.Array) => JsTree<np.Array>;

beforeAll(async () => {
  await init("wasm");
  defaultDevice("wasm");
});

const shape = [40, 50];
const data = Float32Array.from({ length: 2000 }, (_, i) => Math.sin(i));

/** The operators outside of branches, those of every `If` in its place. */
function outline(nodes: readonly OnnxNode[]): unknown[] {
  return nodes.map(({ op, attributes }) =>
    op === "If"
      ? [attributes.then_branch, attributes.else_branch].map((side) =>
          side?.kind === "graph" ? outline(side.value.nodes) : undefined,
        )
      : op,
  );
}

async function lowered(fn: Pair, size = shape, target: Target = "cpu") {
  const args = [np.zeros(size), np.array(true)];
  const { graph } = await trace(fn as Traceable, args.map(typeOf), { returns: "all", target });
  return outline(graph.nodes);
}

/** What the engine makes of it must be what jax-js does, whichever side is taken. */
async function expectSame(fn: Pair, values = data): Promise<void> {
  const compiled = jit(fn, { threads: 1 });
  for (const flag of [true, false]) {
    const expected = tree.leaves(fn(np.array(values.slice(), { shape }), np.array(flag)));
    const actual = tree.leaves<EngineArray>(await compiled(engineArray(values, shape), flag));
    expect(actual.length).toBe(expected.length);
    for (const [i, leaf] of actual.entries())
      expect(Array.from(leaf.dataSync())).toEqual(Array.from(await expected[i]!.data()));
  }
  await compiled.dispose();
}

describe("a selection by one number", () => {
  it("computes the side that it takes", async () => {
    const fn: Pair = (x, flag) => np.where(flag, np.floor(x.ref), x.mul(2).add(1));
    expect(await lowered(fn)).toEqual([[["Floor"], ["Mul", "Add"]]]);
    await expectSame(fn);
  });

  it("keeps outside what both sides, or others, use", async () => {
    const fn: Pair = (x, flag) => {
      const [shared, seen] = [np.floor(x.ref), np.ceil(x)];
      return [np.where(flag, shared.ref.mul(2), shared.mul(seen.ref)), seen];
    };
    expect(await lowered(fn)).toEqual(["Floor", "Ceil", [["Mul"], ["Mul"]]]);
    await expectSame(fn);
  });

  it("is one for all selections by the same number", async () => {
    const fn: Pair = (x, flag) => {
      const ceiling = np.ceil(x.ref);
      return [
        np.where(flag.ref, x.ref.mul(2), x.ref.mul(ceiling.ref)),
        np.where(flag, np.floor(x.ref), x.add(ceiling)),
      ];
    };
    expect(await lowered(fn)).toEqual([
      [
        ["Mul", "Floor"],
        ["Ceil", "Mul", "Add"],
      ],
    ]);
    await expectSame(fn);
  });

  it("selects what is there already, and the same twice", async () => {
    const fn: Pair = (x, flag) => [
      np.where(flag.ref, x.ref, np.floor(x.ref)),
      np.where(flag, x.ref, np.floor(x)),
    ];
    expect(await lowered(fn)).toEqual([[["Identity"], ["Floor"]], "Identity"]);
    await expectSame(fn);
  });

  it("may depend on another by the same number, and lie within one by another", async () => {
    const chained: Pair = (x, flag) => {
      const first = np.where(flag.ref, np.floor(x.ref), x.mul(2));
      return np.where(flag, first.ref.mul(3), np.ceil(first));
    };
    await expectSame(chained);
    const nested: Pair = (x, flag) => {
      const inner = np.where(np.max(x.ref).greater(0.5), np.ceil(x.ref), x.ref.mul(3));
      return np.where(flag, inner, np.floor(x));
    };
    expect(JSON.stringify(await lowered(nested))).toMatch(
      /\[\[.*\[\["Ceil"\],\["Mul"\]\]\],\["Floor"\]\]\]$/,
    );
    await expectSame(nested);
    await expectSame(
      nested,
      data.map((x) => x / 4),
    );
  });

  it("hides what the other side would have been", async () => {
    const withNaN = data.map((x, i) => (i === 7 ? Number.NaN : x));
    await expectSame(
      (x, flag) => np.where(flag, np.sum(x.ref).mul(np.ones(shape)), np.ones(shape).mul(2)),
      withNaN,
    );
  });

  it("stays as it is for little work, for part of a value, by many numbers and on a GPU", async () => {
    const fn: Pair = (x, flag) => np.where(flag, np.floor(x.ref), x.mul(2));
    expect(await lowered(fn, [8])).toEqual(["Floor", "Mul", "Where"]);
    expect(await lowered(fn, shape, "gpu")).toEqual(["Floor", "Mul", "Where"]);
    const stretched: Pair = (x, flag) => np.where(flag, np.floor(x), 0);
    expect(await lowered(stretched)).toEqual(["Floor", "Where"]);
    const elementwise: Pair = (x, flag) =>
      np.where(x.ref.greater(0.5), np.floor(x.ref), np.where(flag, x, 0).mul(2));
    expect(await lowered(elementwise)).toContain("Where");
    await expectSame(elementwise);
  });
});
