import { fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { RunPlan } from "../../src/experiment/plan.js";
import { protocols } from "../../src/experiment/protocol.js";
import { temporaryFolder } from "../data/helpers.js";

const workerScript = fileURLToPath(new URL("../../dist/experiment/worker.js", import.meta.url));

it("a worker ends with the message of one of our errors, and no stack", async () => {
  const { paper } = protocols;
  const workloads = paper.workloads.filter(({ workload }) => workload === "mnist-logreg");
  const folder = await temporaryFolder();
  const worker = fork(workerScript, [folder], { serialization: "advanced", silent: true });
  let stderr = "";
  worker.stderr!.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
  });
  worker.send(new RunPlan({ ...paper, workloads }, []).take()!);
  const code = await new Promise((resolve) => worker.on("close", resolve));
  expect(code).toBe(1);
  expect(stderr).toMatch(/^mnist: no data file at .*\n$/);
});
