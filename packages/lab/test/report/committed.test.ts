import { readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { describe, expect, it } from "vitest";
import { readScorableResults } from "../../src/experiment/score/index.js";
import { makeExperimentReport } from "../../src/report/experiment/index.js";
import { root } from "../docs/snippets.js";

const folder = join(root, "results");
const pages = readdirSync(folder).filter((name) => name.endsWith(".html"));

describe("the reports in results/", () => {
  it("are what their lines give, byte for byte", async () => {
    expect(pages).toContain("paper.html");
    for (const page of pages) {
      const name = basename(page, ".html");
      const report = await makeExperimentReport(readScorableResults(join(folder, `${name}.jsonl`)), name);
      const differ = Object.entries({ html: report.html, md: report.markdown, svg: report.svg })
        .filter(([ending, text]) => readFileSync(join(folder, `${name}.${ending}`), "utf8") !== text)
        .map(([ending]) => `${name}.${ending}`);
      expect(differ, "make them anew: npx sofim report results").toEqual([]);
    }
  });
});
