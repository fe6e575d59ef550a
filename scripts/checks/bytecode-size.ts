import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { PROJECT_ROOT } from "../run-command.ts";

/** EIP-170: the largest contract that a chain accepts. */
const MAX_CONTRACT_BYTES = 24_576;

type ContractSize = Readonly<{ name: string; bytes: number }>;

type Artifact = Readonly<{ contractName: string; deployedBytecode: string }>;

const isArtifact = (value: unknown): value is Artifact =>
  typeof value === "object" &&
  value !== null &&
  "contractName" in value &&
  "deployedBytecode" in value &&
  typeof value.contractName === "string" &&
  typeof value.deployedBytecode === "string";

const HEX_DIGITS_PER_BYTE = 2;
const HEX_PREFIX_DIGITS = 2;

/** Size of each deployable contract under `folder` of the build's artifacts, largest first. */
export const contractSizes = (
  folder = join(PROJECT_ROOT, "artifacts/contracts"),
): readonly ContractSize[] => {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(".json"))
    .map((path): unknown => JSON.parse(readFileSync(join(folder, path), "utf8")))
    .filter(isArtifact)
    .map(({ contractName, deployedBytecode }) => ({
      name: contractName,
      bytes: (deployedBytecode.length - HEX_PREFIX_DIGITS) / HEX_DIGITS_PER_BYTE,
    }))
    .filter(({ bytes }) => bytes > 0)
    .sort((a, b) => b.bytes - a.bytes);
};

/** Contracts that no chain would accept, or the build that is missing. */
export const bytecodeProblems = (sizes: readonly ContractSize[]): readonly string[] => {
  if (sizes.length === 0) return ["No contract was built, so no size is known; run `npm run build` first"];
  return sizes
    .filter(({ bytes }) => bytes > MAX_CONTRACT_BYTES)
    .map(
      ({ name, bytes }) =>
        `${name}: ${bytes} bytes, at most ${MAX_CONTRACT_BYTES}; split it or move code to a library`,
    );
};
