// Modules that Node loads before a program, and what each of them is told: by the environment. By their address they would be another module each time, which
// Node compiles in the program's own process, and the compiler stays: 10 to 20 MB.
import { basename } from "node:path";
import { fileURLToPath } from "node:url";

/** What a program is started with beside its own arguments. */
export interface Preload {
  /** For Node, before the program. */
  readonly args: readonly string[];
  /** NAME=value, for the environment. */
  readonly variables: readonly string[];
}

/** @param urls of the modules; what follows a ? is what the module is told */
export function preload(urls: readonly string[]): Preload {
  const parts = urls.map((url) => {
    const { search, href } = new URL(url);
    return { href: href.slice(0, href.length - search.length), search };
  });
  return {
    args: parts.map(({ href }) => `--import=${href}`),
    variables: parts.map(({ href, search }) => `${variableOf(href)}=${search}`),
  };
}

/** What the module of this address was told; nothing when it was not. */
export function toldTo(moduleUrl: string): URLSearchParams {
  return new URLSearchParams(process.env[variableOf(moduleUrl)]);
}

function variableOf(moduleUrl: string): string {
  const name = basename(fileURLToPath(moduleUrl), ".ts");
  return `PRELOAD_${name.replaceAll("-", "_").toUpperCase()}`;
}
