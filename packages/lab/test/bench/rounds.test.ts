import { describe, expect, it } from "vitest";
import { type Contestant, pairTurns, roundMedians, takeTurns } from "../../src/bench/rounds.js";

/** Takes `i` ms for its step number i, counted from 1, with a loss of -i, and logs its turns. */
function counting(name: string, log: string[], rounds?: number): Contestant {
  let step = 0;
  const run = async (steps: number) => {
    log.push(`${name}${steps}`);
    const milliseconds = Array.from({ length: steps }, () => ++step);
    return { milliseconds, losses: milliseconds.map((value) => -value) };
  };
  return rounds === undefined ? { name, run } : { name, rounds, run };
}

describe("takeTurns", () => {
  it("begins in the order given and goes on in others, the same in every run", async () => {
    const play = async () => {
      const log: string[] = [];
      const contestants = ["a", "b", "c"].map((name) => counting(name, log));
      await takeTurns(contestants, { rounds: 40, steps: 1, warmUp: 0 });
      return Array.from({ length: 40 }, (_, round) => log.slice(3 * round, 3 * round + 3).join(" "));
    };
    const orders = await play();
    expect(orders[0]).toBe("a1 b1 c1");
    expect(new Set(orders).size).toBe(6);
    expect(await play()).toEqual(orders);
  });

  it("renews contestants between their turns, if told to", async () => {
    const log: string[] = [];
    const renewed = { ...counting("a", log), renew: async () => void log.push("renewed") };
    const plan = { rounds: 3, steps: 1, warmUp: 0 };
    await takeTurns([renewed], plan);
    expect(log.splice(0).join(" ")).toBe("a1 a1 a1");
    await takeTurns([renewed], { ...plan, renew: true });
    expect(log.join(" ")).toBe("a1 renewed a1 renewed a1");
  });

  it("leaves the warm-up out of the times, not out of the losses", async () => {
    const turns = await takeTurns([counting("a", [])], { rounds: 2, steps: 2, warmUp: 1 });
    expect(turns.get("a")).toEqual([
      { milliseconds: [2, 3], losses: [-1, -2, -3] },
      { milliseconds: [5, 6], losses: [-4, -5, -6] },
    ]);
  });

  it("asks a slow contestant for one step in each of its rounds", async () => {
    const log: string[] = [];
    const turns = await takeTurns([counting("slow", log, 2), counting("fast", log)], {
      rounds: 3,
      steps: 5,
      warmUp: 1,
    });
    expect(log.filter((turn) => turn === "fast6")).toHaveLength(3);
    expect(log.filter((turn) => turn === "slow1")).toHaveLength(2);
    expect(turns.get("slow")).toHaveLength(2);
    expect(turns.get("fast")).toHaveLength(3);
  });

  it("tells whose turn it is", async () => {
    const told: string[] = [];
    const contestants = [counting("a", []), counting("b", [])];
    const onTurn = (name: string, round: number): void => void told.push(`${name}${round}`);
    await takeTurns(contestants, { rounds: 2, steps: 1, warmUp: 0, onTurn });
    expect(told.toSorted().join(" ")).toBe("a0 a1 b0 b1");
  });
});

describe("roundMedians", () => {
  it("is one median per turn", () => {
    const turn = (...milliseconds: number[]) => ({ milliseconds, losses: [] });
    expect(roundMedians([turn(9, 1, 2), turn(4)])).toEqual([2, 4]);
  });
});

describe("pairTurns", () => {
  it("divides round by round, as far as both took part", () => {
    const turns = (...rounds: number[]) => rounds.map((time) => ({ milliseconds: [time], losses: [] }));
    expect(pairTurns(turns(2, 40), turns(1, 20, 5))).toEqual({ value: 2, low: 2, high: 2 });
  });
});
