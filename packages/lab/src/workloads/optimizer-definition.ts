import { numpy as np } from "@jax-js/jax";
import { cosineDecaySchedule, type GradientTransformation } from "sofim";
import { InvalidArgumentError } from "sofim/core";
import {
  type NumberSpec,
  type OptionSpecs,
  type OptionValue,
  type OptionValues,
  resolveOptions,
} from "./option-specs.js";

/** Values for some of an optimizer's options, by name. */
export type OptimizerOptions = Readonly<Record<string, OptionValue>>;

/** An optimizer as the workbench and its command line know it. */
export interface OptimizerDefinition {
  readonly title: string;
  readonly options: OptionSpecs;
  /** Completes `given` with the defaults; throws InvalidArgumentError for what does not fit. */
  resolve(given: OptimizerOptions): OptimizerOptions;
  /**
   * Makes the transformation, its hyperparameters held in the state; the learning rate is the one at the start of a
   * run. `seed` (default 0) is that of its random draws, if it has any.
   */
  create(given: OptimizerOptions, seed?: number): GradientTransformation;
  /** The learning rate of each step of a run of `totalSteps`, by the schedule among the options. */
  learningRates(given: OptimizerOptions, totalSteps: number): Float32Array;
  /** Steps from one refresh of the curvature to the next; 1 for methods that have none. */
  refreshEvery(given: OptimizerOptions): number;
}

/** The option that says how the learning rate moves over a run. */
export const schedule = {
  kind: "choice",
  choices: ["constant", "cosine"],
  default: "constant",
  help: "learning rate over the run; cosine falls to zero at its end",
} as const;

/** What the options of all optimizers have in common. */
interface RatedSpecs extends OptionSpecs {
  readonly learningRate: NumberSpec;
  readonly schedule: typeof schedule;
}

/**
 * Defines an optimizer by the options that it takes.
 *
 * @param make - the transformation from the complete options; the schedule is not among them, for whoever runs the steps
 * moves the learning rate in the state
 */
export function define<const Specs extends RatedSpecs>(
  title: string,
  options: Specs,
  make: (values: Omit<OptionValues<Specs>, "schedule">, seed: number) => GradientTransformation,
): OptimizerDefinition {
  const complete = (given: OptimizerOptions) => resolveOptions(title, options, given);
  return Object.freeze({
    title,
    options,
    resolve: (given: OptimizerOptions) => complete(given) as OptimizerOptions,
    create(given: OptimizerOptions, seed = 0) {
      this.refreshEvery(given);
      const { schedule: _schedule, ...values } = complete(given);
      return make(values, seed);
    },
    learningRates(given: OptimizerOptions, totalSteps: number) {
      const { learningRate, schedule } = resolveOptions<RatedSpecs>(title, options, given);
      if (schedule === "constant") return new Float32Array(totalSteps).fill(learningRate);
      return cosineDecaySchedule(learningRate, totalSteps)(np.arange(totalSteps)).dataSync() as Float32Array;
    },
    refreshEvery(given: OptimizerOptions) {
      const { every = 1 } = complete(given) as OptimizerOptions;
      if (typeof every !== "number" || !Number.isSafeInteger(every) || every < 1) {
        throw new InvalidArgumentError("every", every, "an integer >= 1");
      }
      return every;
    },
  });
}
