import { existsSync } from "node:fs";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { downloadFiles } from "../../src/data/download.js";
import { DataError } from "../../src/data/index.js";
import { Random } from "../../src/data/random.js";
import { messageOfFailure, temporaryFolder } from "./helpers.js";
import { serve, serveThenDrop, sourceFile, startMirror } from "./mirror.js";

const random = new Random(5);
const bytes = Buffer.from(Uint32Array.from({ length: 100_000 }, () => random.uint32()).buffer);
const other = Buffer.from(bytes).fill(0, 1_000, 2_000);

const holds = async (folder: string, file: string, content: Buffer): Promise<boolean> =>
  (await readFile(join(folder, file))).equals(content);

describe("downloadFiles", () => {
  it("downloads a file, reports progress, and does not download it again", async () => {
    const folder = join(await temporaryFolder(), "made", "on", "demand");
    const mirror = await startMirror(serve(bytes));
    const file = sourceFile(bytes, mirror);
    const seen: number[] = [];
    const first = await downloadFiles([file], folder, { onProgress: (_, received) => seen.push(received) });
    expect(first).toEqual([{ path: join(folder, "file.bin"), bytes: bytes.length, outcome: "downloaded" }]);
    expect(await holds(folder, "file.bin", bytes)).toBe(true);
    expect(await readdir(folder)).toEqual(["file.bin"]);
    expect(seen.at(-1)).toBe(bytes.length);
    expect(seen).toEqual([...seen].sort((a, b) => a - b));
    const second = await downloadFiles([file], folder);
    expect(second[0]?.outcome).toBe("present");
    expect(mirror.ranges).toEqual([null]);
  });

  it("refuses a folder that cannot be made before it asks a mirror", async () => {
    const taken = join(await temporaryFolder(), "taken");
    await writeFile(taken, "");
    const mirror = await startMirror(serve(bytes));
    const folder = join(taken, "folder");
    expect(await messageOfFailure(() => downloadFiles([sourceFile(bytes, mirror)], folder))).toBe(
      `${folder}: cannot be made (ENOTDIR)`,
    );
    expect(mirror.ranges).toEqual([]);
  });

  it("replaces a file that is not the official one", async () => {
    const folder = await temporaryFolder();
    await writeFile(join(folder, "file.bin"), other);
    await downloadFiles([sourceFile(bytes, await startMirror(serve(bytes)))], folder);
    expect(await holds(folder, "file.bin", bytes)).toBe(true);
  });

  it("continues a partial file of an earlier download", async () => {
    const folder = await temporaryFolder();
    await writeFile(join(folder, "file.bin.part"), bytes.subarray(0, 123_456));
    const mirror = await startMirror(serve(bytes));
    await downloadFiles([sourceFile(bytes, mirror)], folder);
    expect(mirror.ranges).toEqual(["bytes=123456-"]);
    expect(await holds(folder, "file.bin", bytes)).toBe(true);
    expect(await readdir(folder)).toEqual(["file.bin"]);
  });

  it("starts afresh at a mirror that sends no parts", async () => {
    const folder = await temporaryFolder();
    await writeFile(join(folder, "file.bin.part"), bytes.subarray(0, 123_456));
    const mirror = await startMirror((_request, response) => response.end(bytes));
    await downloadFiles([sourceFile(bytes, mirror)], folder);
    expect(await holds(folder, "file.bin", bytes)).toBe(true);
  });

  it("continues at the next mirror where one dropped the connection", async () => {
    const folder = await temporaryFolder();
    const broken = await startMirror(serveThenDrop(bytes, 65_536));
    const good = await startMirror(serve(bytes));
    await downloadFiles([sourceFile(bytes, broken, good)], folder);
    expect(good.ranges).toEqual(["bytes=65536-"]);
    expect(await holds(folder, "file.bin", bytes)).toBe(true);
  });

  it("goes on to the next mirror after a wrong checksum, a wrong length or an error page", async () => {
    const folder = await temporaryFolder();
    const corrupt = await startMirror(serve(other));
    const short = await startMirror(serve(bytes.subarray(0, 500)));
    const missing = await startMirror((_request, response) => response.writeHead(404).end("no such file"));
    const good = await startMirror(serve(bytes));
    await downloadFiles([sourceFile(bytes, corrupt, short, missing, good)], folder);
    // What the corrupt mirror sent is not continued.
    expect(good.ranges).toEqual([null]);
    expect(await holds(folder, "file.bin", bytes)).toBe(true);
  });

  it("does not blame a mirror for the partial file it continued", async () => {
    const folder = await temporaryFolder();
    await writeFile(join(folder, "file.bin.part"), other.subarray(0, 50_000));
    const mirror = await startMirror(serve(bytes));
    await downloadFiles([sourceFile(bytes, mirror)], folder);
    expect(mirror.ranges).toEqual(["bytes=50000-", null]);
    expect(await holds(folder, "file.bin", bytes)).toBe(true);
  });

  it("reports every mirror's failure, and leaves nothing behind", async () => {
    const folder = await temporaryFolder();
    const corrupt = await startMirror(serve(other));
    const short = await startMirror(serve(bytes.subarray(0, 500)));
    const missing = await startMirror((_request, response) => response.writeHead(404).end());
    const endless = await startMirror((_request, response) => {
      response.write(other);
      response.end(other);
    });
    const file = sourceFile(bytes, missing, short, endless, corrupt);
    await expect(downloadFiles([file], folder)).rejects.toBeInstanceOf(DataError);
    const message = await messageOfFailure(() => downloadFiles([file], folder));
    expect(message).toContain("file.bin: could not be downloaded from any of its mirrors:");
    expect(message).toContain(`${missing.url} answers HTTP 404 Not Found`);
    expect(message).toContain(`${short.url} offers 500 bytes, want 400000`);
    expect(message).toContain(`${endless.url} sends more than the 400000 bytes of the file`);
    expect(message).toContain(`${corrupt.url} sends a file with SHA-256 ${sourceFile(other).sha256}`);
    expect(message).toContain(`want ${file.sha256}`);
    expect(await readdir(folder)).toEqual([]);
  });

  it("gives up on a mirror that stands still, and keeps what it sent for the next call", async () => {
    const folder = await temporaryFolder();
    const still = await startMirror((_request, response) => {
      response.writeHead(200, { "content-length": bytes.length });
      response.write(bytes.subarray(0, 65_536));
    });
    const file = sourceFile(bytes, still);
    const message = await messageOfFailure(() => downloadFiles([file], folder, { stallTimeout: 300 }));
    expect(message).toContain("sent nothing for 0.3 s");
    expect(existsSync(join(folder, "file.bin"))).toBe(false);
    expect(await holds(folder, "file.bin.part", bytes.subarray(0, 65_536))).toBe(true);
  });

  it("stops when told to, with the signal's reason and without the file", async () => {
    const folder = await temporaryFolder();
    const controller = new AbortController();
    const still = await startMirror((_request, response) => {
      response.writeHead(200, { "content-length": bytes.length });
      response.write(bytes.subarray(0, 65_536));
    });
    const unused = await startMirror(serve(bytes));
    const download = downloadFiles([sourceFile(bytes, still, unused)], folder, {
      signal: controller.signal,
      onProgress: () => controller.abort(new Error("enough")),
    });
    await expect(download).rejects.toThrow("enough");
    expect(unused.ranges).toEqual([]);
    expect(await readdir(folder)).toEqual(["file.bin.part"]);
  });
});
