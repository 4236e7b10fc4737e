import { defaultDevice, grad, init, lax, numpy as np, tree } from "@jax-js/jax";
import { beforeAll, describe, expect, it } from "vitest";
import { adamw, applyUpdates, type OptState, sgd, sofim } from "../../src/optim/index.js";
import { GraphBuilder, int, ints } from "../../src/ort/graph.js";
import { overwrites } from "../../src/ort/in-place.js";
import { type EngineArray, EngineError, engineArray, jit } from "../../src/ort/index.js";
import { platform } from "../../src/ort/platform/node.js";

// Elsewhere results are copied, and nothing is overwritten.
const isDirect = platform.packages.cpu!.loadDirect !== undefined;

const dims = [4, 6];

/** Graphs of float32 matrices, and which of `x` and `y` their result may overwrite. */
class Sketch {
  readonly graph = new GraphBuilder();
  readonly x = this.input();
  readonly y = this.input();
  readonly whole = this.graph.input("int32", dims);

  input(shape = dims): string {
    return this.graph.input("float32", shape);
  }

  node(op: string, inputs: readonly string[], shape = dims, attributes = {}): string {
    return this.graph.emit(op, inputs, "float32", shape, attributes);
  }

  /** The elements of a matrix in the order of its transpose's shape, back in its own. */
  reshaped(name: string): string {
    const turned = this.node("Transpose", [name], dims.toReversed(), { perm: ints([1, 0]) });
    return this.node("Reshape", [turned, this.graph.list(dims)]);
  }

  places(...outputs: string[]): Record<string, string> {
    return Object.fromEntries(overwrites(this.graph.finish(outputs), new Set([this.x, this.y])));
  }
}

describe("a result takes the place of an argument", () => {
  it.each(["Add", "Sub"])("that is its own operand, of %s", (op) => {
    const sketch = new Sketch();
    const other = sketch.input();
    const result = sketch.node(op, [other, sketch.y]);
    expect(sketch.places(result)).toEqual({ [result]: sketch.y });
  });

  it("that a matrix product is added to", () => {
    const sketch = new Sketch();
    const sum = sketch.node("Gemm", [sketch.input([4, 3]), sketch.input([3, 6]), sketch.y], dims);
    expect(sketch.places(sum)).toEqual({ [sum]: sketch.y });
  });

  it("that makes it up in the operation before", () => {
    const sketch = new Sketch();
    const kept = sketch.node("Mul", [sketch.y, sketch.graph.scalar("float32", 0.9)]);
    const result = sketch.node("Add", [kept, sketch.input()]);
    expect(sketch.places(result)).toEqual({ [result]: sketch.y });
  });

  it("that nothing reads, where there is no better one; each argument once", () => {
    const sketch = new Sketch();
    const first = sketch.node("Add", [sketch.input(), sketch.input()]);
    const second = sketch.node("Sub", [sketch.x, sketch.input()]);
    const third = sketch.node("Sub", [sketch.input(), sketch.input()]);
    expect(sketch.places(first, second, third)).toEqual({ [first]: sketch.y, [second]: sketch.x });
  });

  it("that the result waits for all other uses of, two solid operators away", () => {
    const sketch = new Sketch();
    const product = sketch.node("Gemm", [sketch.y, sketch.input([6, 6])]);
    const norm = sketch.node("ReduceSumSquare", [product], [], { keepdims: int(0) });
    const result = sketch.node("Add", [sketch.y, sketch.node("Mul", [sketch.input(), norm])]);
    expect(sketch.places(result)).toMatchObject({ [result]: sketch.y });
  });
});

describe("a result leaves an argument alone", () => {
  /** Whether the result may overwrite y, of which `draw` makes it and perhaps other outputs. */
  const takesPlace = (draw: (sketch: Sketch) => readonly string[]): boolean => {
    const sketch = new Sketch();
    const outputs = draw(sketch);
    return overwrites(sketch.graph.finish(outputs), new Set([sketch.y])).has(outputs[0]!);
  };
  const weights = [6, 6];

  it.each<[string, (sketch: Sketch) => readonly string[]]>([
    ["that something reads, perhaps later", (s) => [s.node("Add", [s.x, s.y]), s.node("Sqrt", [s.y])]],
    [
      "whose transpose something reads, perhaps later",
      (s) => {
        const turned = s.node("Transpose", [s.y], dims.toReversed(), { perm: ints([1, 0]) });
        const product = s.node("Gemm", [s.input([4, 4]), s.node("Gemm", [turned, s.input([4, 4])], [6, 4])]);
        return [s.node("Add", [product, s.y]), s.node("Sqrt", [turned], dims.toReversed())];
      },
    ],
    [
      "that ONNX Runtime may read later than the graph has it, in an operator fused with its readers",
      (s) => {
        const norm = (name: string) => s.node("ReduceSum", [name], [], { keepdims: int(0) });
        const scaled = s.node("Mul", [s.node("Mul", [s.y, s.graph.scalar("float32", 3)]), s.input([])]);
        const result = s.node("Add", [s.y, norm(s.node("Max", [scaled, s.x]))]);
        return [result, s.node("MatMul", [scaled, s.input(weights)])];
      },
    ],
    ["that one solid operator parts from it", (s) => [s.node("Add", [s.node("Max", [s.y, s.x]), s.y])]],
    ["that it is a multiple of", (s) => [s.node("Mul", [s.y, s.input([])])]],
    [
      "that the result is a product of, and added to it",
      (s) => [s.node("Add", [s.node("MatMul", [s.y, s.input(weights)]), s.y])],
    ],
    ["that is multiplied", (s) => [s.node("Gemm", [s.y, s.input(weights), s.x])]],
    ["that is multiplied and added", (s) => [s.node("Gemm", [s.y, s.input(weights), s.y])]],
    ["whose elements it needs in another order", (s) => [s.node("Add", [s.reshaped(s.y), s.x])]],
    ["of which an element needs many", (s) => [s.node("Softmax", [s.y], dims, { axis: int(1) })]],
    ["of another shape", (s) => [s.node("Add", [s.y, s.input([2, ...dims])], [2, ...dims])]],
    ["of another type", (s) => [s.graph.emit("Add", [s.whole, s.whole], "int32", dims)]],
  ])("%s", (_, draw) => {
    expect(takesPlace(draw)).toBe(false);
  });

  it("that is not given", () => {
    const sketch = new Sketch();
    const result = sketch.node("Add", [sketch.input(), sketch.input()]);
    expect([...overwrites(sketch.graph.finish([result]), new Set())]).toEqual([]);
  });
});

describe("a step whose state is donated", () => {
  beforeAll(async () => {
    await init("wasm");
    defaultDevice("wasm");
  });

  type Params = { w1: np.Array; b1: np.Array; w2: np.Array; b2: np.Array };
  const start = (): Params => ({ w1: ramp([5, 8]), b1: ramp([8]), w2: ramp([8, 3]), b2: ramp([3]) });
  const ramp = (shape: readonly number[]) => {
    const size = shape.reduce((a, b) => a * b);
    return np
      .array(Float32Array.from({ length: size }, (_, i) => Math.sin(3 * i + size)))
      .reshape([...shape]);
  };
  const loss = ({ w1, b1, w2, b2 }: Params, x: np.Array) => {
    const hidden = np.maximum(np.matmul(x, w1).add(b1), 0);
    return np.mean(np.square(np.matmul(hidden, w2).add(b2)));
  };

  it.each([
    ["sofim", sofim({ learningRate: 0.1 })],
    ["sgd", sgd({ learningRate: 0.1, momentum: 0.9, nesterov: true })],
    ["adamw", adamw({ learningRate: 0.1, weightDecay: 0.01 })],
  ])("of %s goes the same way to the last bit", async (_, optimizer) => {
    const step = (params: Params, state: OptState, x: np.Array): [Params, OptState] => {
      const [updates, next] = optimizer.update(grad(loss)(tree.ref(params), x), state, tree.ref(params));
      return [applyUpdates(params, updates), next];
    };
    const follow = async (donate: readonly number[]) => {
      const compiled = jit(step, { donate, threads: 1 });
      const initial = start();
      let [params, state] = await compiled(initial, optimizer.init(tree.ref(initial)), ramp([7, 5]));
      for (let i = 0; i < 6; i++) [params, state] = await compiled(params, state, ramp([7, 5]));
      await compiled.dispose();
      return (tree.leaves([params, state]) as unknown as EngineArray[]).map((leaf) => leaf.dataSync());
    };
    expect(await follow([0, 1])).toEqual(await follow([]));
  });

  /** Functions whose operators ONNX Runtime melts together, so that it reads x elsewhere than the graph does. */
  const melted: Record<string, (x: np.Array, w: np.Array) => np.Array | [np.Array, np.Array]> = {
    "scales around a product": (x, w) => np.matmul(x.mul(3), w).mul(0.3).mul(0.2),
    "scales around a product, added to it": (x, w) => x.ref.add(np.matmul(x.mul(3), w).mul(0.3)),
    "scales of a product that comes after": (x, w) => {
      const scaled = x.ref.mul(3).mul(0.7);
      const next = x.add(np.matmul(scaled.ref, w));
      return [next.ref, np.matmul(scaled, next)];
    },
    "scales of a product that waits for a norm": (x, w) => {
      const scaled = x.ref.mul(3).mul(0.7);
      const next = x.sub(np.sum(np.square(scaled.ref)));
      return [next.ref, np.matmul(scaled, w.add(next))];
    },
    "the parts of a Gelu": (x) => x.ref.mul(lax.erf(x.div(Math.SQRT2)).add(1)).mul(0.5),
    "a product and what is added to it": (x, w) => np.matmul(x.ref, w).add(x),
    transpositions: (x, w) => {
      const turned = np.matrixTranspose(x.ref);
      const next = x.add(np.sum(np.matmul(turned.ref, w)));
      return [next.ref, np.matmul(next, turned)];
    },
  };

  it.each(Object.entries(melted))("goes the same way through %s", async (_, fn) => {
    // Large enough for a kernel to write while it still reads.
    for (const shape of [[64, 64], [3, 64, 64], []]) {
      if (shape.length === 0 && fn !== melted["the parts of a Gelu"]) continue;
      const size = shape.reduce((a, b) => a * b, 1);
      const [x, w] = [3, 7].map((k) => Float32Array.from({ length: size }, (_, i) => Math.sin(k * i + 1)));
      const follow = async (donate: readonly number[]) => {
        const compiled = jit(fn, { donate, threads: 1 });
        const memory = jit((a: np.Array) => a.mul(2), { threads: 1 });
        const given = await memory(
          engineArray(
            x!.map((value) => value / 2),
            shape,
          ),
        );
        const results = tree.leaves(await compiled(given, engineArray(w!, shape))) as EngineArray[];
        return results.map((result) => Array.from(result.dataSync()));
      };
      expect(await follow([0])).toEqual(await follow([]));
    }
  });

  /** A result, which is the engine's own memory. */
  const result = async (...values: number[]) =>
    jit((x: np.Array) => x.mul(2))(engineArray(Float32Array.from(values, (x) => x / 2)));

  it("does not overwrite an array that it was given twice", async () => {
    const both = jit((x: np.Array, y: np.Array): [np.Array, np.Array] => [x.add(1), np.exp(y)], {
      donate: [0],
    });
    const x = await result(0, 0);
    const [plus, exponential] = await both(x, x);
    expect([...plus.dataSync(), ...exponential.dataSync()]).toEqual([1, 1, 1, 1]);
  });

  it.skipIf(!isDirect)("that fails may have overwritten it", async () => {
    const half = jit((x: np.Array, a: np.Array, b: np.Array) => [x.add(1), np.floorDivide(a, b)] as const, {
      donate: [0, 1],
    });
    const [x, a] = [await result(1, 2), engineArray(Int32Array.of(1))];
    await expect(half(x, a, engineArray(Int32Array.of(0)))).rejects.toThrow();
    expect(() => x.dataSync()).toThrow(EngineError);
    expect(a.item()).toBe(1);
  });
});
