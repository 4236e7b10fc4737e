import { SofimError } from "../core/index.js";

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
