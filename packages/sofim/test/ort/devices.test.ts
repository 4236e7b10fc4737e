import { numpy as np } from "@jax-js/jax";
import { describe, expect, it } from "vitest";
import { InvalidArgumentError } from "../../src/core/index.js";
import { DeviceChooser } from "../../src/ort/devices/index.js";
import { type Device, DeviceUnavailableError, engineArray, jit } from "../../src/ort/index.js";
import type { Platform, RuntimePackage } from "../../src/ort/platform/platform.js";

const double = (x: np.Array) => x.mul(2);
const vector = (...values: number[]) => engineArray(Float32Array.from(values));

function pack(name: string, isInstalled: boolean): RuntimePackage {
  return {
    name,
    kind: name === "onnxruntime-web" ? "web" : "native",
    isInstalled: () => isInstalled,
    load: () => Promise.reject(new Error("not in this test")),
  };
}

function place(packages: Platform["packages"], threads: Platform["threads"]): DeviceChooser {
  return new DeviceChooser({ name: "a test", packages, threads, macrotask: () => Promise.resolve() });
}

const free = { most: Infinity, byDefault: 3 };

describe("without a device asked for", () => {
  it("runs natively where it can, and says so", async () => {
    const f = jit(double);
    await f(vector(1));
    expect(f.info()).toMatchObject({ device: "cpu", provider: "CPUExecutionProvider" });
    expect(f.info().threads).toBeGreaterThanOrEqual(1);
  });

  it.each<[string, Platform["packages"], Device]>([
    ["both packages", { cpu: pack("onnxruntime-node", true), wasm: pack("onnxruntime-web", true) }, "cpu"],
    ["the web's", { cpu: pack("onnxruntime-node", false), wasm: pack("onnxruntime-web", true) }, "wasm"],
    [
      "a GPU's and the web's",
      { webgpu: pack("onnxruntime-web", true), wasm: pack("onnxruntime-web", true) },
      "wasm",
    ],
  ])("with %s", (_, packages, device) => {
    expect(place(packages, free).choose({}).backend.device).toBe(device);
  });

  it("without a package, says what to install", () => {
    const nowhere = place({ cpu: pack("onnxruntime-node", false) }, free);
    expect(() => nowhere.choose({})).toThrow(/npm install onnxruntime-node/);
  });
});

describe("a device that is not there", () => {
  it("for want of its package", () => {
    const chooser = place(
      { cpu: pack("onnxruntime-node", false), wasm: pack("onnxruntime-web", true) },
      free,
    );
    expect(() => chooser.choose({ device: "cpu" })).toThrow(
      'device: got "cpu", want one that is there ("wasm"): it needs a package (npm install onnxruntime-node)',
    );
  });

  it("anywhere like here", () => {
    const chooser = place({ wasm: pack("onnxruntime-web", true) }, free);
    expect(() => chooser.choose({ device: "cuda" })).toThrow(
      'device: got "cuda", want one that is there ("wasm"): a test does not have it',
    );
  });

  it.each<Device>(["webgpu", "cuda"])("as trying %s tells; elsewhere it computes", async (device) => {
    const f = jit(double, { device });
    const result = await f(vector(1, 2)).catch((error: unknown) => error);
    if (result instanceof Error) {
      expect(result).toBeInstanceOf(DeviceUnavailableError);
      expect(result.message).toMatch(`device: got "${device}", want one that is there ("cpu" or "wasm"): `);
      expect(result.cause).toBeInstanceOf(Error);
    } else expect([...(await (result as Awaited<ReturnType<typeof f>>).data())]).toEqual([2, 4]);
  });
});

describe("threads", () => {
  const web = { wasm: pack("onnxruntime-web", true) };

  it("are as many as the process may use, unless told", () => {
    const chooser = place({ cpu: pack("onnxruntime-node", true) }, free);
    expect(chooser.choose({}).threads).toBe(3);
    expect([1, 5].map((threads) => chooser.choose({ threads }).threads)).toEqual([1, 5]);
  });

  it("are shared by all functions on wasm", () => {
    const chooser = place(web, free);
    expect([chooser.choose({ threads: 2 }).threads, chooser.choose({}).threads]).toEqual([2, 2]);
    expect(() => chooser.choose({ threads: 4 })).toThrow(/threads: got 4, want 2, as before/);
  });

  it("are no more than the place has", () => {
    const chooser = place(web, { most: 1, byDefault: 1, reason: "no shared memory" });
    expect(() => chooser.choose({ threads: 2 })).toThrow("threads: got 2, want at most 1: no shared memory");
    expect(() => chooser.choose({ threads: 0 })).toThrow(InvalidArgumentError);
    expect(chooser.choose({}).threads).toBe(1);
  });
});

describe.each<Device>(["cpu", "wasm"])("dispose on %s", (device) => {
  it("lets calls under way finish, refuses others, and may come twice", async () => {
    const f = jit(double, { device, threads: 1 });
    await f(vector(1));
    const [before, first] = [f(vector(2)), f(vector(3, 4))]; // the second is being compiled
    await f.dispose();
    await expect(f(vector(1))).rejects.toThrow(/after its dispose\(\)/);
    expect((await before).item()).toBe(4);
    expect([...(await first).dataSync()]).toEqual([6, 8]);
    await f.dispose();
  });
});

describe("wasm in Node", () => {
  it("computes, passes arrays on, and says where", async () => {
    const f = jit(double, { device: "wasm", threads: 1 });
    const result = await f(await f(vector(1, 2)));
    expect([...result.dataSync()]).toEqual([4, 8]);
    expect(f.info()).toMatchObject({ device: "wasm", threads: 1, compilations: 1 });
    await f.dispose();
    expect([...result.dataSync()]).toEqual([4, 8]);
  });

  it("takes and gives arrays of other devices", async () => {
    const [native, web] = [jit(double), jit(double, { device: "wasm" })];
    expect((await native(await web(await native(vector(1))))).item()).toBe(8);
  });
});

describe.each<Device>(["cpu", "wasm"])("while %s computes without a pause", (device) => {
  it("a timer of 50 ms waits for one call at most, and an abort stops the next", async () => {
    const product = (x: np.Array) => np.tanh(np.matmul(x.ref, x));
    const f = jit(product, { device });
    let x = await f(engineArray(new Float32Array(256 * 256).fill(0.01), [256, 256]));
    const starts: number[] = [];
    const waits: number[] = [];
    const aborted = new AbortController();
    let due = performance.now() + 50;
    const timer = setInterval(() => {
      waits.push(starts.filter((start) => start > due).length);
      if (waits.length === 5) aborted.abort();
      due = performance.now() + 50;
    }, 50);
    let callsAfterAbort = 0;
    while (!aborted.signal.aborted) {
      starts.push(performance.now());
      x = await f(x);
      if (aborted.signal.aborted) callsAfterAbort++;
      if (starts.length > 100_000) throw new Error("the timer never fired");
    }
    clearInterval(timer);
    // A call may be queued when the time is up during the one before it; it does not compute before the timer.
    expect(waits).toHaveLength(5);
    expect(Math.max(...waits)).toBeLessThanOrEqual(1);
    expect(callsAfterAbort).toBeLessThanOrEqual(1);
    await f.dispose();
  });
});
