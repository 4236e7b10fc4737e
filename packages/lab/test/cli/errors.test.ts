import { readFile } from "node:fs/promises";
import { InvalidArgumentError } from "sofim/core";
import { describe, expect, it, vi } from "vitest";
import { reportError } from "../../src/cli/errors.js";

function report(error: unknown): { code: number; stderr: string } {
  const spy = vi.spyOn(process.stderr, "write").mockReturnValue(true);
  const code = reportError(error, false);
  const stderr = spy.mock.calls.map(([text]) => String(text)).join("");
  spy.mockRestore();
  return { code, stderr };
}

describe("reportError", () => {
  it("says of bad input what is wrong with it", () => {
    const error = new InvalidArgumentError("rho", 0, "more");
    expect(report(error)).toEqual({ code: 2, stderr: "sofim: rho: got 0, want more\n" });
  });

  it("does not call what the system refused a fault of the program", async () => {
    const error = await readFile("/dev/null/x").catch((thrown: unknown) => thrown);
    expect(report(error)).toEqual({
      code: 1,
      stderr: "sofim: ENOTDIR: not a directory, open '/dev/null/x'\n",
    });
  });

  it("says of all else that it should not happen", () => {
    expect(report(new TypeError("x"))).toEqual({
      code: 1,
      stderr: "sofim: x\nThis should not happen. Run again with --debug to see where.\n",
    });
  });
});
