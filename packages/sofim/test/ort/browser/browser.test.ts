import { existsSync, mkdtempSync, rmSync } from "node:fs";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type BrowserContext, chromium } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { SessionOptions } from "../../../src/ort/index.js";
import { type LenetRun, trainLenet } from "./lenet.js";
import { serve } from "./site.js";

const executablePath = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"].find(
  existsSync,
);
if (executablePath === undefined)
  console.warn("no Chromium on this machine: training in a browser is left out");

describe.skipIf(executablePath === undefined)("the engine in Chromium", () => {
  const profile = mkdtempSync(join(tmpdir(), "sofim-chromium-"));
  let server: Server;
  let browser: BrowserContext;
  let native: LenetRun;

  beforeAll(async () => {
    native = await trainLenet({ device: "cpu", threads: 1 });
    server = await serve();
    const args = [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
      "--no-first-run",
    ];
    browser = await chromium.launchPersistentContext(profile, {
      executablePath: executablePath!,
      headless: true,
      args,
    });
  });

  afterAll(async () => {
    await browser?.close();
    server?.close();
    rmSync(profile, { recursive: true, force: true });
  });

  async function trainInPage(path: string, options: SessionOptions): Promise<LenetRun> {
    const page = await browser.newPage();
    await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`);
    const run = await page.evaluate<LenetRun>(`trainLenet(${JSON.stringify(options)})`);
    await page.close();
    return run;
  }

  function expectSameLosses({ losses }: LenetRun): void {
    expect(losses).toHaveLength(native.losses.length);
    losses.forEach((loss, i) => {
      expect(Math.abs(loss - native.losses[i]!)).toBeLessThan(1e-4); // steps apart, other kernels
    });
    expect(losses.at(-1)).toBeLessThan(losses[0]!);
  }

  it("trains LeNet-5 on wasm without being told, as in Node", async () => {
    const run = await trainInPage("/", {});
    expect(run.info).toMatchObject({ device: "wasm", threads: 1, compilations: 1 });
    expectSameLosses(run);
  });

  it("trains with threads in an isolated page", async () => {
    const run = await trainInPage("/isolated", { threads: 2 });
    expect(run.info).toMatchObject({ device: "wasm", threads: 2 });
    expectSameLosses(run);
  });

  it.each<[SessionOptions, RegExp]>([
    [{ device: "cpu" }, /device: got "cpu", want one that is there \("wasm"\): a browser does not have it/],
    [{ threads: 2 }, /threads: got 2, want at most 1: .*cross-origin isolated/],
  ])("refuses %o in a page that is not isolated", async (options, message) => {
    await expect(trainInPage("/", options)).rejects.toThrow(message);
  });
});
