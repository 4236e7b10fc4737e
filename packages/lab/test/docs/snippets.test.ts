import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { hasRealData, realDataDir } from "../real-data.js";
import { findSnippets, root, type Snippet, snippetsOf } from "./snippets.js";

const snippets = findSnippets();
const folder = join(root, "packages/lab/.doctest");
const fileOf = ({ place }: Snippet) => `${place.replaceAll(/[^\w]+/g, "-")}.ts`;
const programs = snippets.filter(({ language }) => language === "ts");
const shells = snippets.filter(({ language }) => language === "sh");

/** Shell lines that the tests do not run, because they install, download, are the tests or take more than an hour. */
const notRun = [
  /^npm /,
  /^npx sofim data download /,
  /^cd /,
  /^git clone /,
  /^apt-get /,
  /^npx sofim bench --suite paper /,
  /^npx sofim report results$/,
];

beforeAll(() => {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  for (const snippet of programs)
    writeFileSync(join(folder, fileOf(snippet)), `${snippet.code}\nexport {};\n`);
  const compilerOptions = { noEmit: true, declaration: false, declarationMap: false, noUnusedLocals: false };
  const config = { extends: "../../../tsconfig.base.json", compilerOptions, files: programs.map(fileOf) };
  writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(config));
});

describe("examples in the documentation", () => {
  it("are found", () => {
    expect(programs.length).toBeGreaterThan(5);
    expect(snippetsOf("a.md", "x\n```ts\nlet a;\n```\n")).toEqual([
      { place: "a.md:2", language: "ts", code: "let a;" },
    ]);
    expect(snippetsOf("a.ts", " * ```ts\n * let a;\n *\n * a = 1;\n * ```")[0]?.code).toBe(
      "let a;\n\na = 1;",
    );
    expect(() => snippetsOf("a.md", "```ts\n")).toThrow("a.md:1");
  });

  it("are all in a language that is run here", () => {
    const others = snippets.filter(({ language }) => !["ts", "sh", "text", "bibtex"].includes(language));
    expect(others.map(({ place, language }) => `${place}: ${language}`)).toEqual([]);
  });

  it("type-check", () => {
    const tsc = join(root, "node_modules/.bin/tsc");
    const { stdout, status } = spawnSync(tsc, ["--project", folder], { encoding: "utf8" });
    expect({ stdout, status }).toEqual({ stdout: "", status: 0 });
  });

  it.each(programs.map((snippet) => [snippet.place, snippet] as const))("%s runs", async (_, snippet) => {
    await import(/* @vite-ignore */ join(folder, fileOf(snippet)));
  });
});

describe("commands in the documentation", () => {
  const lines = shells.flatMap(({ place, code }) =>
    code
      .replaceAll("\\\n", " ")
      .split("\n")
      .map((line) => line.replace(/\s+#.*$/, "").trim())
      .filter((line) => line !== "")
      .map((line) => ({ place, line })),
  );
  const haveMnist = hasRealData("mnist");
  const run = lines
    .filter(({ line }) => !notRun.some((pattern) => pattern.test(line)))
    .filter(({ line }) => haveMnist || !/mnist|cifar|fashion/.test(line));

  /** One for each block, so that a line finds what the lines before it have made. */
  const folders = new Map<string, string>();
  const folderOf = (place: string): string => {
    const known = folders.get(place) ?? mkdtempSync(join(tmpdir(), "sofim-docs-"));
    folders.set(place, known);
    return known;
  };
  afterAll(() => {
    for (const cwd of folders.values()) rmSync(cwd, { recursive: true });
  });

  it.each(run.map(({ place, line }) => [place, line] as const))("%s: %s", (place, line) => {
    expect(line).toMatch(/^npx sofim /);
    const main = join(root, "packages/lab/dist/cli/main.js");
    execFileSync(process.execPath, [main, ...line.split(/\s+/).slice(2)], {
      cwd: folderOf(place),
      stdio: "pipe",
      env: { ...process.env, SOFIM_DATA_DIR: realDataDir },
    });
  });
});
