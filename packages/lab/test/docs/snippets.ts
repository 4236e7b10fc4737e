/** Finds the code in the documentation: fenced blocks of Markdown files and `@example`s of docstrings. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export const root = fileURLToPath(new URL("../../../..", import.meta.url));

export interface Snippet {
  /** File and line, such as `README.md:12`. */
  readonly place: string;
  readonly language: string;
  readonly code: string;
}

/** What npm has in a package's folder while it packs it. */
const isCopy = (file: string) => /^packages\/\w+\/README\.md$/.test(file);

/** Files and folders of the project's own text: everything but what is installed, built or copied. */
const isOwn = (file: string) => !isCopy(file) && !/(^|\/)(node_modules|dist|\.[\w-]+|out)\//.test(`${file}/`);

const isDocumented = (file: string) =>
  file.endsWith(".md") || (/^packages\/\w+\/src\//.test(file) && file.endsWith(".ts"));

function list(folder: string): readonly string[] {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const file = join(folder, entry.name);
    if (!isOwn(file)) return [];
    return entry.isDirectory() ? list(file) : [file];
  });
}

/** Every fenced block that names its language, in documents and in docstrings. */
export function findSnippets(): readonly Snippet[] {
  return list("")
    .filter(isDocumented)
    .flatMap((file) => snippetsOf(file, readFileSync(join(root, file), "utf8")));
}

/** The fenced blocks of one text; a docstring's leading ` * ` is taken off its lines. */
export function snippetsOf(file: string, text: string): readonly Snippet[] {
  const found: Snippet[] = [];
  let open: { language: string; line: number; code: string[] } | undefined;
  text.split("\n").forEach((raw, i) => {
    const line = file.endsWith(".ts") ? raw.replace(/^\s*\* ?/, "") : raw;
    const fence = /^\s*```(\w*)\s*$/.exec(line);
    if (fence === null) open?.code.push(line);
    else if (open === undefined) open = { language: fence[1]!, line: i + 1, code: [] };
    else {
      if (open.language !== "") {
        found.push({ place: `${file}:${open.line}`, language: open.language, code: open.code.join("\n") });
      }
      open = undefined;
    }
  });
  if (open !== undefined) throw new Error(`${file}:${open.line}: a code block is not closed`);
  return found;
}
