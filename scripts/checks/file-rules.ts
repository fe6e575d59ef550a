import type { ProjectFile } from "./project-files.ts";

const MAX_SOURCE_LINES = 350;
const SOURCE = /\.(sol|ts|tsx)$/;
const TYPESCRIPT = /\.(ts|tsx|mjs)$/;
const KEBAB_CASE = /^\.?[a-z0-9]+(-[a-z0-9]+)*(\.(test|config|d))?\.(ts|tsx|mjs)$/;
const PASCAL_CASE = /^[A-Z][A-Za-z0-9]*(\.t)?\.sol$/;

const baseName = (path: string): string => path.slice(path.lastIndexOf("/") + 1);

const countLines = (text: string): number => text.split("\n").length - (text.endsWith("\n") ? 1 : 0);

/** Source files longer than one idea. */
export const tooLongFiles = (files: readonly ProjectFile[]): readonly string[] =>
  files
    .filter(({ path }) => SOURCE.test(path))
    .map(({ path, text }) => ({ path, lines: countLines(text) }))
    .filter(({ lines }) => lines > MAX_SOURCE_LINES)
    .map(
      ({ path, lines }) =>
        `${path}: ${lines} lines, at most ${MAX_SOURCE_LINES}; it holds two ideas, split it`,
    );

/** Files whose name is not kebab-case (TypeScript) or PascalCase (Solidity), and barrels. */
export const badlyNamedFiles = (paths: readonly string[]): readonly string[] =>
  paths.flatMap((path) => {
    const name = baseName(path);
    if (/^index\.tsx?$/.test(name)) return [`${path}: a barrel; import from the file itself and remove it`];
    if (TYPESCRIPT.test(name) && !KEBAB_CASE.test(name)) return [`${path}: rename it in kebab-case`];
    if (name.endsWith(".sol") && !PASCAL_CASE.test(name)) return [`${path}: rename it in PascalCase`];
    return [];
  });

type TextRule = Readonly<{ pattern: RegExp; advice: string; only?: RegExp }>;

// Bracketed letters keep the patterns from matching this file.
const TEXT_RULES: readonly TextRule[] = [
  {
    pattern: /(?:^|[^A-Za-z0-9_.\]])\/(?:wor[k]|tm[p]|roo[t]|far[m]|hom[e]|User[s])\/[A-Za-z]/,
    advice: "a path of one machine; use a path inside the project",
  },
  { pattern: /BEGIN [A-Z ]*PRIVAT[E] KEY/, advice: "a private key; remove it and replace the key" },
  {
    pattern: /(?:private|secret|deployer|signer)_?key["']?\s*[:=]\s*["']?0x[0-9a-f]{64}\b/i,
    advice: "looks like a secret key; derive test keys from a named seed, keep real ones in a keystore",
  },
  {
    pattern: /\b(?:AKI[A][0-9A-Z]{16}|gh[pousr]_[A-Za-z0-9]{36}|np[m]_[A-Za-z0-9]{36})\b/,
    advice: "an access token; revoke it",
  },
  {
    // Hardhat's well-known test mnemonic is no secret.
    pattern:
      /(?:mnemonic|seed ?phrase)["']?\s*[:=]\s*["'](?!(?:test ){11}junk["'])(?:[a-z]+ ){11,23}[a-z]+["']/i,
    advice: "looks like a seed phrase; keep it in a keystore",
  },
  {
    pattern: /\b(?:TOD[O]|FIXM[E]|XX[X])\b/,
    advice: "a promise; do it or describe it in the decision notes",
    only: SOURCE,
  },
  {
    pattern: /eslint-disabl[e]|solhint-disabl[e]|@ts-ignor[e]|@ts-nochec[k]|@ts-expect-erro[r]/,
    advice: "a switched-off check; correct the code",
    only: SOURCE,
  },
  {
    pattern: /\b(?:describe|it|test)\.(?:onl[y]|ski[p])\(|\bxi[t]\(|\bxdescrib[e]\(|\bvm\.ski[p]\(/,
    advice: "a test that is skipped or runs alone; finish it",
    only: SOURCE,
  },
  {
    pattern: /"resolve[d]":/,
    advice: "an address in the lock file; install with omit-lockfile-registry-resolved",
    only: /package-lock\.json$/,
  },
];

/** Lines that hold what must not be in a repository: machine paths, secrets, switched-off checks, promises. */
export const forbiddenTexts = (files: readonly ProjectFile[]): readonly string[] =>
  files.flatMap(({ path, text }) => {
    const rules = TEXT_RULES.filter(({ only }) => only?.test(path) ?? true);
    const relevant = rules.filter(({ pattern }) => pattern.test(text) || new RegExp(pattern, "m").test(text));
    if (relevant.length === 0) return [];
    return text
      .split("\n")
      .flatMap((line, index) =>
        relevant
          .filter(({ pattern }) => pattern.test(line))
          .map(({ advice }) => `${path}:${index + 1}: ${advice}`),
      );
  });
