/** What a lowering rule is given and gives. */
import { UnsupportedPrimitiveError } from "../errors.js";
import type { GraphBuilder } from "../graph.js";
import type { Aval, Params, Primitive } from "../jaxpr.js";
import type { View } from "../view.js";

export interface Application<P extends Primitive> {
  readonly graph: GraphBuilder;
  readonly operands: readonly View[];
  /** The operands' types as the Jaxpr has them, weak types included. */
  readonly inputs: readonly Aval[];
  readonly outputs: readonly Aval[];
  readonly params: Params<P>;
}

/** Lowers one application of a primitive to views, one per output. */
export type Rule<P extends Primitive> = (application: Application<P>) => readonly View[];

/** The rule of a primitive, or of a form of one, that standard ONNX operators do not express. */
export const refuse =
  <P extends Primitive>(primitive: P, reason: string): Rule<P> =>
  ({ inputs }) => {
    throw new UnsupportedPrimitiveError(primitive, inputs.map(String), reason);
  };
