import { SofimError } from "../core/index.js";
import type { Device } from "./devices/device.js";

/** The engine was asked for something that it cannot do; the message says what and what to do instead. */
export class EngineError extends SofimError {}

/** A traced function uses a primitive, or a form of one, that has no lowering to standard ONNX operators. */
export class UnsupportedPrimitiveError extends EngineError {
  constructor(
    readonly primitive: string,
    readonly shapes: readonly string[],
    readonly reason: string,
  ) {
    super(
      `sofim/ort cannot lower the jax-js primitive "${primitive}" applied to ${shapes.join(", ") || "no operands"}: ` +
        `${reason}. Keep that part outside the function given to jit (jax-js runs it), or write it with other operations.`,
    );
  }
}

/** A device that was asked for is not there. */
export class DeviceUnavailableError extends EngineError {
  constructor(
    readonly device: Device,
    /** Devices that are. */
    readonly present: readonly Device[],
    readonly reason: string,
    options?: ErrorOptions,
  ) {
    const names = present.map((name) => `"${name}"`).join(" or ") || "none without installing it";
    super(`device: got "${device}", want one that is there (${names}): ${reason}`, options);
  }
}
