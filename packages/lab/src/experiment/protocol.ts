import type { MethodName } from "./methods.js";

/** A workload as a protocol uses it: which part of its data, for how long. */
export interface WorkloadBudget {
  readonly workload: string;
  /** Training images, from the first on. */
  readonly trainImages: number;
  /** Images held out of the training set, its last ones, that trials are judged on. */
  readonly validationImages: number;
  /** Test images, from the first on, that reporting runs are scored on. */
  readonly testImages: number;
  readonly epochs: number;
  /** Steps between evaluations of a reporting run, besides the one that ends every epoch. */
  readonly evaluateEvery: number;
  readonly methods: readonly MethodName[];
}

/**
 * The rules of a comparison, read by the runner, the scorer, the report and the documents alike.
 *
 * 1. Every method gets `trials` points of the Halton sequence through its own search space. Each is trained once, with
 *    the seed `tuningSeed`, and judged by its cross-entropy on the validation images after the last step. The best one
 *    is the method's winner; a run that diverged cannot win.
 * 2. The winner is trained anew with every one of `reportingSeeds`, and scored on the test images.
 * 3. Targets of a workload: the median over the reporting seeds of what `reference` has reached at the end, of train
 *    loss, test loss and test accuracy. They are the same for all methods. A run reaches a target at the first
 *    evaluation at which it is at least as good; a target that a run does not reach counts as infinity.
 * 4. Train loss is the mean objective of the batches since the previous evaluation, each before its update.
 * 5. Every run has one thread. Seconds are CPU seconds of the process over batches and steps: close to the wall clock of
 *    a quiet core, whatever else the machine does meanwhile. Evaluation and compilation are off the clock.
 * 6. A run whose loss is not a finite number ends there and counts as diverged.
 * 7. A gradient counts as one gradient-equivalent, a Hessian-vector product as two: it is the derivative of a gradient,
 *    which costs as much again for the forward and the backward half.
 */
export interface Protocol {
  readonly name: string;
  readonly title: string;
  readonly workloads: readonly WorkloadBudget[];
  readonly trials: number;
  readonly tuningSeed: number;
  readonly reportingSeeds: readonly number[];
  /** Sets the targets. */
  readonly reference: MethodName;
  /** Is compared with every other method. */
  readonly subject: MethodName;
}

/** What Hessian-vector products cost, in gradients. */
export const gradientsPerProduct = 2;

const rivals: readonly MethodName[] = ["sofim", "sgd", "adam", "adahessian", "nysNewton", "lbfgs"];
const ablations: readonly MethodName[] = [
  "momentOnly",
  "normalizedMoment",
  "clippedSgd",
  "sofimTensor",
  "sofimGradient",
];
const rules = { trials: 12, tuningSeed: 1, reference: "sgd", subject: "sofim" } as const;

/** Every protocol, by name. */
export const protocols = Object.freeze({
  /** Parts of MNIST and CIFAR-10 and short runs, so that the whole takes an hour or two on two cores. */
  paper: {
    name: "paper",
    title: "SOFIM and its rivals on image classification",
    workloads: [
      {
        workload: "glyphs-lenet5",
        trainImages: 6_400,
        validationImages: 1_000,
        testImages: 2_000,
        epochs: 4,
        evaluateEvery: 10,
        methods: [...rivals, "sofimWindow32", ...ablations],
      },
      {
        workload: "mnist-logreg",
        trainImages: 12_800,
        validationImages: 5_000,
        testImages: 5_000,
        epochs: 5,
        evaluateEvery: 20,
        methods: [...rivals, "sofimWindow32", ...ablations],
      },
      {
        workload: "mnist-lenet5",
        trainImages: 12_800,
        validationImages: 5_000,
        testImages: 5_000,
        epochs: 3,
        evaluateEvery: 20,
        methods: [...rivals, "sofimWindow32", ...ablations],
      },
      {
        workload: "cifar10-lenet5",
        trainImages: 16_000,
        validationImages: 5_000,
        testImages: 5_000,
        epochs: 3,
        evaluateEvery: 25,
        methods: [...rivals, "sofimWindow32"],
      },
    ],
    reportingSeeds: [101, 102, 103, 104, 105],
    ...rules,
  },
  smoke: {
    name: "smoke",
    title: "a few short runs, to see that everything works",
    workloads: [
      {
        workload: "glyphs-lenet5",
        trainImages: 512,
        validationImages: 128,
        testImages: 256,
        epochs: 2,
        evaluateEvery: 2,
        methods: ["sofim", "sgd", "momentOnly"],
      },
    ],
    ...rules,
    trials: 2,
    reportingSeeds: [101, 102],
  },
} satisfies Readonly<Record<string, Protocol>>);

export type ProtocolName = keyof typeof protocols;

export const protocolNames = Object.freeze(Object.keys(protocols)) as readonly ProtocolName[];

/** The methods of all workloads, each once, in the order of their first workload. */
export function methodsOf({ workloads }: Protocol): MethodName[] {
  return [...new Set(workloads.flatMap(({ methods }) => methods))];
}
