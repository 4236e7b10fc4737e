import { SingleBar } from "cli-progress";
import type { StepLog, StepReport, TrainObserver } from "../train/loop.js";
import type { Evaluation } from "../train/result.js";

const barFormat =
  "{label} epoch {epoch}/{epochs} [{bar}] {percentage}% | loss {loss} | accuracy {accuracy} | {rate} images/s | {eta_formatted} left";

/** Shows a run's progress on stderr: a bar on a terminal, else one line per epoch. Call `stop` at its end. */
export interface ProgressDisplay extends TrainObserver {
  stop(): void;
}

/** The display that fits stderr. */
export function progressDisplay(label: string): ProgressDisplay {
  return process.stderr.isTTY ? barDisplay(label) : lineDisplay(label);
}

function barDisplay(label: string): ProgressDisplay {
  const bar = new SingleBar({
    format: barFormat,
    stream: process.stderr,
    barsize: 24,
    hideCursor: true,
    etaBuffer: 50,
  });
  let accuracy = "–";
  return {
    onStart({ steps, epochs }) {
      bar.start(steps, 0, { label, epoch: 1, epochs, loss: "–", accuracy, rate: "–" });
    },
    onStep(report) {
      bar.update(report.step, { ...stepTokens(report), accuracy });
    },
    // Takes the bar's line; the bar is drawn again below it at the next step.
    onLog: (log) => process.stderr.write(`\r\u001b[K${formatLog(log)}\n`),
    onEvaluation(evaluation) {
      accuracy = formatAccuracy(evaluation);
    },
    stop: () => bar.stop(),
  };
}

function lineDisplay(label: string): ProgressDisplay {
  let latest: StepReport | undefined;
  return {
    onStep(report) {
      latest = report;
    },
    onLog: (log) => process.stderr.write(`${formatLog(log)}\n`),
    onEvaluation(evaluation) {
      if (latest === undefined || evaluation.step % latest.stepsPerEpoch !== 0) return;
      const { epoch, epochs, rate } = { ...latest, ...stepTokens(latest) };
      const loss = evaluation.trainLoss.toFixed(4);
      process.stderr.write(
        `${label} epoch ${epoch}/${epochs}: train loss ${loss}, test loss ${evaluation.testLoss.toFixed(4)}, ` +
          `accuracy ${formatAccuracy(evaluation)}, ${rate} images/s, ${evaluation.seconds.toFixed(1)} s\n`,
      );
    },
    stop() {},
  };
}

function formatLog({ step, loss, hyperparams, diagnostics }: StepLog): string {
  const numbers = { loss, ...hyperparams, ...diagnostics };
  const parts = Object.entries(numbers).map(([name, value]) => `${name} ${value.toPrecision(4)}`);
  return `step ${step}: ${parts.join(", ")}`;
}

function stepTokens({ epoch, epochs, loss, imagesPerSecond }: StepReport) {
  return { epoch, epochs, loss: loss.toFixed(4), rate: Math.round(imagesPerSecond) };
}

function formatAccuracy({ testAccuracy }: Evaluation): string {
  return `${(100 * testAccuracy).toFixed(2)} %`;
}
