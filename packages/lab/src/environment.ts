import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { availableParallelism, cpus, totalmem } from "node:os";

/** What the numbers of a report depend on besides the code. */
export interface Environment {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGiB: number;
  readonly platform: string;
  /** Package name to version. */
  readonly versions: Readonly<Record<string, string>>;
}

const reportedPackages = ["@sofim/lab", "sofim", "@jax-js/jax", "onnxruntime-node"] as const;

/** Reads the machine and the versions of the packages that did the work. */
export function readEnvironment(): Environment {
  const versions: Record<string, string> = { node: process.versions.node };
  for (const name of reportedPackages) versions[name] = packageVersion(name);
  return {
    cpu: cpus()[0]?.model.trim() ?? "unknown",
    cores: availableParallelism(),
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    platform: `${process.platform} ${process.arch}`,
    versions,
  };
}

/** The version in the package.json that `name` resolves to from here. */
function packageVersion(name: string): string {
  const require = createRequire(import.meta.url);
  // Not require(`${name}/package.json`): an exports map may hide that file.
  for (const folder of require.resolve.paths(name) ?? []) {
    try {
      const manifest: unknown = JSON.parse(readFileSync(`${folder}/${name}/package.json`, "utf8"));
      if (typeof manifest === "object" && manifest !== null && "version" in manifest) {
        return String(manifest.version);
      }
    } catch (error) {
      if (!isMissing(error)) throw error;
    }
  }
  return "unknown";
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && "code" in error && (error.code === "ENOENT" || error.code === "ENOTDIR");
}
