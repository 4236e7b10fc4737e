import { runSavingTests } from "./saving-suite.js";
import { runChecks } from "./suite.js";

runChecks(/^4\.(2[2-9]|[3-9]\d)\./);
runSavingTests();
