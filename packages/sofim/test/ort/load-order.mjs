// Run by load-order.test.ts in a process of its own: jax-js and onnxruntime-web in the order given.
import { defaultDevice, init, numpy as np } from "@jax-js/jax";
import { engineArray, jit } from "sofim/ort";

const [order, threads] = process.argv.slice(2);

// Large enough that jax-js would share the work among workers if it saw any; a shape that no earlier call had.
let size = 100_000;
async function onJaxJs() {
  const x = np.ones([++size]);
  const sum = (await np.sum(np.sqrt(x.mul(4))).data())[0];
  if (sum !== 2 * size) throw new Error(`jax-js gave ${sum}, want ${2 * size}`);
}

async function onEngine() {
  const double = jit((x) => x.mul(2), { device: "wasm", threads: Number(threads) });
  const result = await double(engineArray(Float32Array.of(1, 2)));
  if (String(await result.data()) !== "2,4") throw new Error(`the engine gave ${await result.data()}`);
  await double.dispose();
}

async function startJaxJs() {
  await init("wasm");
  defaultDevice("wasm");
  await onJaxJs();
}

if (order === "jax-js first") {
  await startJaxJs();
  await onEngine();
} else if (order === "engine first") {
  await onEngine();
  await startJaxJs();
} else {
  await startJaxJs();
  let loading = true;
  const loaded = onEngine().finally(() => {
    loading = false;
  });
  while (loading) {
    await onJaxJs();
    await new Promise((resolve) => setImmediate(resolve));
  }
  await loaded;
}
await onJaxJs();
await onEngine();
console.log(typeof Worker);
