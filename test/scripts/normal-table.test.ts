import { readFileSync } from "node:fs";
import { expect } from "chai";
import { keccak256 } from "ethers";
import { normalTableSource, normalTableWords } from "../../scripts/normal-table.ts";

const contractText = (path: string): string =>
  readFileSync(new URL(`../../contracts/${path}`, import.meta.url), "utf8");

describe("the committed table of the normal distribution", () => {
  const words = normalTableWords();

  it("is what its generator writes, to the byte", () => {
    expect(contractText("margin/NormalCdfTable.sol") === normalTableSource(words)).to.equal(true);
  });

  it("has the code hash that the margin engine asks for", () => {
    const named = /CDF_CODE_HASH = (0x[0-9a-f]{64});/.exec(contractText("libraries/NormalCdf.sol"));
    expect(named?.[1]).to.equal(keccak256(`0x00${words.join("")}`));
  });
});
