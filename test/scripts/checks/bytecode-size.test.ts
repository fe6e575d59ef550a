import { expect } from "chai";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { contractSizes, bytecodeProblems } from "../../../scripts/checks/bytecode-size.ts";

const EIP_170_BYTES = 24_576;

describe("bytecode size", () => {
  it("reads the artifacts, without interfaces, and refuses one byte over the limit of EIP-170", () => {
    const folder = mkdtempSync(join(tmpdir(), "ballast-artifacts-"));
    const write = (contractName: string, bytes: number) => {
      const artifact = { contractName, deployedBytecode: `0x${"00".repeat(bytes)}` };
      writeFileSync(join(folder, `${contractName}.json`), JSON.stringify(artifact));
    };
    try {
      write("Fits", EIP_170_BYTES);
      write("TooLarge", EIP_170_BYTES + 1);
      write("IOnly", 0);
      const sizes = contractSizes(folder);
      expect(sizes.map(({ name }) => name)).to.deep.equal(["TooLarge", "Fits"]);
      expect(bytecodeProblems(sizes)).to.have.length(1);
      expect(bytecodeProblems(sizes)[0]).to.contain("TooLarge: 24577 bytes");
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it("does not call a missing build small", () => {
    expect(bytecodeProblems(contractSizes(join(tmpdir(), "ballast-no-such-folder")))).to.have.length(1);
  });
});
