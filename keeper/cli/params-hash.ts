import { AbiCoder, keccak256, type TransactionDescription } from "ethers";
import { IRiskConfig__factory } from "../../types/ethers-contracts/factories/interfaces/IRiskConfig__factory.ts";
import { CommandError } from "./failure.ts";

const SETTERS: Readonly<Record<string, ParamsHash["set"]>> = {
  setMarginParams: "margin",
  setOracleParams: "oracle",
  setLiquidationParams: "liquidation",
};

/** The hash that a set of parameters will have once a call has put it in force. */
export interface ParamsHash {
  readonly set: "margin" | "oracle" | "liquidation";
  readonly hash: string;
}

/**
 * The hash after a call to RiskConfig, as the contract computes it: of the set in the ABI's encoding.
 * @throws CommandError `not-a-setter` for any other call
 */
export function hashAfter(calldata: string): ParamsHash {
  const call = parse(calldata);
  const set = call === null ? undefined : SETTERS[call.name];
  const [type] = call?.fragment.inputs ?? [];
  if (call === null || set === undefined || type === undefined)
    throw new CommandError(
      "not-a-setter",
      "this is no call that sets margin, oracle or liquidation parameters",
      "copy the calldata of the proposal's action whose target is RiskConfig",
    );
  return { set, hash: keccak256(AbiCoder.defaultAbiCoder().encode([type], [call.args[0]])) };
}

function parse(calldata: string): TransactionDescription | null {
  try {
    return IRiskConfig__factory.createInterface().parseTransaction({ data: calldata });
  } catch {
    return null;
  }
}
