/** The devices that the cases run on, as far as this machine has them. */
import { existsSync, readdirSync } from "node:fs";
import type { numpy as np } from "@jax-js/jax";
import { type Device, DeviceUnavailableError, engineArray, jit } from "../../src/ort/index.js";

export interface Place {
  readonly device: Device;
  /** Why no case can run there; undefined where all do. */
  readonly missing: string | undefined;
}

/** What needs no GPU: no machine is without. */
export const everywhere: readonly Device[] = ["cpu", "wasm"];

/** What only trying tells. */
export const onGpus: readonly Device[] = ["webgpu", "cuda"];

/**
 * How the person at a machine with a GPU describes it, who wants it on record which cases agree there. It also vouches
 * for the GPU.
 */
export const recordedAdapter = process.env.SOFIM_RECORD_GPU;

/** Every device, with the reason where it is missing. jax-js must be initialized. */
export async function findPlaces(): Promise<readonly Place[]> {
  const places: Place[] = everywhere.map((device) => ({ device, missing: undefined }));
  for (const device of onGpus) places.push({ device, missing: await reasonMissing(device) });
  return places;
}

async function reasonMissing(device: Device): Promise<string | undefined> {
  if (recordedAdapter === undefined && !hasGpu()) return "no GPU among the machine's device files";
  const double = jit((x: np.Array) => x.mul(2), { device });
  try {
    await double(engineArray(Float32Array.of(1)));
    return undefined;
  } catch (error) {
    if (error instanceof DeviceUnavailableError) return error.reason;
    throw error;
  } finally {
    await double.dispose();
  }
}

/**
 * Where a Vulkan driver computes on the CPU (SwiftShader, lavapipe), trying finds a device that is none, with a sine of
 * its own. Linux shows a GPU among its files; elsewhere such drivers are not installed by accident.
 */
function hasGpu(): boolean {
  if (process.platform !== "linux") return true;
  const files = ["/dev", "/dev/dri"].filter(existsSync).flatMap((folder) => readdirSync(folder));
  return files.some((name) => /^(nvidia|renderD)\d+$/.test(name));
}
