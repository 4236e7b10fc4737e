import { type Command, Option } from "commander";
import { InvalidArgumentError } from "sofim/core";
import type { SuiteName } from "../bench/run-bench.js";
import type { ProtocolName } from "../experiment/protocol.js";
import { flagName } from "./values.js";

type AnySuite = SuiteName | ProtocolName;
type SuiteFlag = "network" | "threads" | "quick" | "jobs" | "out" | "dataDir" | "repeat";

const ofProtocols = ["jobs", "out", "dataDir", "repeat"] as const;

/** What each suite of `sofim bench` takes besides `--json`, which all take: help and refusals follow it. */
const suiteFlags: Readonly<Record<AnySuite, readonly SuiteFlag[]>> = {
  engine: ["network", "threads", "quick"],
  devices: ["network", "quick"],
  optimizers: ["threads", "quick"],
  update: ["quick"],
  memory: ["threads", "quick"],
  tfjs: ["quick"],
  paper: ofProtocols,
  smoke: ofProtocols,
};

/** An option of `sofim bench` whose help names the suites that take it. */
export function suiteOption(flag: SuiteFlag, argument: string, help: string): Option {
  return new Option(`${flagName(flag)} ${argument}`.trimEnd(), `${help} (suites: ${suitesWith(flag)})`);
}

function suitesWith(flag: SuiteFlag): string {
  return Object.entries(suiteFlags)
    .filter(([, flags]) => flags.includes(flag))
    .map(([suite]) => suite)
    .join(", ");
}

/**
 * Refuses flags that were given and that none of the chosen suites takes: they would change nothing.
 *
 * @throws InvalidArgumentError with the suites that take each of them
 */
export function refuseUnusedFlags(command: Command, suites: readonly AnySuite[]): void {
  const all = new Set(Object.values(suiteFlags).flat());
  const taken = new Set(suites.flatMap((suite) => suiteFlags[suite]));
  const unused = [...all].filter((flag) => command.getOptionValueSource(flag) === "cli" && !taken.has(flag));
  if (unused.length === 0) return;
  const wanted = unused.map((flag) => `one that takes ${flagName(flag)} (${suitesWith(flag)})`);
  throw new InvalidArgumentError("--suite", suites.join(" "), wanted.join(" and "));
}
