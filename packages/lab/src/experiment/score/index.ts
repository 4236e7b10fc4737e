export { readScorableResults } from "./check-results.js";
export { type Comparison, fewestPairs, type PairedTimes, type Verdict } from "./comparison.js";
export { type Profile, performanceProfiles } from "./profiles.js";
export { finalValues, type Metric, metrics, valuesOf, worstValues } from "./run-groups.js";
export { type MethodScore, type Scores, scoreResults, type WorkloadScore } from "./score-results.js";
export { rankSharedSettings, type SharedSetting } from "./shared-settings.js";
export type { Cost, TimeToTarget } from "./time-to-target.js";
