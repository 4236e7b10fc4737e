import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { softwareVulkan } from "./software-vulkan.js";

interface Run {
  readonly info: { readonly device: string; readonly provider: string; readonly compilations: number };
  readonly losses: readonly number[];
  readonly early: string;
  readonly weights: readonly number[];
  readonly again: readonly number[];
}

const { isThere, folder, environment } = softwareVulkan;
if (!isThere) console.warn("no software WebGPU on this machine: training on webgpu is left out");

async function train(): Promise<{ webgpu: Run; cpu: Run }> {
  const script = fileURLToPath(new URL("webgpu.mjs", import.meta.url));
  const env = { ...process.env, ...environment, LD_LIBRARY_PATH: folder };
  const { stdout } = await promisify(execFile)(process.execPath, ["--expose-gc", script], { env });
  return JSON.parse(stdout.trim().split("\n").at(-1)!);
}

describe.skipIf(!isThere)("webgpu in Node, on a software adapter", () => {
  it("trains with its state on the device, which outlives the function until it is read", async () => {
    const { webgpu, cpu } = await train();
    expect(webgpu.info).toMatchObject({
      device: "webgpu",
      provider: "WebGpuExecutionProvider",
      compilations: 1,
    });
    expect(webgpu.losses).toHaveLength(20);
    webgpu.losses.forEach((loss, i) => {
      expect(Math.abs(loss - cpu.losses[i]!)).toBeLessThan(1e-5);
    });
    expect(webgpu.early).toMatch(/dataSync: the array is in the memory of "webgpu"/);
    expect(cpu.early).toBe("");
    expect(webgpu.weights).toHaveLength(cpu.weights.length);
    webgpu.weights.forEach((weight, i) => {
      expect(Math.abs(weight - cpu.weights[i]!)).toBeLessThan(1e-4); // twenty steps apart
    });
    expect(webgpu.again).toEqual(webgpu.weights);
  });
});
