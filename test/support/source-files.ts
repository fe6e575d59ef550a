import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { PROJECT_ROOT } from "../../scripts/run-command.ts";

/** All TypeScript of a folder of the project as one text. */
export const sourcesOf = (folder: string): string =>
  readdirSync(`${PROJECT_ROOT}${folder}`, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts"))
    .map((name) => readFileSync(join(PROJECT_ROOT, folder, name), "utf8"))
    .join("\n");
