import { vi } from "vitest";
import { runSavingTests } from "./saving-suite.js";
import { runChecks } from "./suite.js";

vi.mock("@tensorflow/tfjs-core", () => import("@sofim/tfjs-minimal/core.js"));
vi.mock("@tensorflow/tfjs-layers", () => import("@sofim/tfjs-minimal/layers.js"));
vi.mock("@tensorflow/tfjs-backend-cpu", () => import("@sofim/tfjs-minimal/backend-cpu.js"));
vi.mock("@tensorflow/tfjs-backend-wasm", () => import("@sofim/tfjs-minimal/backend-wasm.js"));

runChecks(/^4\.0\.0$/);
runSavingTests();
