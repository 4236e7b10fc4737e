import { setImmediate } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { defaultDevice, init, numpy as np } from "@jax-js/jax";
import { beforeAll, describe, expect, it } from "vitest";
import { tensorOf } from "../../src/ort/array.js";
import { DeviceChooser } from "../../src/ort/devices/index.js";
import { EngineError, engineArray, jit } from "../../src/ort/index.js";
import type { OnnxGraph } from "../../src/ort/model.js";
import { platform } from "../../src/ort/platform/node.js";
import type { RuntimeSession } from "../../src/ort/platform/platform.js";

const native = platform.packages.cpu!;
const isThere = native.loadDirect !== undefined;
if (!isThere)
  console.warn("koffi is not installed or this is not Linux: sessions without copies are left out");

/** y = x + x of 4 numbers. */
const doubling: OnnxGraph = {
  nodes: [{ op: "Add", inputs: ["x", "x"], outputs: ["y"], attributes: {} }],
  inputs: [{ name: "x", type: "float32", dims: [4] }],
  outputs: [{ name: "y", type: "float32", dims: [4] }],
  initializers: [],
};
const x = () => tensorOf("float32", Float32Array.of(1, 2, 3, 4), [4]);

beforeAll(async () => {
  await init("wasm");
  defaultDevice("wasm");
});

describe.skipIf(!isThere)("sessions that compute into JavaScript's memory", () => {
  const open = async (graph: OnnxGraph): Promise<RuntimeSession> => (await native.loadDirect!())(graph, 1);

  it("are what a function on the cpu runs in, and info says so", async () => {
    const double = jit((v: np.Array) => v.mul(2));
    expect((await double(engineArray(Float32Array.of(3)))).item()).toBe(6);
    expect(double.info()).toMatchObject({ device: "cpu", results: "direct" });
  });

  it("take memory that is given back, once, and otherwise their own", async () => {
    const session = await open(doubling);
    const first = (await session.run({ x: x() })).y!;
    const second = (await session.run({ x: x() })).y!;
    expect(second.data).not.toBe(first.data);
    session.recycle!(first);
    session.recycle!(second); // one result needs no more than one place
    const third = (await session.run({ x: x() })).y!;
    expect(third.data).toBe(first.data);
    const fourth = (await session.run({ x: x() })).y!;
    expect([first.data, second.data]).not.toContain(fourth.data);
    expect([...third.data]).toEqual([2, 4, 6, 8]);
    await session.release();
  });

  it("compute where they are told to, in the place of an argument too", async () => {
    const session = await open(doubling);
    const [given, place] = [x(), x()];
    const elsewhere = (await session.runInto!({ x: given }, new Map([["y", place]]))).y!;
    expect(elsewhere.data).toBe(place.data);
    expect([...given.data, ...place.data]).toEqual([1, 2, 3, 4, 2, 4, 6, 8]);
    const inPlace = (await session.runInto!({ x: given }, new Map([["y", given]]))).y!;
    expect(inPlace.data).toBe(given.data);
    expect([...given.data]).toEqual([2, 4, 6, 8]);
    await session.release();
  });

  it("say what ONNX Runtime says when it fails", async () => {
    const unknown = { ...doubling, nodes: [{ ...doubling.nodes[0]!, op: "NoSuchOperator" }] };
    await expect(open(unknown)).rejects.toThrow(EngineError);
    await expect(open(unknown)).rejects.toThrow(/ONNX Runtime: .*NoSuchOperator/);
    const divide = jit((a: np.Array, b: np.Array) => np.floorDivide(a, b));
    const [one, zero] = [engineArray(Int32Array.of(1)), engineArray(Int32Array.of(0))];
    await expect(divide(one, zero)).rejects.toThrow(/ONNX Runtime: /);
    expect((await divide(one, one)).item()).toBe(1); // the failure left nothing behind
  });

  it("refuse to run once they are released", async () => {
    const session = await open(doubling);
    await session.release();
    await expect(session.run({ x: x() })).rejects.toThrow(/after it was released/);
    await session.release();
  });

  it("end when nobody refers to them", async () => {
    setFlagsFromString("--expose-gc");
    const collect = runInNewContext("gc") as () => void;
    const forgotten: WeakRef<RuntimeSession>[] = [];
    for (let i = 0; i < 3; i++) forgotten.push(new WeakRef(await open(doubling)));
    await setImmediate();
    collect();
    expect(forgotten.map((reference) => reference.deref())).toEqual([undefined, undefined, undefined]);
  });

  it("can be made and released many times", async () => {
    for (let i = 0; i < 200; i++) await (await open(doubling)).release();
  });
});

describe("where koffi is not there, or cannot do it", () => {
  const { loadDirect: _, ...copying } = native;
  const failing = { ...copying, loadDirect: () => Promise.reject(new Error("no binary for this platform")) };

  it.each([
    ["not there", copying],
    ["of no use", failing],
  ])("%s: the package's own sessions serve, and info would say so", async (_, cpu) => {
    const { backend } = new DeviceChooser({ ...platform, packages: { cpu } }).choose({});
    const session = await backend.open(doubling, 1);
    expect(backend.results).toBe("copied");
    expect([...(await session.run({ x: x() })).y!.data]).toEqual([2, 4, 6, 8]);
    session.recycle(x());
    await session.close();
  });
});
