import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type BrowserContext, chromium } from "playwright-core";
import { rolldown } from "rolldown";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { BrowserResult } from "./browser-page.js";
import { checks } from "./checks.js";

const executablePath = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"].find(
  existsSync,
);
if (executablePath === undefined)
  console.warn("no Chromium on this machine: the checks on webgl are left out");

/** The page as one script, made of the sources. */
async function bundle(): Promise<string> {
  const input = fileURLToPath(new URL("browser-page.ts", import.meta.url));
  const build = await rolldown({ input, platform: "browser", logLevel: "silent" });
  const { output } = await build.generate({ format: "iife" });
  await build.close();
  return output[0].code;
}

function serve(script: string): Promise<Server> {
  const server = createServer((request, response) => {
    const isScript = request.url === "/page.js";
    response.setHeader("content-type", isScript ? "text/javascript" : "text/html");
    response.end(isScript ? script : '<!doctype html><script src="/page.js"></script>');
  });
  return new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(server)));
}

describe.skipIf(executablePath === undefined)("on webgl in Chromium", () => {
  const profile = mkdtempSync(join(tmpdir(), "sofim-chromium-"));
  let server: Server | undefined;
  let browser: BrowserContext | undefined;
  let results: ReadonlyMap<string, BrowserResult>;

  beforeAll(async () => {
    server = await serve(await bundle());
    browser = await chromium.launchPersistentContext(profile, {
      executablePath: executablePath!,
      headless: true,
      args: [
        "--no-sandbox",
        "--use-gl=angle",
        "--use-angle=swiftshader",
        "--enable-unsafe-swiftshader",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--no-first-run",
      ],
    });
    const page = await browser.newPage();
    await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
    const run = await page.evaluate<{ backend: string; float32: boolean; results: BrowserResult[] }>(
      "runChecks()",
    );
    expect(run).toMatchObject({ backend: "webgl", float32: true });
    results = new Map(run.results.map((result) => [result.name, result]));
  }, 300_000);

  afterAll(async () => {
    await browser?.close();
    server?.close();
    rmSync(profile, { recursive: true, force: true });
  });

  it.each(checks)("$name", ({ name }) => {
    const { value, atMost } = results.get(name)!;
    expect(typeof value === "string" ? value : undefined).toBeUndefined();
    expect(value).toBeLessThanOrEqual(atMost);
  });
});
