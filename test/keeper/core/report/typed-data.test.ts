import { expect } from "chai";
import { TypedDataEncoder, type TypedDataField } from "ethers";
import { RISK_REPORT_TYPES, SCENARIO_SET_TYPES } from "../../../../keeper/core/report/typed-data.ts";

function encodedType(name: string, fields: readonly TypedDataField[]): string {
  return TypedDataEncoder.from({ [name]: [...fields] }).encodeType(name);
}

describe("typed data", () => {
  it("has the type strings that the contracts hash", () => {
    expect(encodedType("RiskReport", RISK_REPORT_TYPES.RiskReport)).to.equal(
      "RiskReport(bytes32 configDigest,uint64 epoch,uint32 round,uint40 observedAt,uint64 blockNumber,bytes32 blockHash,bytes32 payloadHash)",
    );
    expect(encodedType("ScenarioSet", SCENARIO_SET_TYPES.ScenarioSet)).to.equal(
      "ScenarioSet(bytes32 configDigest,uint64 setId,bytes32 dataHash)",
    );
  });
});
