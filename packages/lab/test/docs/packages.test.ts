import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { root } from "./snippets.js";

interface Packed {
  readonly name: string;
  readonly files: readonly { readonly path: string }[];
}

const folders = { sofim: "packages/sofim", "@sofim/lab": "packages/lab" };

it.each(Object.entries(folders))(
  "%s is packed with README, licence and all that it exports",
  (name, folder) => {
    const args = ["pack", "--dry-run", "--json", "--silent", "--workspace", name];
    const [packed] = JSON.parse(execFileSync("npm", args, { cwd: root, encoding: "utf8" })) as Packed[];
    const paths = packed!.files.map(({ path }) => path);
    const manifest = JSON.parse(readFileSync(join(root, folder, "package.json"), "utf8"));
    const exported = Object.values<Record<string, string>>(manifest.exports).flatMap((entry) =>
      Object.values(entry).map((path) => path.replace("./", "")),
    );
    expect(packed!.name).toBe(name);
    expect(paths).toEqual(expect.arrayContaining(["README.md", "LICENSE", ...exported]));
    for (const file of ["README.md", "LICENSE"]) expect(existsSync(join(root, folder, file))).toBe(false);
  },
);
