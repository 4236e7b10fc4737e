import { z } from "zod";
import { workloads } from "../../workloads/workloads.js";
import { methods } from "../methods.js";
import { type Results, ResultsFileError, readResults } from "../results-file.js";

const methodName = z.enum(Object.keys(methods));

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
        methods: z.array(methodName).min(1),
      }),
    )
    .min(1),
  trials: z.int().min(1),
  tuningSeed: z.int(),
  reportingSeeds: z.array(z.int()).min(1),
  reference: methodName,
  subject: methodName,
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
  for (const { id, workload, method } of results.runs) {
    const budget = protocol.workloads.find((candidate) => candidate.workload === workload);
    if (budget?.methods.some((name) => name === method)) continue;
    throw new ResultsFileError(
      path,
      `run ${id} is of ${method} on ${workload}, which its protocol does not ask for`,
    );
  }
  return results;
}
