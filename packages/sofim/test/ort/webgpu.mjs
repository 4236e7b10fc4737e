// Run by webgpu.test.ts with --expose-gc: trains on webgpu and on cpu, and prints what it saw as JSON.
import { defaultDevice, init, lax, nn, numpy as np, tree, valueAndGrad } from "@jax-js/jax";
import { engineArray, jit } from "sofim/ort";

await init("wasm");
defaultDevice("wasm");

const wave = (count, salt) => Float32Array.from({ length: count }, (_, i) => Math.sin(i * 1.7 + salt));
const scaled = (shape, salt, scale) =>
  engineArray(
    wave(
      shape.reduce((a, b) => a * b),
      salt,
    ).map((x) => x * scale),
    shape,
  );

function loss({ kernel1, kernel2, w, b }, x, labels) {
  const first = nn.relu(lax.convGeneralDilated(x, kernel1, [1, 1], "VALID"));
  const second = nn.relu(lax.convGeneralDilated(first, kernel2, [1, 1], "VALID")); // of 6 channels
  const logits = np.dot(second.reshape([8, 16]), w).add(b);
  return np.mean(np.sum(nn.logSoftmax(logits, -1).mul(nn.oneHot(labels, 4)), 1)).neg();
}

function descend(params, x, labels) {
  const [value, gradient] = valueAndGrad(loss)(tree.ref(params), x, labels);
  return [value, tree.map((p, g) => p.sub(g.mul(0.2)), params, gradient)];
}

async function train(device) {
  const step = jit(descend, { device, threads: 1 });
  const batch = [scaled([8, 1, 6, 6], 1, 1), engineArray(Int32Array.from({ length: 8 }, (_, i) => i % 4))];
  let params = {
    kernel1: scaled([6, 1, 3, 3], 2, 0.3),
    kernel2: scaled([4, 6, 3, 3], 5, 0.2),
    w: scaled([16, 4], 3, 0.2),
    b: scaled([4], 4, 0.1),
  };
  const losses = [];
  let value;
  for (let i = 0; i < 20; i++) {
    [value, params] = await step(params, ...batch);
    losses.push((await value.data())[0]);
    if (i % 5 === 0) global.gc();
  }
  let early = "";
  try {
    params.w.dataSync();
  } catch (error) {
    early = error.message;
  }
  await step.dispose();
  global.gc();
  const weights = [...(await params.w.data())];
  const again = [...params.w.dataSync()];
  return { info: step.info(), losses, early, weights, again };
}

const results = { webgpu: await train("webgpu"), cpu: await train("cpu") };
await new Promise((resolve) => setTimeout(resolve, 50)); // let finalizers run
global.gc();
console.log(JSON.stringify(results));
