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
  it("lets another contestant begin each round", async () => {
    const log: string[] = [];
    const contestants = ["a", "b", "c"].map((name) => counting(name, log));
    await takeTurns(contestants, { rounds: 4, steps: 1, warmUp: 0 });
    expect(log.join(" ")).toBe("a1 b1 c1 b1 c1 a1 c1 a1 b1 a1 b1 c1");
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
    expect(log.join(" ")).toBe("slow1 fast6 fast6 slow1 fast6");
    expect(turns.get("slow")).toHaveLength(2);
    expect(turns.get("fast")).toHaveLength(3);
  });

  it("tells whose turn it is", async () => {
    const told: string[] = [];
    const contestants = [counting("a", []), counting("b", [])];
    const onTurn = (name: string, round: number): void => void told.push(`${name}${round}`);
    await takeTurns(contestants, { rounds: 2, steps: 1, warmUp: 0, onTurn });
    expect(told.join(" ")).toBe("a0 b0 b1 a1");
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
