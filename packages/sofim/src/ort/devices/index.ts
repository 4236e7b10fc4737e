/** Which device a function runs on. */
import { platform as ownPlatform } from "#ort-platform";
import { InvalidArgumentError } from "../../core/index.js";
import { EngineError } from "../errors.js";
import type { Platform } from "../platform/platform.js";
import { Backend } from "./backend.js";
import { certainDevices, type Device, devices } from "./device.js";

export interface SessionOptions {
  /**
   * Default: `"cpu"`, or `"wasm"` where onnxruntime-node is not installed and in browsers. A device that is
   * asked for is used or is an error; another never takes its place.
   */
  readonly device?: Device;
  /**
   * Threads that share the work of one operator; 1 or more. Default: as many as the process may use. On
   * `"wasm"`, all functions of a process share their threads, so the first one decides the number; in a
   * browser it is 1 unless the page is cross-origin isolated.
   */
  readonly threads?: number;
}

export interface Choice {
  readonly backend: Backend;
  readonly threads: number;
}

/** The choices that a platform offers. */
export class DeviceChooser {
  readonly #platform: Platform;
  readonly #backends: { readonly [D in Device]: Backend };

  constructor(platform: Platform) {
    this.#platform = platform;
    const make = (device: Device, provider: Backend["provider"], keepsResults = false) =>
      new Backend({ device, provider, keepsResults }, platform);
    this.#backends = {
      cpu: make("cpu", "CPUExecutionProvider"),
      wasm: make("wasm", "CPUExecutionProvider"), // the same kernels, compiled to WebAssembly
      webgpu: make("webgpu", "WebGpuExecutionProvider", true),
      cuda: make("cuda", "CUDAExecutionProvider"),
    };
  }

  /**
   * @throws InvalidArgumentError for options out of range
   * @throws DeviceUnavailableError for a device that is known not to be there
   */
  choose({ device = this.#best(), threads }: SessionOptions): Choice {
    if (!devices.includes(device)) {
      const names = devices.map((name) => `"${name}"`).join(", ");
      throw new InvalidArgumentError("device", device, `one of ${names}`);
    }
    const backend = this.#backends[device];
    backend.assertInstalled();
    return { backend, threads: backend.threads(threads) };
  }

  #best(): Device {
    const [best] = certainDevices(this.#platform);
    if (best !== undefined) return best;
    throw new EngineError("no ONNX Runtime is installed: npm install onnxruntime-node, or onnxruntime-web");
  }
}

const chooser = new DeviceChooser(ownPlatform);

/** As `DeviceChooser.choose`, where we run. */
export const chooseDevice = (options: SessionOptions): Choice => chooser.choose(options);
