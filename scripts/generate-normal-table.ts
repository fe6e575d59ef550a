// Writes contracts/margin/NormalCdfTable.sol; with --check compares it instead and prints the code hash.
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { keccak256 } from "ethers";
import { normalTableSource, normalTableWords } from "./normal-table.ts";

const target = fileURLToPath(new URL("../contracts/margin/NormalCdfTable.sol", import.meta.url));
const words = normalTableWords();
const source = normalTableSource(words);
if (process.argv.includes("--check")) {
  if (readFileSync(target, "utf8") !== source)
    throw new Error("NormalCdfTable.sol is not what the script writes");
} else {
  writeFileSync(target, source);
}
console.log(`code hash ${keccak256(`0x00${words.join("")}`)}`);
