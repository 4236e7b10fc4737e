import { defaultDevice, init, numpy as np } from "@jax-js/jax";
import { beforeAll, describe, expect, it } from "vitest";
import { InvalidArgumentError } from "../../src/core/index.js";
import { type Device, type EngineArray, EngineError, engineArray, jit } from "../../src/ort/index.js";

beforeAll(async () => {
  await init("wasm");
  defaultDevice("wasm");
});

const size = 1000;
const ramp = () => engineArray(Float32Array.from({ length: size }, (_, i) => i / size));
const ones = () => engineArray(new Float32Array(size).fill(1));

/** Momentum on |x|^2 / 2: two states of one shape, so that memory could be mixed up. */
const descend = (x: np.Array, velocity: np.Array): [np.Array, np.Array] => {
  const next = velocity.mul(0.9).add(x.ref);
  return [x.sub(next.ref.mul(0.1)), next];
};

describe.each<Device>(["cpu", "wasm"])("donated arguments on %s", (device) => {
  it("give the same results, step after step", async () => {
    const [plain, donating] = [jit(descend, { device }), jit(descend, { device, donate: [0, 1] })];
    let [expected, actual] = [await plain(ramp(), ones()), await donating(ramp(), ones())];
    for (let i = 0; i < 20; i++) {
      expected = await plain(...expected);
      actual = await donating(...actual);
    }
    for (const i of [0, 1] as const) expect(actual[i].dataSync()).toEqual(expected[i].dataSync());
  });

  it("cannot be used afterwards", async () => {
    const step = jit(descend, { device, donate: [0] });
    const [x, velocity] = [ramp(), ones()];
    const [next] = await step(x, velocity);
    expect(() => x.dataSync()).toThrow(EngineError);
    await expect(x.data()).rejects.toThrow(/data: the array was donated to an earlier call/);
    await expect(step(x, velocity)).rejects.toThrow(/an argument: the array was donated/);
    expect(velocity.dataSync()[0]).toBe(1);
    expect(next.dataSync()[0]).toBeCloseTo(-0.09);
  });

  it("leave alone what somebody has a view of, and arrays of the user's", async () => {
    const step = jit(descend, { device, donate: [0, 1] });
    const mine = Float32Array.from({ length: size }, (_, i) => i);
    let state: [EngineArray, EngineArray] = await step(engineArray(mine), ones());
    const views = state.map((array) => array.dataSync());
    const copies = views.map((view) => view.slice());
    for (let i = 0; i < 5; i++) state = await step(...state);
    expect(views).toEqual(copies);
    expect(mine[7]).toBe(7);
  });

  it("are nobody else's while the call is under way, and not written to while another reads them", async () => {
    const twice = (x: np.Array): [np.Array, np.Array] => {
      const next = x.ref.add(1);
      return [next.ref, next.mul(x)];
    };
    const [take, read] = [jit(twice, { device, donate: [0] }), jit(twice, { device })];
    const make = async () => (await read(ramp()))[0];
    const expected = (await read(await make()))[1].dataSync();
    const contested = await make();
    const [first, second] = await Promise.allSettled([take(contested), take(contested)]);
    expect(first.status === "fulfilled" && first.value[1].dataSync()).toEqual(expected);
    expect(second).toMatchObject({ status: "rejected", reason: expect.any(EngineError) });
    const shared = await make();
    const reading = read(shared);
    let chain = await take(shared);
    for (let i = 0; i < 3; i++) chain = await take(chain[0]);
    expect((await reading)[1].dataSync()).toEqual(expected);
  });

  it("stay usable when the call fails before anything was written to them", async () => {
    const divide = (a: np.Array, b: np.Array) => np.floorDivide(a, b);
    const [a, zero] = [engineArray(Int32Array.of(6)), engineArray(Int32Array.of(0))];
    await expect(jit(divide, { device, donate: [0] })(a, zero)).rejects.toThrow();
    expect(a.item()).toBe(6);
  });

  it("that come back as they were can be used", async () => {
    const keep = jit((x: np.Array, y: np.Array): [np.Array, np.Array] => [x, y.add(1)], {
      device,
      donate: [0, 1],
    });
    const [x, y] = [await jit((a: np.Array) => a.mul(2), { device })(ramp()), ones()];
    const [sameX, nextY] = await keep(x, y);
    expect(sameX).toBe(x);
    const [again] = await keep(sameX, nextY);
    expect(again.dataSync()[500]).toBe(1);
  });

  it("may be jax-js arrays and numbers, which are used up anyway", async () => {
    const scale = jit((x: np.Array, factor: np.Array) => x.mul(factor), { device, donate: [0, 1] });
    expect((await scale(np.array([3]), 2)).item()).toBe(6);
  });
});

describe("donate", () => {
  const donate = (positions: unknown) => ({ donate: positions as readonly number[] });

  it.each([[[-1]], [[0.5]], [["0"]], [0]])("refuses %j", (positions) => {
    expect(() => jit(descend, donate(positions))).toThrow(InvalidArgumentError);
    expect(() => jit(descend, donate(positions))).toThrow(
      /donate: got .*, want a list of positions of arguments/,
    );
  });

  it("refuses a position that a call has no argument at", async () => {
    await expect(jit(descend, { donate: [2] })(ramp(), ones())).rejects.toThrow(
      'donate: got "2", want positions below 2, the number of arguments',
    );
  });
});
