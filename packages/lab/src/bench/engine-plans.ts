import type { EngineNetworkName } from "./networks.js";
import type { RoundsOptions } from "./rounds.js";

interface EnginePlan extends Pick<RoundsOptions, "rounds" | "steps" | "warmUp"> {
  /** See `EngineOptions.jaxRounds`, for one thread. */
  readonly jaxRounds: number;
}

/**
 * Rounds, and steps of a turn: turns of a quarter of a second at least, so that what comes and goes in milliseconds is
 * in each of them, and rounds enough for narrow intervals, in minutes per network. The first two steps of a new session
 * find its memory, and none of their times counts. jax-js takes seconds for a step of LeNet-5 and would take minutes for
 * one of ResNet-9.
 */
export const enginePlans: Readonly<
  Record<"full" | "quick", Readonly<Record<EngineNetworkName, EnginePlan>>>
> = {
  full: {
    lenet5: { rounds: 30, steps: 10, warmUp: 3, jaxRounds: 3 },
    mlp: { rounds: 30, steps: 100, warmUp: 10, jaxRounds: 0 },
    resnet9: { rounds: 30, steps: 4, warmUp: 2, jaxRounds: 0 },
  },
  quick: {
    lenet5: { rounds: 2, steps: 2, warmUp: 1, jaxRounds: 1 },
    mlp: { rounds: 2, steps: 2, warmUp: 1, jaxRounds: 0 },
    resnet9: { rounds: 2, steps: 1, warmUp: 0, jaxRounds: 0 },
  },
};
