export { type Environment, readEnvironment } from "../environment.js";
export { type PageContext, renderPage } from "./page.js";
export type { ReportedRun } from "./run.js";
export { finalTable, type SummaryTable, targetTable } from "./summary.js";
export { renderTerminalTable } from "./terminal-table.js";
