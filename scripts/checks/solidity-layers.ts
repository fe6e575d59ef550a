import { posix } from "node:path";
import type { ProjectFile } from "./project-files.ts";

// types <- interfaces, libraries <- the domains <- periphery. Domains meet only through interfaces.
// mocks stand in for outside contracts (tokens, price feeds) in the demo and the chain tests.
const DOMAINS = ["oracle", "clearing", "margin", "trading", "liquidation", "governance"];
const SHARED = ["types", "interfaces", "libraries"];
const MAY_IMPORT: ReadonlyMap<string, readonly string[]> = new Map([
  ["types", ["types"]],
  ["interfaces", ["types", "interfaces"]],
  ["libraries", ["types", "libraries"]],
  ...DOMAINS.map((domain) => [domain, [...SHARED, domain]] as const),
  ["periphery", [...SHARED, ...DOMAINS, "periphery"]],
  ["mocks", [...SHARED, "mocks"]],
]);

const PACKAGES = /^(@openzeppelin\/contracts|solady\/src)\//;
// The only files of the Chainlink package that we use: they are MIT, the package as a whole is not.
const CHAINLINK_MIT_FILE =
  /^@chainlink\/contracts\/src\/v0\.8\/(.+\/)?(AggregatorV3Interface|AutomationCompatibleInterface|MockV3Aggregator)\.sol$/;

const IMPORT = /^\s*import\s+(?:[^"';]*?\sfrom\s+)?["']([^"']+)["']/gm;
const COMMENT = /\/\*[\s\S]*?\*\/|\/\/[^\n]*/g;

const importsOf = (text: string): readonly string[] =>
  [...text.replaceAll(COMMENT, "").matchAll(IMPORT)].map((match) => match[1] ?? "");

const layerOf = (path: string): string | undefined => /^contracts\/([^/]+)\/.+\.sol$/.exec(path)?.[1];

const packageProblem = (path: string, imported: string): string | undefined => {
  if (imported.startsWith("@chainlink/")) {
    if (CHAINLINK_MIT_FILE.test(imported)) return undefined;
    return `${path}: ${imported} may not be MIT-licensed; only the three files named in NOTICE may be used`;
  }
  if (PACKAGES.test(imported)) return undefined;
  return `${path}: ${imported} is not a package that contracts use; use OpenZeppelin or solady`;
};

const layerProblem = (path: string, layer: string, imported: string): string | undefined => {
  const target = posix.normalize(posix.join(posix.dirname(path), imported));
  const targetLayer = layerOf(target);
  if (targetLayer !== undefined && MAY_IMPORT.get(layer)?.includes(targetLayer) === true) return undefined;
  const allowed = MAY_IMPORT.get(layer)?.join(", ") ?? "nothing";
  return `${path}: ${layer} may not import ${target}; it may import ${allowed} (go through an interface)`;
};

/** Imports that break the order of the layers in contracts/, or use a package file whose licence we do not hold. */
export const solidityLayerProblems = (files: readonly ProjectFile[]): readonly string[] =>
  files
    .filter(({ path }) => path.startsWith("contracts/") && path.endsWith(".sol"))
    .flatMap(({ path, text }) => {
      const layer = layerOf(path);
      if (layer === undefined || !MAY_IMPORT.has(layer)) {
        return [`${path}: no layer; put it into one of ${[...MAY_IMPORT.keys()].join(", ")}`];
      }
      return importsOf(text).flatMap((imported) => {
        const problem = imported.startsWith(".")
          ? layerProblem(path, layer, imported)
          : packageProblem(path, imported);
        return problem === undefined ? [] : [problem];
      });
    });

/** Package files whose licence we do not hold, imported by test contracts (which are free of the layers). */
export const testImportProblems = (files: readonly ProjectFile[]): readonly string[] =>
  files
    .filter(({ path }) => path.startsWith("test/") && path.endsWith(".sol"))
    .flatMap(({ path, text }) =>
      importsOf(text)
        .filter((imported) => imported.startsWith("@chainlink/"))
        .flatMap((imported) => packageProblem(path, imported) ?? []),
    );
