/*
 * Puts the repository's README and licence beside the package that npm packs, and takes them away afterwards: npm packs
 * only what lies in a package's folder. Run by `prepack` with `copy`, by `postpack` with `remove`.
 */
import { copyFileSync, rmSync } from "node:fs";

const documents = ["README.md", "LICENSE"];
const [, , action] = process.argv;

for (const name of documents) {
  if (action === "copy") copyFileSync(new URL(`../${name}`, import.meta.url), name);
  else rmSync(name, { force: true });
}
