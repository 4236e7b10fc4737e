import { vi } from "vitest";
import { runChecks } from "./suite.js";

// On backends whose queue no step waits for, such as webgl, the step is another one: here it runs on cpu and wasm.
vi.mock(import("../../src/tfjs/host-products.js"), async (load) => ({
  ...(await load()),
  readsAtOnce: () => false,
}));

runChecks(/^4\./);
