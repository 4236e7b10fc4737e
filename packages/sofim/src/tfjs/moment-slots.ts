import { dispose, tidy, type Variable, variable, zerosLike } from "@tensorflow/tfjs-core";
import { InvalidArgumentError, SofimError } from "../core/errors.js";
import { matchNames } from "./match-names.js";
import { checkShape, type NamedTensor, type VariableGradient } from "./named-tensors.js";
import type { Slot } from "./step.js";

const suffix = "/sofim/moment";

/** One moment per variable, found by the variable's name. */
export class MomentSlots {
  readonly #moments = new Map<string, Variable>();
  /** Moments that were loaded and whose variables have had no gradient yet, by the name they were saved under. */
  #loaded = new Map<string, Variable>();
  #anyClaimed = true;

  /**
   * Adds to variables and gradients the moments: known ones, loaded ones, and zeros for variables that are new.
   *
   * @throws SofimError if moments were loaded and none of them belongs to any of these variables, or if it is not clear
   *   which; InvalidArgumentError if a moment has another shape than its variable.
   */
  withMoments(gradients: readonly VariableGradient[]): Slot[] {
    const fresh = gradients.flatMap(({ variable }) => (this.#moments.has(variable.name) ? [] : [variable]));
    if (fresh.length > 0 && this.#loaded.size > 0) this.#claim(fresh);
    return gradients.map(({ variable, gradient }) => {
      const moment = this.#moments.get(variable.name) ?? this.#create(variable);
      checkShape(`moment of ${variable.name}`, moment, variable);
      return { variable, moment, gradient };
    });
  }

  /** The moments as they are saved. They stay this object's own. */
  save(): NamedTensor[] {
    return [...this.#moments, ...this.#loaded].map(([name, tensor]) => ({ name: name + suffix, tensor }));
  }

  /** Takes copies of saved moments in place of all it had. @throws InvalidArgumentError if they are something else. */
  load(saved: readonly NamedTensor[]): void {
    for (const [i, { name, tensor }] of saved.entries()) {
      if (!name.endsWith(suffix) || tensor.dtype !== "float32") {
        const received = `${name} (${tensor.dtype})`;
        throw new InvalidArgumentError(`weightValues[${i + 2}]`, received, `a float32 "VARIABLE${suffix}"`);
      }
    }
    this.dispose();
    this.#loaded = new Map(saved.map((s) => [s.name.slice(0, -suffix.length), variable(s.tensor, false)]));
    this.#anyClaimed = false;
  }

  dispose(): void {
    dispose([...this.#moments.values(), ...this.#loaded.values()]);
    this.#moments.clear();
    this.#loaded.clear();
    this.#anyClaimed = true;
  }

  #create(of: Variable): Variable {
    const moment = tidy(() => variable(zerosLike(of), false));
    this.#moments.set(of.name, moment);
    return moment;
  }

  #claim(variables: readonly Variable[]): void {
    const names = variables.map(({ name }) => name);
    const matches = matchNames([...this.#loaded.keys()], names);
    if (matches.size === 0 && !this.#anyClaimed) {
      throw new SofimError(
        `no saved moment belongs to any of the variables: saved are ${[...this.#loaded.keys()].join(", ")}, ` +
          `the variables are ${names.join(", ")}. Moments are found by name: name variables and layers yourself, ` +
          "as names that TensorFlow.js makes up differ from run to run",
      );
    }
    for (const v of variables) {
      const saved = this.#loaded.get(matches.get(v.name) ?? "");
      if (saved !== undefined) checkShape(`saved moment of ${v.name}`, saved, v);
    }
    for (const [name, savedName] of matches) {
      this.#moments.set(name, this.#loaded.get(savedName)!);
      this.#loaded.delete(savedName);
    }
    this.#anyClaimed = true;
  }
}
