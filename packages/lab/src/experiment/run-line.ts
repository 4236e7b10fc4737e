import { z } from "zod";

/** Infinite and missing numbers are written as null, as JSON has no other word for them. */
const measured = z
  .number()
  .nullable()
  .transform((value) => value ?? Number.NaN);
const optionValue = z.union([z.number(), z.string(), z.boolean()]);

const evaluationSchema = z
  .strictObject({
    step: z.int(),
    /** CPU seconds of training so far. */
    seconds: z.number(),
    /** Mean objective of the batches since the previous evaluation. */
    trainLoss: measured,
    /** Mean cross-entropy over the images of the run's phase. */
    loss: measured,
    /** Fraction of them classified correctly. */
    accuracy: measured,
  })
  .readonly();

const runSchema = z
  .strictObject({
    kind: z.literal("run"),
    id: z.string(),
    workload: z.string(),
    method: z.string(),
    /** Tuning runs are evaluated on the validation images, reporting runs on the test images. */
    phase: z.enum(["tuning", "reporting"]),
    /** The trial, from 1; of a reporting run, the trial that won. */
    trial: z.int(),
    seed: z.int(),
    /** All options of the optimizer, defaults included. */
    options: z.record(z.string(), optionValue).readonly(),
    status: z.enum(["completed", "diverged"]),
    steps: z.int(),
    stepsPerEpoch: z.int(),
    batchSize: z.int(),
    /** Per step, a Hessian-vector product counting as two, refreshes spread over the steps between them. */
    gradientEquivalents: z.number(),
    /** CPU seconds of the training steps and of making their batches. */
    seconds: z.number(),
    /** Wall-clock seconds of the steps alone. */
    wallSeconds: z.number(),
    /** CPU seconds. */
    evalSeconds: z.number(),
    /** Wall-clock seconds; 0 where the run used a step that an earlier run had compiled. */
    compileSeconds: z.number(),
    evaluations: z.array(evaluationSchema).readonly(),
    startedAt: z.iso.datetime(),
    machine: z.string(),
    versions: z.record(z.string(), z.string()).readonly(),
  })
  .readonly();

/** One run as it stands in a results file. */
export type RunLine = z.infer<typeof runSchema>;

/** How far a run had come when it was evaluated. */
export type RunEvaluation = z.infer<typeof evaluationSchema>;

/** Reads what a line says of a run; throws ZodError for a line that is not one. */
export function parseRunLine(line: unknown): RunLine {
  return runSchema.parse(line);
}
