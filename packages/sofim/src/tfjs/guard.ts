import {
  add,
  cast,
  dispose,
  maximum,
  mul,
  type Scalar,
  scalar,
  sub,
  type Variable,
  variable,
} from "@tensorflow/tfjs-core";
import { momentCount } from "./step.js";

/**
 * The counts of steps taken and skipped, kept on the device: where reading back would stop its queue, only the device
 * knows whether a gradient was finite.
 */
export class DeviceGuard {
  readonly #count: Variable;
  readonly #skipped: Variable;

  /** @param steps Steps taken so far, skipped ones not counted. */
  constructor(
    readonly beta: number,
    steps: number,
  ) {
    this.#count = makeVariable(scalar(momentCount(beta, steps)));
    this.#skipped = makeVariable(scalar(0, "int32"));
  }

  /** Steps skipped since this object was made; a variable that stays this object's own. */
  get skipped(): Variable {
    return this.#skipped;
  }

  /** Counts a step as taken (`ok` is 1) or skipped (0). Returns n of Mh = T / n; call inside `tidy`. */
  advance(ok: Scalar): Scalar {
    const growth = mul(ok, sub(1, mul(this.#count, 1 - this.beta)));
    this.#count.assign(add(this.#count, growth));
    this.#skipped.assign(add(this.#skipped, sub(scalar(1, "int32"), cast(ok, "int32"))));
    return maximum(this.#count, 1);
  }

  dispose(): void {
    dispose([this.#count, this.#skipped]);
  }
}

function makeVariable(value: Scalar): Variable {
  const made = variable(value, false);
  value.dispose();
  return made;
}
