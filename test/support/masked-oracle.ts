// A contract that calls the oracle with the bits of its own call's data turned over: nothing in the transaction shows what the oracle is given.
import { concat, dataLength, toBeHex, type Signer } from "ethers";
import { asHex, type Hex } from "../../keeper/ports/hex.ts";

// i = 0; while (i < size) { memory[i] = ~data[i]; i += 32 }
const UNMASK = "0x5f5b368110156014578035198152602001600156";
// call the oracle with memory[0..size]; revert when it does
const CALL_HEAD = "0x5b5f5f365f5f73";
const CALL_TAIL = "0x5af16037575f5ffd5b00";
const INIT_BYTES = 10;

/** Deploys it; answers with its address. */
export async function deployMaskedOracle(deployer: Signer, oracle: string): Promise<Hex> {
  const code = concat([UNMASK, CALL_HEAD, oracle, CALL_TAIL]);
  const size = toBeHex(dataLength(code), 1);
  // PUSH1 size, PUSH1 offset, PUSH0, CODECOPY, PUSH1 size, PUSH0, RETURN
  const init = concat(["0x60", size, "0x60", toBeHex(INIT_BYTES, 1), "0x5f39", "0x60", size, "0x5ff3", code]);
  const sent = await deployer.sendTransaction({ data: init });
  const receipt = await sent.wait();
  return asHex(String(receipt?.contractAddress));
}

/** The same data with every bit turned over, in whole words. */
export function masked(data: string): Hex {
  const bytes = Buffer.from(data.slice("0x".length), "hex");
  return asHex(`0x${Buffer.from(bytes.map((byte) => byte ^ 0xff)).toString("hex")}`);
}
