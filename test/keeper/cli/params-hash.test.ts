import { expect } from "chai";
import { AbiCoder, keccak256 } from "ethers";
import { IRiskConfig__factory } from "../../../types/ethers-contracts/factories/interfaces/IRiskConfig__factory.ts";
import { CommandError } from "../../../keeper/cli/failure.ts";
import { hashAfter } from "../../../keeper/cli/params-hash.ts";
import { liquidationParams } from "../../support/risk-params.ts";

const abi = IRiskConfig__factory.createInterface();
const PREVIOUS = `0x${"ab".repeat(32)}`;

describe("the hash after a vote", () => {
  it("is that of the set in the call, whatever the hash before", () => {
    const [type] = abi.getFunction("setLiquidationParams").inputs;
    if (type === undefined) throw new TypeError("the setter takes a set");
    const encoded = AbiCoder.defaultAbiCoder().encode([type], [liquidationParams()]);
    const calldata = abi.encodeFunctionData("setLiquidationParams", [liquidationParams(), PREVIOUS]);
    expect(hashAfter(calldata)).to.deep.equal({ set: "liquidation", hash: keccak256(encoded) });
  });

  it("is of nothing for any other call", () => {
    for (const calldata of ["0x", "0x12345678", "nonsense", abi.encodeFunctionData("marginParamsHash")])
      expect(() => hashAfter(calldata), calldata).to.throw(CommandError, "no call that sets");
  });
});
