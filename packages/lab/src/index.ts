export * from "./data/index.js";
export * from "./models/index.js";
export * from "./report/index.js";
export * from "./study/index.js";
export * from "./train/index.js";
export * from "./workloads/index.js";
