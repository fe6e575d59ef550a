import { expect } from "chai";
import { networkKeyOf } from "../../../../keeper/adapters/keystore/network-key.ts";
import { createNetworkSigner } from "../../../../keeper/adapters/keystore/network-signer.ts";
import {
  observationBytes,
  type ObservationContext,
} from "../../../../keeper/core/protocol/observation-bytes.ts";
import { NO_ACCOUNT_ROOT } from "../../../../keeper/core/report/account-root.ts";
import { packMarketWord, packSmileWord } from "../../../../keeper/core/report/words.ts";
import { HONEST_ROOT, honestObservation } from "../../../support/keeper-round.ts";

const CONTEXT: ObservationContext = {
  configDigest: `0x${"cd".repeat(32)}`,
  epoch: 7n,
  round: 118_000_000,
  observedAtSeconds: 1_770_000_000,
};
const SEED = new Uint8Array(32).fill(1);

describe("an observation's bytes", () => {
  const observation = honestObservation(1);
  const signer = createNetworkSigner(networkKeyOf(SEED));

  it("begin with what they are, for which keepers, round and time, and the account-risk root", () => {
    const bytes = Buffer.from(observationBytes(CONTEXT, observation));
    expect(bytes.subarray(0, 28).toString()).to.equal("ballast-keeper/observation/2");
    expect(bytes.subarray(28, 60).toString("hex")).to.equal("cd".repeat(32));
    expect([
      bytes.readBigUInt64BE(60),
      bytes.readUInt32BE(68),
      bytes.readBigUInt64BE(72),
      bytes.readUInt16BE(80),
    ]).to.deep.equal([7n, 118_000_000, 1_770_000_000n, 10_000]);
    expect(bytes.subarray(82, 114).toString("hex")).to.equal(HONEST_ROOT.slice(2));
  });

  it("go on with each market's word, the number of its smiles and their words, and end there", () => {
    const bytes = Buffer.from(observationBytes(CONTEXT, observation));
    const hex = (word: bigint) => word.toString(16).padStart(64, "0");
    const count = (length: number) => length.toString(16).padStart(2, "0");
    const rest = observation.markets.map(
      ({ market, smiles }) =>
        hex(packMarketWord(market)) +
        count(smiles.length) +
        smiles.map((each) => hex(packSmileWord(each))).join(""),
    );
    expect(bytes.subarray(114).toString("hex")).to.equal(count(observation.markets.length) + rest.join(""));
  });

  it("carry a signature that holds for no other round, time, keeper set, view or key", () => {
    const signature = signer.sign(observationBytes(CONTEXT, observation));
    const holds = (context: ObservationContext, view = observation, key = signer.publicKey) =>
      signer.verify(key, observationBytes(context, view), signature);
    expect(holds(CONTEXT)).to.equal(true);
    expect(holds({ ...CONTEXT, epoch: 8n })).to.equal(false);
    expect(holds({ ...CONTEXT, round: 118_000_001 })).to.equal(false);
    expect(holds({ ...CONTEXT, observedAtSeconds: 1_770_000_001 })).to.equal(false);
    expect(holds({ ...CONTEXT, configDigest: `0x${"ce".repeat(32)}` })).to.equal(false);
    expect(holds(CONTEXT, honestObservation(1.001))).to.equal(false);
    expect(holds(CONTEXT, { ...observation, accountRoot: NO_ACCOUNT_ROOT })).to.equal(false);
    expect(holds(CONTEXT, observation, networkKeyOf(new Uint8Array(32).fill(2)).publicKey)).to.equal(false);
  });

  it("are none when a field does not hold its value; a broken key or signature is just not valid", () => {
    expect(() => observationBytes({ ...CONTEXT, epoch: 2n ** 64n }, observation)).to.throw("epoch");
    expect(() => observationBytes({ ...CONTEXT, round: -1 }, observation)).to.throw("round");
    const bytes = observationBytes(CONTEXT, observation);
    expect(signer.verify("0x12", bytes, "0x34")).to.equal(false);
    expect(signer.verify(signer.publicKey, bytes, "0x")).to.equal(false);
  });
});
