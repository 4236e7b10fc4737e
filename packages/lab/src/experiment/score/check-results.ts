import { z } from "zod";
import { workloads } from "../../workloads/workloads.js";
import { methods } from "../methods.js";
import { type Results, ResultsFileError, readResults } from "../results-file.js";

const protocolSchema = z.looseObject({
  name: z.string(),
  title: z.string(),
  workloads: z
    .array(
      z.looseObject({
        workload: z.enum([...workloads.keys()]),
        trainImages: z.int(),
        validationImages: z.int(),
        testImages: z.int(),
        epochs: z.int(),
        evaluateEvery: z.int(),
      }),
    )
    .min(1),
  methods: z.array(z.enum(Object.keys(methods))).min(1),
  trials: z.int().min(1),
  tuningSeed: z.int(),
  reportingSeeds: z.array(z.int()).min(1),
  reference: z.enum(Object.keys(methods)),
  subject: z.enum(Object.keys(methods)),
});

/**
 * Reads a results file and checks that it can be scored: that its protocol is whole and names workloads and methods that
 * are known here, and that every run belongs to it.
 *
 * @throws ResultsFileError
 */
export function readScorableResults(path: string): Results {
  const results = readResults(path);
  const parsed = protocolSchema.safeParse(results.protocol);
  if (!parsed.success) {
    throw new ResultsFileError(path, `its protocol cannot be scored: ${z.prettifyError(parsed.error)}`);
  }
  const { protocol } = results;
  const names = {
    workload: protocol.workloads.map(({ workload }) => workload),
    method: protocol.methods as readonly string[],
  };
  for (const run of results.runs) {
    for (const kind of ["workload", "method"] as const) {
      if (names[kind].includes(run[kind])) continue;
      const known = names[kind].join(", ");
      throw new ResultsFileError(path, `run ${run.id} is of the ${kind} ${run[kind]}, want one of ${known}`);
    }
  }
  return results;
}
