import {
  engine,
  type NamedTensorMap,
  type Optimizer,
  type Tensor,
  type Variable,
} from "@tensorflow/tfjs-core";
import { InvalidArgumentError } from "../core/errors.js";

/** A tensor and its name; TensorFlow.js has this type but does not export it. */
export type NamedTensor = Awaited<ReturnType<Optimizer["getWeights"]>>[number];

/** A variable and its gradient. */
export interface VariableGradient {
  readonly variable: Variable;
  readonly gradient: Tensor;
}

/**
 * The variables that have a gradient, in the order given.
 *
 * @param gradients What `applyGradients` takes: a map from variable name to gradient, or a list of both. In a list, an
 *   entry may lack its tensor: `minimize` passes such a one for a variable that the loss does not depend on.
 * @throws InvalidArgumentError if a name belongs to no variable, or a gradient does not have its variable's shape.
 */
export function listGradients(gradients: NamedTensorMap | NamedTensor[]): VariableGradient[] {
  const named: readonly (readonly [string, Tensor | null | undefined])[] = Array.isArray(gradients)
    ? gradients.map(({ name, tensor }) => [name, tensor])
    : Object.entries(gradients);
  const registered = engine().registeredVariables;
  const found: VariableGradient[] = [];
  for (const [name, gradient] of named) {
    if (gradient === null || gradient === undefined) continue;
    const variable = registered[name];
    if (variable === undefined) {
      throw new InvalidArgumentError("variableGradients", name, "names of variables that exist");
    }
    checkShape(`gradient of ${name}`, gradient, variable);
    found.push({ variable, gradient });
  }
  return found;
}

/** @throws InvalidArgumentError unless the tensor has the shape of the variable. */
export function checkShape(argument: string, { shape }: Tensor, variable: Variable): void {
  const wanted = variable.shape;
  if (shape.length !== wanted.length || shape.some((n, i) => n !== wanted[i])) {
    throw new InvalidArgumentError(argument, shape, `shape [${wanted}] (this is [${shape}])`);
  }
}
