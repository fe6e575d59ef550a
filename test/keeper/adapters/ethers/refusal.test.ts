import { expect } from "chai";
import { makeError } from "ethers";
import { refusing } from "../../../../keeper/adapters/ethers/refusal.ts";
import { IKeeperStaking__factory } from "../../../../types/ethers-contracts/factories/interfaces/IKeeperStaking__factory.ts";
import { ChainRefusal } from "../../../../keeper/ports/clearing-chain.ts";

const STAKING = IKeeperStaking__factory.createInterface();
const RAW = `0x${"ab".repeat(300)}`;

/** The reason of a refusal for an error that ethers throws. */
async function reasonOf(error: unknown): Promise<string> {
  const thrown: unknown = await refusing("joining", [STAKING], () => Promise.reject(error as Error)).catch(
    (refused: unknown) => refused,
  );
  if (!(thrown instanceof ChainRefusal)) throw new TypeError("no refusal");
  expect(thrown.message).to.match(/^joining was refused: /);
  return thrown.reason;
}

describe("a refusal of the chain", () => {
  it("is the contract's own error with its arguments", async () => {
    const data = STAKING.encodeErrorResult("NotEnoughKeepers", [3, 4]);
    const error = makeError("reverted", "CALL_EXCEPTION", {
      action: "call",
      data,
      reason: null,
      transaction: { to: null, data: RAW },
      invocation: null,
      revert: null,
    });
    expect(await reasonOf(error)).to.equal("NotEnoughKeepers(3, 4)");
  });

  it("is else what the node said, without the transaction that ethers repeats", async () => {
    const info = { error: { code: -32_000, message: "Nonce too low", data: null } };
    const error = makeError("nonce has already been used", "NONCE_EXPIRED", {
      transaction: { data: RAW },
      info,
    });
    expect(error.message).to.include(RAW);
    expect(await reasonOf(error)).to.equal("Nonce too low");
  });

  it("is what the node said of an error that ethers has no name for, above all that an account cannot pay", async () => {
    const message = "Sender doesn't have enough funds to send tx";
    for (const data of [null, "0x", { message }])
      expect(
        await reasonOf(makeError("could not coalesce error", "UNKNOWN_ERROR", { error: { message, data } })),
      ).to.equal(message);
    const data = STAKING.encodeErrorResult("NotEnoughKeepers", [3, 4]);
    for (const form of [data, { data }])
      expect(
        await reasonOf(
          makeError("could not coalesce error", "UNKNOWN_ERROR", { error: { message, data: form } }),
        ),
      ).to.equal("NotEnoughKeepers(3, 4)");
  });

  it("is ethers' short message when the node said nothing, and any other error's own", async () => {
    const error = makeError("nonce has already been used", "NONCE_EXPIRED", {
      transaction: { data: RAW },
    });
    expect(await reasonOf(error)).to.equal("nonce has already been used");
    expect(await reasonOf(new Error("odd"))).to.equal("odd");
    expect(await reasonOf("thrown text")).to.equal("thrown text");
  });
});
