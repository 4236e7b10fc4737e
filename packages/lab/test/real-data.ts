/** Real data sets, for the tests that can use them. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** Where they may be: in `SOFIM_DATA_DIR`, else beside the repository. */
export const realDataDir =
  process.env.SOFIM_DATA_DIR ?? fileURLToPath(new URL("../../../../shared/data", import.meta.url));

/** Whether a data set is there; says so once for each that is missing. */
export function hasRealData(name: "mnist" | "cifar10"): boolean {
  const found = existsSync(join(realDataDir, name));
  if (!found) {
    console.warn(
      `no ${name} in $SOFIM_DATA_DIR or ../shared/data: its tests are skipped, the embedded digits serve`,
    );
  }
  return found;
}
