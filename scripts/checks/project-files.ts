import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { PROJECT_ROOT } from "../run-command.ts";

export type ProjectFile = Readonly<{ path: string; text: string }>;

const MAX_GIT_OUTPUT_BYTES = 64 * 1024 * 1024;
const BINARY_SUFFIX = /\.(png|jpg|ico|woff2?|gz|zip|wasm)$/;
const MODE_SYMBOLIC_LINK = "120000";

const git = (args: readonly string[]): string =>
  execFileSync("git", args, { cwd: PROJECT_ROOT, encoding: "utf8", maxBuffer: MAX_GIT_OUTPUT_BYTES });

/** Every file that git holds or would add, by path from the root. */
export const listProjectPaths = (): readonly string[] => {
  const deleted = new Set(git(["ls-files", "-z", "--deleted"]).split("\0"));
  const listed = git(["ls-files", "-z", "--cached", "--others", "--exclude-standard"]).split("\0");
  return [...new Set(listed)].filter((path) => path !== "" && !deleted.has(path));
};

/** Links that git holds: they point to somewhere on one machine and break every other clone. */
export const listTrackedLinks = (): readonly string[] =>
  git(["ls-files", "-z", "--stage"])
    .split("\0")
    .filter((row) => row.startsWith(MODE_SYMBOLIC_LINK))
    .map((row) => row.slice(row.indexOf("\t") + 1));

/** Reads the text files among `paths`. */
export const readProjectFiles = (paths: readonly string[]): readonly ProjectFile[] => {
  const links = new Set(listTrackedLinks());
  return paths
    .filter((path) => !BINARY_SUFFIX.test(path) && !links.has(path))
    .map((path) => ({ path, text: readFileSync(`${PROJECT_ROOT}${path}`, "utf8") }));
};
