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

const flags = [
  "--no-sandbox",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--no-first-run",
];
/** A WebGPU that computes on the CPU: slow, but no GPU is needed. */
const software = ["--enable-unsafe-webgpu", "--use-webgpu-adapter=swiftshader"];

describe.skipIf(executablePath === undefined)("the engine in Chromium", () => {
  const profiles: string[] = [];
  const browsers: BrowserContext[] = [];
  let server: Server;
  let native: LenetRun;

  beforeAll(async () => {
    native = await trainLenet({ device: "cpu", threads: 1 }, 6);
    server = await serve();
  });

  afterAll(async () => {
    for (const browser of browsers) await browser.close();
    server?.close();
    for (const profile of profiles) rmSync(profile, { recursive: true, force: true });
  });

  async function launch(args: readonly string[]): Promise<BrowserContext> {
    const profile = mkdtempSync(join(tmpdir(), "sofim-chromium-"));
    profiles.push(profile);
    const browser = await chromium.launchPersistentContext(profile, {
      executablePath: executablePath!,
      headless: true,
      args: [...flags, ...args],
    });
    browsers.push(browser);
    return browser;
  }

  async function trainInPage(
    browser: BrowserContext,
    path: string,
    options: SessionOptions,
    steps = 6,
  ): Promise<LenetRun> {
    const page = await browser.newPage();
    await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`);
    const run = await page.evaluate<LenetRun>(`trainLenet(${JSON.stringify(options)}, ${steps})`);
    await page.close();
    return run;
  }

  function expectSameLosses({ losses }: LenetRun, steps = 6): void {
    expect(losses).toHaveLength(steps);
    losses.forEach((loss, i) => {
      expect(Math.abs(loss - native.losses[i]!)).toBeLessThan(1e-4); // steps apart, other kernels
    });
    expect(losses.at(-1)).toBeLessThan(losses[0]!);
  }

  describe("without a GPU", () => {
    let browser: BrowserContext;
    beforeAll(async () => {
      browser = await launch(["--disable-gpu"]);
    });

    it("trains LeNet-5 on wasm without being told, as in Node", async () => {
      const run = await trainInPage(browser, "/", {});
      expect(run.info).toMatchObject({ device: "wasm", threads: 1, compilations: 1 });
      expectSameLosses(run);
    });

    it("trains with threads in an isolated page", async () => {
      const run = await trainInPage(browser, "/isolated", { threads: 2 });
      expect(run.info).toMatchObject({ device: "wasm", threads: 2 });
      expectSameLosses(run);
    });

    it.each<[SessionOptions, RegExp]>([
      [{ device: "cpu" }, /device: got "cpu", want one that is there \("wasm"\): a browser does not have it/],
      [{ device: "webgpu" }, /device: got "webgpu", want one that is there \("wasm"\): .*GPU adapter/],
      [{ threads: 2 }, /threads: got 2, want at most 1: .*cross-origin isolated/],
    ])("refuses %o, which this page does not have", async (options, message) => {
      await expect(trainInPage(browser, "/", options)).rejects.toThrow(message);
    });
  });

  it("trains LeNet-5 on webgpu, with its state there", async () => {
    const steps = 3; // most of the time goes into shaders
    const run = await trainInPage(await launch(software), "/", { device: "webgpu" }, steps);
    const provider = "WebGpuExecutionProvider";
    expect(run.info).toMatchObject({ device: "webgpu", provider, results: "kept", compilations: 1 });
    expectSameLosses(run, steps);
  }, 300_000);
});
