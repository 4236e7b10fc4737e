/** Factorizations are of floating-point numbers. */
import type { Primitive } from "../../jaxpr.js";
import { isFloat } from "../convert.js";
import { type Rule, refuse } from "../rule.js";

/** `rule`, but for integers: jax-js takes them, and rounds every factor towards zero before it goes on with it. */
export const ofFloats =
  <P extends Primitive>(primitive: P, rule: Rule<P>): Rule<P> =>
  (application) =>
    isFloat(application.outputs[0]!.dtype)
      ? rule(application)
      : refuse(primitive, "factors of integers are no integers; convert them to floats")(application);
