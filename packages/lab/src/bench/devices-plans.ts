import type { NetworkName } from "./networks.js";
import type { RoundsOptions } from "./rounds.js";

interface DevicesPlan extends Pick<RoundsOptions, "rounds" | "steps" | "warmUp"> {
  /** See `FieldOptions.cpuRounds`. */
  readonly cpuRounds?: number;
}

/** Rounds, and steps of a turn: a minute or two per network where the GPU has a good CPU beside it. */
export const devicesPlans: Readonly<Record<"full" | "quick", Readonly<Record<NetworkName, DevicesPlan>>>> = {
  full: {
    lenet5: { rounds: 20, steps: 20, warmUp: 5 },
    mlp: { rounds: 20, steps: 50, warmUp: 10 },
    resnet9: { rounds: 20, steps: 5, warmUp: 2 },
    "resnet9-wide": { rounds: 10, steps: 10, warmUp: 3, cpuRounds: 4 },
  },
  quick: {
    lenet5: { rounds: 2, steps: 2, warmUp: 1 },
    mlp: { rounds: 2, steps: 2, warmUp: 1 },
    resnet9: { rounds: 2, steps: 1, warmUp: 0 },
    "resnet9-wide": { rounds: 1, steps: 1, warmUp: 0, cpuRounds: 1 },
  },
};
