import { Random } from "../data/index.js";
import { type Estimate, median, pairedRatio } from "../statistics.js";

/** What a contestant did in one turn: the time and the loss of every step. */
export interface Turn {
  readonly milliseconds: readonly number[];
  readonly losses: readonly number[];
}

/** Something that can do training steps and time each of them. */
export interface Contestant {
  readonly name: string;
  /** Rounds it takes part in, for those too slow for all; the first ones. */
  readonly rounds?: number;
  run(steps: number): Promise<Turn>;
  /** Goes on from where it is in new memory. */
  renew?(): Promise<void>;
}

export interface RoundsOptions {
  readonly rounds: number;
  /** Steps per turn that count. */
  readonly steps: number;
  /** Steps at the start of each turn that do not: caches and thread pools get warm again. */
  readonly warmUp: number;
  /**
   * Whether contestants that can go on in new memory do so for each turn. Where memory happens to lie is worth some
   * percent of a step, for as long as it is used; this way it is one of the things that come and go. Default false.
   */
  readonly renew?: boolean;
  readonly onTurn?: (contestant: string, round: number) => void;
}

/**
 * Lets the contestants take turns and returns everybody's turns, one per round taken part in.
 *
 * The first round has the order given, later ones random orders, the same in every run: what comes and goes on a machine
 * hits all alike, and nobody always follows the same other.
 * `milliseconds` of the turns returned are without the warm-up steps, `losses` with them.
 */
export async function takeTurns(
  contestants: readonly Contestant[],
  options: RoundsOptions,
): Promise<Map<string, Turn[]>> {
  const turns = new Map<string, Turn[]>(contestants.map(({ name }) => [name, []]));
  const order = Uint32Array.from(contestants.keys());
  const random = new Random(1);
  for (let round = 0; round < options.rounds; round++) {
    if (round > 0) random.shuffle(order);
    for (const place of order) {
      const contestant = contestants[place]!;
      if (round >= (contestant.rounds ?? Number.POSITIVE_INFINITY)) continue;
      options.onTurn?.(contestant.name, round);
      if (options.renew && round > 0) await contestant.renew?.();
      turns.get(contestant.name)!.push(await takeTurn(contestant, options));
    }
  }
  return turns;
}

async function takeTurn(contestant: Contestant, { steps, warmUp }: RoundsOptions): Promise<Turn> {
  // A slow contestant (few rounds) spends no steps on warming up: one of its steps outlasts every cache.
  const skipped = contestant.rounds === undefined ? warmUp : 0;
  const counted = contestant.rounds === undefined ? steps : 1;
  const turn = await contestant.run(skipped + counted);
  return { milliseconds: turn.milliseconds.slice(skipped), losses: turn.losses };
}

/** The median of each turn's times. */
export function roundMedians(turns: readonly Turn[]): number[] {
  return turns.map(({ milliseconds }) => median(milliseconds));
}

/** The ratio of two contestants' times, paired by the rounds that both took part in. */
export function pairTurns(numerators: readonly Turn[], denominators: readonly Turn[]): Estimate {
  const rounds = Math.min(numerators.length, denominators.length);
  const [over, under] = [numerators, denominators].map((turns) => roundMedians(turns).slice(0, rounds));
  return pairedRatio(over!, under!, new Random(1));
}
