import { setImmediate } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { defaultDevice, grad, init, numpy as np, tree, valueAndGrad } from "@jax-js/jax";
import { InferenceSession, Tensor } from "onnxruntime-node";
import { beforeAll, describe, expect, it } from "vitest";
import { InvalidArgumentError } from "../../src/core/index.js";
import {
  type EngineArray,
  EngineError,
  engineArray,
  type JitOptions,
  jit,
  toOnnx,
} from "../../src/ort/index.js";

beforeAll(async () => {
  await init("wasm");
  defaultDevice("wasm");
});

const vector = (...values: number[]) => engineArray(Float32Array.from(values));

describe("jit", () => {
  it("keeps the trees of arguments and results", async () => {
    const swap = jit(({ a, b }: { a: np.Array; b: [np.Array, np.Array] }) => ({
      first: b[0].add(a.ref),
      rest: [a, b[1]],
    }));
    const result = await swap({ a: vector(1, 2), b: [vector(10, 20), np.array([5])] });
    expect([...result.first.dataSync()]).toEqual([11, 22]);
    expect(result.rest.map((array) => [...array.dataSync()])).toEqual([[1, 2], [5]]);
  });

  it("compiles once per combination of shapes and types", async () => {
    let traces = 0;
    const double = jit((x: np.Array) => {
      traces++;
      return x.mul(2);
    });
    for (const x of [vector(1, 2), vector(3, 4), np.array([5, 6])]) await double(x);
    expect([traces, double.info().compilations]).toEqual([1, 1]);
    await double(vector(1, 2, 3));
    await double(engineArray(Int32Array.of(1, 2)));
    expect([traces, double.info().compilations]).toEqual([3, 3]);
  });

  it("lets go of what was traced, also of a gradient, and after an error", async () => {
    const seen: WeakRef<np.Array>[] = [];
    const watch = (x: np.Array) => {
      seen.push(new WeakRef(x));
      return x;
    };
    const gradient = grad((x: np.Array) => np.sum(np.square(x)));
    const slope = jit((x: np.Array) => gradient(watch(x)));
    const failing = jit((x: np.Array) => {
      gradient(watch(x));
      throw new Error("on purpose");
    });
    await (await slope(vector(1, 2))).data();
    await expect(failing(vector(1, 2))).rejects.toThrow("on purpose");
    await slope.dispose();
    setFlagsFromString("--expose-gc");
    const collect = runInNewContext("gc") as () => void;
    // What a promise chain holds is free a turn later.
    await setImmediate();
    collect();
    expect(seen.map((reference) => reference.deref())).toEqual([undefined, undefined]);
  });

  it("compiles once for calls made at the same time", async () => {
    const double = jit((x: np.Array) => x.mul(2));
    const results = await Promise.all([double(vector(1)), double(vector(2)), double(vector(3))]);
    expect(results.map((array) => array.item())).toEqual([2, 4, 6]);
    expect(double.info().compilations).toBe(1);
  });

  it("takes numbers and booleans without compiling for each value", async () => {
    const scale = jit((x: np.Array, factor: np.Array, negate: np.Array) =>
      np.where(negate, np.negative(x.ref.mul(factor.ref)), x.mul(factor)),
    );
    expect((await scale(vector(3), 2, true)).item()).toBe(-6);
    expect((await scale(vector(3), 5, false)).item()).toBe(15);
    expect(scale.info().compilations).toBe(1);
  });

  it("leaves engine arrays as they were and consumes jax-js arrays", async () => {
    const step = jit((x: np.Array) => x.add(1));
    const x = vector(1);
    const y = await step(x);
    await step(x);
    expect([x.item(), y.item()]).toEqual([1, 2]);
    const consumed = np.array([1]);
    await step(consumed);
    expect(() => consumed.add(1)).toThrow();
  });

  it("returns arguments that come through unchanged as they are", async () => {
    const rotate = jit((x: np.Array, [first, second]: [np.Array, np.Array]) => ({
      window: [x, first],
      product: second.mul(2),
    }));
    const old = engineArray(Float32Array.of(1, 2));
    const { window, product } = await rotate(np.array([3, 4]), [old, np.array([5, 6])]);
    expect(window[1]).toBe(old);
    expect(Array.from(window[0]!.dataSync())).toEqual([3, 4]);
    expect(Array.from(product.dataSync())).toEqual([10, 12]);
    await rotate.dispose();

    const swap = jit((x: np.Array, y: np.Array) => [y, x]);
    const [a, b] = await swap(old, np.array([7]));
    expect([a!.dataSync(), b!.dataSync()].map((data) => Array.from(data))).toEqual([[7], [1, 2]]);
    await swap.dispose();
  });

  it("carries a state through many steps", async () => {
    const loss = (w: np.Array) => np.sum(np.square(w.sub(3)));
    const descend = jit((w: np.Array): [np.Array, np.Array] => {
      const [value, gradient] = valueAndGrad(loss)(w.ref);
      return [value, w.sub(gradient.mul(0.1))];
    });
    let [value, w] = await descend(vector(0, 10));
    for (let i = 0; i < 60; i++) [value, w] = await descend(w);
    expect(value.item()).toBeLessThan(1e-9);
    expect(descend.info().compilations).toBe(1);
  });

  it("captures constants and tells them from arguments", async () => {
    const offset = np.array([10, 20]);
    const shift = jit((x: np.Array) => x.add(offset.ref));
    expect([...(await shift(vector(1, 2))).dataSync()]).toEqual([11, 22]);
    expect([...(await shift(vector(3, 4))).dataSync()]).toEqual([13, 24]);
    await shift.dispose();
    offset.dispose();
  });

  it("gives the same numbers for the same inputs, to the last bit", async () => {
    const f = jit(
      grad((w: np.Array) => np.sum(np.tanh(np.matmul(w.ref, w)))),
      { threads: 2 },
    );
    const w = engineArray(
      Float32Array.from({ length: 64 * 64 }, (_, i) => Math.sin(i)),
      [64, 64],
    );
    const [first, second] = [await f(w), await f(w)];
    expect(first.dataSync()).toEqual(second.dataSync());
  });

  it("reports where it runs and what compiling cost", async () => {
    const f = jit((x: np.Array) => x.add(1), { threads: 2 });
    expect(f.info()).toMatchObject({
      device: "cpu",
      provider: "CPUExecutionProvider",
      threads: 2,
      compilations: 0,
    });
    await f(vector(1));
    const info = f.info();
    expect(info.compilations).toBe(1);
    for (const seconds of [info.traceSeconds, info.lowerSeconds, info.sessionSeconds]) {
      expect(seconds).toBeGreaterThan(0);
    }
  });

  it("lets timers through between calls", async () => {
    const f = jit((x: np.Array) => x.add(1));
    let x = await f(vector(0));
    let ticks = 0;
    const timer = setInterval(() => ticks++, 1);
    for (let i = 0; i < 200; i++) x = await f(x);
    const start = performance.now();
    while (performance.now() - start < 20) x = await f(x);
    clearInterval(timer);
    expect(ticks).toBeGreaterThan(0);
  });

  it("frees what tracing allocated", async () => {
    const leak = jit((x: np.Array) => np.sum(x.mul(np.array([1, 2]))));
    const x = np.array([3, 4]);
    await leak(x.ref);
    expect(x.refCount).toBe(1);
    x.dispose();
  });
});

describe("jit refuses", () => {
  it.each([
    [{ threads: 0 }, /threads: got 0/],
    [{ threads: 1.5 }, /threads: got 1.5/],
    [{ threds: 1 }, /threds: got 1, want one of the options device, threads, donate/],
    ["cpu", /options: got "cpu", want an object of device, threads, donate/],
    [{ threads: Number.NaN }, /threads: got NaN/],
    [{ device: "tpu" as "cpu" }, /device: got "tpu", want one of "cpu", "wasm", "webgpu", "cuda"/],
  ])("options %o", (options, message) => {
    expect(() => jit((x: np.Array) => x, options as JitOptions)).toThrow(message);
  });

  it("leaves that are no arrays", async () => {
    const f = jit((x: np.Array) => x.add(1));
    await expect(f("one" as unknown as EngineArray)).rejects.toThrow(/leaf 0 of the arguments: got "one"/);
    await expect(f(undefined as unknown as EngineArray)).rejects.toThrow(InvalidArgumentError);
  });

  it("what is no function", () => {
    expect(() => jit(undefined as unknown as () => np.Array)).toThrow(/fn: got undefined, want a function/);
  });

  it.each<[string, () => unknown]>([
    ["undefined", () => undefined],
    ["null", () => [np.zeros([1]), null]],
    ["an instance of Promise", async () => np.zeros([1])],
    ['"text"', () => ({ text: "text" })],
    ["an instance of EngineArray", () => vector(1)],
  ])("functions that return %s", async (got, fn) => {
    const failure = await jit(fn as () => np.Array)().catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(InvalidArgumentError);
    expect((failure as Error).message).toMatch(
      /leaf [01] of the function's result: got .*, want a jax-js array/,
    );
    expect((failure as Error).message).toContain(`got ${got}`);
  });

  it.each([[[]], [{}]])("functions that return nothing: %j", async (nothing) => {
    const fn = () => nothing as unknown as np.Array;
    await expect(jit(fn)()).rejects.toThrow(/the function's result: got .*, want at least one array/);
    await expect(toOnnx(fn, [])).rejects.toThrow(InvalidArgumentError);
  });

  it("arguments that jax-js is tracing", async () => {
    const inner = jit((x: np.Array) => x.mul(2));
    const calls: Promise<EngineArray>[] = [];
    const outer = jit((x: np.Array) => {
      calls.push(inner(x.ref));
      return x.add(1);
    });
    const outcome = outer(vector(1));
    await expect(calls[0]).rejects.toThrow(/still being traced.*outside of grad/);
    expect((await outcome).item()).toBe(2);
  });

  it("EngineArrays that are no arguments, and says what to do", async () => {
    const outside = vector(1, 2);
    const f = jit((x: np.Array) => x.mul(outside as unknown as np.Array));
    await expect(f(vector(3, 4))).rejects.toThrow(EngineError);
    await expect(f(vector(3, 4))).rejects.toThrow(
      /EngineArray:float32\[2\]: pass it as an argument, or .*toJax/,
    );
  });

  it("float16 arguments", async () => {
    const half = np.zeros([2], { dtype: np.float16 });
    await expect(toOnnx((x: np.Array) => x, [half])).rejects.toThrow(/float16 arrays.*float16\[2\]; cast/);
    half.dispose();
  });

  it("calls after dispose", async () => {
    const f = jit((x: np.Array) => x.add(1));
    const y = await f(vector(1));
    await f.dispose();
    await expect(f(vector(1))).rejects.toThrow(EngineError);
    expect(y.item()).toBe(2);
  });

  it("a failing function, and tries it again on the next call", async () => {
    let failures = 1;
    const f = jit((x: np.Array) => {
      if (failures-- > 0) throw new Error("not yet");
      return x.add(1);
    });
    await expect(f(vector(1))).rejects.toThrow("not yet");
    expect((await f(vector(1))).item()).toBe(2);
  });
});

describe("EngineArray", () => {
  it.each<[unknown, string]>([
    [[0.5, 1.5], "an array of length 2"],
    [Uint8Array.of(1, 2), "a Uint8Array of length 2"],
    [undefined, "undefined"],
  ])("refuses to be made of %o", (data, got) => {
    const wanted = "a Float32Array, Float64Array, Int32Array or Uint32Array";
    expect(() => engineArray(data as Float32Array)).toThrow(`data: got ${got}, want ${wanted}`);
  });

  it("checks the shape it is given", () => {
    expect(() => engineArray(new Float32Array(6), [2, 2])).toThrow(/shape: got "?\[2,2\]"?, want .* 6/);
    expect(() => engineArray(new Float32Array(2), [-1, -2])).toThrow(InvalidArgumentError);
    expect(() => engineArray(new Float32Array(2), 2 as unknown as number[])).toThrow(/shape: got/);
    expect(engineArray(new Float32Array(6), [2, 3]).shape).toEqual([2, 3]);
  });

  it("has a shape that nobody can change", async () => {
    const shape = [2];
    const x = engineArray(Float32Array.of(1, 2), shape);
    shape[0] = 3;
    const y = await jit((v: np.Array) => v.mul(2))(x);
    for (const array of [x, y]) {
      expect(array.shape).toEqual([2]);
      expect(() => Object.assign(array.shape, [3])).toThrow(TypeError);
    }
  });

  it("has item() for single elements only", () => {
    expect(engineArray(Int32Array.of(7), []).item()).toBe(7);
    expect(() => vector(1, 2).item()).toThrow(/shape \[2\]/);
  });

  it("goes to jax-js and back", async () => {
    const back = vector(1, 2).toJax();
    expect(await back.ref.jsAsync()).toEqual([1, 2]);
    const negative = await jit((x: np.Array) => np.less(x, 0))(vector(-1, 1));
    expect(negative.dtype).toBe("bool");
    expect([...negative.dataSync()]).toEqual([1, 0]);
    expect(await negative.toJax().jsAsync()).toEqual([true, false]);
    back.dispose();
  });

  it("is left alone by tree.ref and tree.dispose", () => {
    const x = vector(1);
    tree.dispose(tree.ref({ x }));
    expect(x.item()).toBe(1);
  });
});

describe("toOnnx", () => {
  it("writes a model that plain ONNX Runtime runs", async () => {
    const model = (p: { w: np.Array; b: np.Array }, x: np.Array) => np.tanh(np.dot(x, p.w).add(p.b));
    const w = engineArray(Float32Array.of(1, 2, 3, 4), [2, 2]);
    const bytes = await toOnnx(model, [
      { w, b: vector(0.5, -0.5) },
      engineArray(new Float32Array(2), [1, 2]),
    ]);
    const session = await InferenceSession.create(bytes);
    const tensors = [
      new Tensor("float32", [1, 2, 3, 4], [2, 2]),
      new Tensor("float32", [0.5, -0.5], [2]),
      new Tensor("float32", [0.1, 0.2], [1, 2]),
    ];
    const feeds = Object.fromEntries(session.inputNames.map((name, i) => [name, tensors[i]!]));
    const output = (await session.run(feeds))[session.outputNames[0]!]!;
    const expected = [0.1 + 0.6 + 0.5, 0.2 + 0.8 - 0.5].map(Math.tanh);
    expected.forEach((value, i) => {
      expect(output.data[i]).toBeCloseTo(value, 6);
    });
    await session.release();
  });
});
