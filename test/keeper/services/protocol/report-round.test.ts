import { expect } from "chai";
import type { Observation } from "../../../../keeper/core/report/aggregate.ts";
import { packSmileWord, unpackMarketWord, type SmileFields } from "../../../../keeper/core/report/words.ts";
import type { ProposalMessage } from "../../../../keeper/ports/gossip.ts";
import { asHex } from "../../../../keeper/ports/hex.ts";
import { transmitReport } from "../../../../keeper/services/protocol/transmission.ts";
import { BLOCK } from "../../../support/keeper-doubles.ts";
import {
  EPOCH,
  honestObservation,
  ROUND,
  testNetwork,
  type TestNetwork,
} from "../../../support/keeper-round.ts";
import { DEFAULT_PARAMETERS, slotAt } from "../../../../keeper/core/protocol/parameters.ts";
import { RANDOM_OBSERVED_AT } from "../../../support/random-books.ts";
import {
  completed,
  joinKeepers,
  settled,
  honest,
  distorted,
  runRound,
  signersOf,
  refusals,
  signaturesBy,
  observationBy,
  proposal,
  openedRound,
} from "../../../support/report-rounds.ts";

const STRANGER = asHex(`0x${"77".repeat(20)}`);

describe("a report round", () => {
  it("gets one hash signed by a quorum of distinct keepers, rising by address", async () => {
    const { network, signed } = await runRound();
    const signers = signersOf(network, signed);
    expect(signers).to.have.length(3);
    expect(new Set(signers).size).to.equal(3);
    expect(signers).to.deep.equal([...signers].sort((a, b) => (BigInt(a ?? 0) < BigInt(b ?? 0) ? -1 : 1)));
    const hashes = network.heard.flatMap(({ message }) =>
      message.kind === "signature" ? [message.head.payloadHash] : [],
    );
    expect(hashes).to.have.length(4);
    expect(new Set(hashes).size).to.equal(1);
  });

  it("is posted once: who comes second stays silent", async () => {
    const { network, signed } = await runRound();
    expect(await transmitReport(network.oracle.chain, signed)).not.to.equal(null);
    expect(await transmitReport(network.oracle.chain, signed)).to.equal(null);
    expect(network.oracle.reports).to.have.length(1);
  });

  for (const silent of [1, 2, 3])
    it(`does not wait for keeper ${silent.toString()} when it is silent`, async () => {
      const { network, signed } = await runRound({ silent: [silent] });
      const missing = network.keepers[silent as 1 | 2 | 3].signer.address;
      expect(signersOf(network, signed)).to.have.length(3).and.not.include(missing);
    });

  it("completes nothing when two of four are silent", async () => {
    const network = testNetwork({ silent: [1, 2] });
    const stop = new AbortController();
    const { finals, begin } = await joinKeepers(network, stop.signal);
    await begin();
    await settled();
    stop.abort();
    expect(finals).to.have.length(0);
  });

  it("answers no other epoch, no one out of turn, and no time that is not its own", async () => {
    const network = testNetwork();
    const stop = new AbortController();
    await joinKeepers(network, stop.signal);
    const open = (leader: 0 | 1, epoch: bigint, observedAtSeconds: number, round = ROUND) => {
      network.keepers[leader].gossip.publish({ kind: "observe", epoch, round, observedAtSeconds });
    };
    open(0, EPOCH + 1n, RANDOM_OBSERVED_AT);
    open(1, EPOCH, RANDOM_OBSERVED_AT);
    open(0, EPOCH, RANDOM_OBSERVED_AT, ROUND + 1);
    open(0, EPOCH, RANDOM_OBSERVED_AT + 7, slotAt(RANDOM_OBSERVED_AT + 7, DEFAULT_PARAMETERS));
    await settled();
    stop.abort();
    const reasons = refusals(network.keepers[2]);
    expect(reasons).to.match(/epoch 5 is not the present 4/);
    expect(reasons).to.match(/does not lead epoch 4/);
    expect(reasons).to.match(/is not in slot/);
    expect(reasons).to.match(/observed 7 s from this keeper's time/);
  });

  it("is refused when the chain has a newer one", async () => {
    const { network, stop } = await openedRound();
    network.oracle.state.header = { epoch: EPOCH, round: ROUND, observedAtSeconds: RANDOM_OBSERVED_AT };
    network.keepers[0].gossip.publish(proposal(network));
    await settled();
    stop.abort();
    expect(refusals(network.keepers[2])).to.include("is not after the chain's");
  });
});

/** What an honest keeper sees, with other slices. */
function resliced(change: (smiles: readonly SmileFields[]) => readonly SmileFields[]): Observation {
  const [, seen] = honest;
  if (seen === undefined) throw new Error("four keepers observe");
  const markets = seen.markets.map(({ market, smiles }) => {
    const next = change(smiles);
    return { market: { ...market, smileCount: BigInt(next.length) }, smiles: next };
  });
  return { ...seen, markets };
}

describe("a lying keeper", () => {
  const lies: Readonly<Record<string, Observation>> = {
    "a spot a thousand times too high": distorted(1_000n, 1n),
    "a spot of zero": distorted(0n, 1n),
    "a surface of twice the variance": distorted(1n, 2n),
    "no expiries at all": {
      ...honestObservation(1),
      markets: (honest[0]?.markets ?? []).map(({ market }) => ({
        market: { ...market, smileCount: 0n },
        smiles: [],
      })),
    },
    "one expiry twice": resliced((smiles) => [...smiles, ...smiles.slice(-1)]),
    "expiries that fall": resliced((smiles) => [...smiles.slice(1), ...smiles.slice(0, 1)]),
    "total variance that falls": resliced((smiles) =>
      smiles.map((smile, index) => (index === 0 ? { ...smile, aE10: 5n * smile.aE10 } : smile)),
    ),
    "other markets": { ...honestObservation(1), markets: [] },
    "numbers that no word can hold": {
      ...honestObservation(1),
      markets: (honest[0]?.markets ?? []).map(({ market, smiles }) => ({
        market: { ...market, spotE8: -1n },
        smiles,
      })),
    },
  };
  for (const [name, lie] of Object.entries(lies))
    for (const liar of [1, 3])
      it(`with ${name} (keeper ${liar.toString()}) leaves the report between honest views`, async () => {
        const { network, signed } = await runRound({ views: { [liar]: lie } });
        const views = honest.filter((_, index) => index !== liar);
        signed.report.markets.forEach((word, index) => {
          const market = unpackMarketWord(word);
          const spots = views.map((view) => view.markets[index]?.market.spotE8 ?? 0n);
          const sigmas = views.map((view) => view.markets[index]?.market.sigmaE9 ?? 0n);
          expect(spots).to.include(market.spotE8);
          expect(sigmas).to.include(market.sigmaE9);
          expect(market.dispersionBps <= 20n, `dispersion ${market.dispersionBps.toString()}`).to.equal(true);
        });
        const surfaces = views.map((view) => view.markets.flatMap(({ smiles }) => smiles.map(packSmileWord)));
        expect(surfaces).to.deep.include(signed.report.smiles);
        expect(await transmitReport(network.oracle.chain, signed)).not.to.equal(null);
      });

  it("cannot block a round with a signature that is not its own", async () => {
    const network = testNetwork();
    const stop = new AbortController();
    const [leader, liar, ...others] = network.keepers;
    const { finals, begin } = await joinKeepers(network, stop.signal, [0, 2, 3]);
    liar.gossip.subscribe((from, message) => {
      if (message.kind === "signature" && from !== liar.gossip.self) liar.gossip.publish(message);
      if (message.kind === "observe") liar.gossip.publish(observationBy(network, 1, honestObservation(1)));
      if (message.kind === "proposal") {
        const { epoch, round, observedAtSeconds: observedAt, blockNumber, blockHash } = message;
        const { configDigest } = network.oracle.state.keeperSet;
        const payloadHash = BLOCK.hash;
        const head = { configDigest, epoch, round, observedAt, blockNumber, blockHash, payloadHash };
        liar.gossip.publish({ kind: "signature", head, signature: "0x1234" });
      }
    });
    await begin();
    const signed = await completed(finals);
    stop.abort();
    expect(signersOf(network, signed)).to.have.members(
      [leader, ...others].map(({ signer }) => signer.address),
    );
  });

  it("cannot block a round by saying two things: the first counts for all", async () => {
    const network = testNetwork();
    const stop = new AbortController();
    const [leader, liar] = network.keepers;
    const { finals, begin } = await joinKeepers(network, stop.signal, [0, 2, 3]);
    liar.gossip.subscribe((_, message) => {
      if (message.kind !== "observe") return;
      for (const observation of [honestObservation(1.0002), distorted(3n, 1n)])
        liar.gossip.send(leader.gossip.self, observationBy(network, 1, observation));
    });
    await begin();
    const signed = await completed(finals);
    stop.abort();
    expect(signed.signatures).to.have.length(3);
  });
});

describe("a follower", () => {
  it("signs a proposal that repeats what was said, once", async () => {
    const { network, stop } = await openedRound();
    network.keepers[0].gossip.publish(proposal(network));
    await settled();
    stop.abort();
    for (const keeper of network.keepers) expect(signaturesBy(network, keeper)).to.have.length(1);
  });

  it("never signs a report for a round for which another stands in its record", async () => {
    const { network, stop } = await openedRound();
    const [leader, , forgetful] = network.keepers;
    const { configDigest } = network.oracle.state.keeperSet;
    const slot = `report/${configDigest}/${EPOCH.toString()}/${ROUND.toString()}`;
    await forgetful.store.record(slot, BLOCK.hash);
    leader.gossip.publish(proposal(network));
    await settled();
    stop.abort();
    expect(signaturesBy(network, forgetful)).to.have.length(0);
    expect(refusals(forgetful)).to.include("another report stands recorded");
  });

  it("signs nothing else when the leader changes its mind", async () => {
    const { network, stop } = await openedRound();
    const full = proposal(network);
    network.keepers[0].gossip.publish(full);
    await settled();
    network.keepers[0].gossip.publish({ ...full, observations: full.observations.slice(1) });
    await settled();
    stop.abort();
    for (const keeper of network.keepers) {
      const hashes = signaturesBy(network, keeper).map(({ message }) =>
        message.kind === "signature" ? message.head.payloadHash : null,
      );
      expect(new Set(hashes).size).to.equal(1);
    }
  });

  const altered = (network: TestNetwork, index: number) => {
    const { observations } = proposal(network);
    return observations.map((entry, position) =>
      position === index ? { ...entry, observation: honestObservation(1.002) } : entry,
    );
  };
  for (const index of [0, 1, 3])
    it(`refuses a proposal that alters what keeper ${index.toString()} said`, async () => {
      const { network, stop } = await openedRound();
      network.keepers[0].gossip.publish(proposal(network, { observations: altered(network, index) }));
      await settled();
      stop.abort();
      for (const keeper of network.keepers) {
        expect(signaturesBy(network, keeper)).to.have.length(0);
        expect(refusals(keeper)).to.include("did not make");
      }
    });

  const cases: Readonly<
    Record<string, { change: (network: TestNetwork) => Partial<ProposalMessage>; reason: string }>
  > = {
    "names a block of another chain": {
      change: () => ({ blockHash: `0x${"ee".repeat(32)}` }),
      reason: "is not 0xee",
    },
    "names a block that does not exist": { change: () => ({ blockNumber: 43n }), reason: "block 43 is not" },
    "counts one keeper twice": {
      change: (network) => ({
        observations: [...proposal(network).observations, ...proposal(network).observations.slice(0, 1)],
      }),
      reason: "one keeper observed twice",
    },
    "counts a stranger": {
      change: (network) => ({
        observations: [
          ...proposal(network).observations.slice(1),
          { from: BLOCK.hash, observation: honestObservation(1), signature: "0x" },
        ],
      }),
      reason: "is not a keeper",
    },
    "carries too few observations": {
      change: (network) => ({ observations: proposal(network).observations.slice(2) }),
      reason: "2 observations, 3 needed",
    },
  };
  for (const [name, { change, reason }] of Object.entries(cases))
    it(`refuses a proposal that ${name}`, async () => {
      const { network, stop } = await openedRound();
      network.keepers[0].gossip.publish(proposal(network, change(network)));
      await settled();
      stop.abort();
      for (const keeper of network.keepers) {
        expect(signaturesBy(network, keeper)).to.have.length(0);
        expect(refusals(keeper)).to.include(reason);
      }
    });

  it("signs nothing when its key is not in the set, and the others go on", async () => {
    const network = testNetwork();
    const { keeperSet } = network.oracle.state;
    const gone = network.keepers[3].signer.address;
    const keepers = keeperSet.keepers.map((keeper) => (keeper === gone ? STRANGER : keeper));
    network.oracle.state.keeperSet = { ...keeperSet, keepers };
    const stop = new AbortController();
    const { finals, begin } = await joinKeepers(network, stop.signal);
    await begin();
    const signed = await completed(finals);
    stop.abort();
    expect(signersOf(network, signed)).not.to.include(gone);
    expect(signaturesBy(network, network.keepers[3])).to.have.length(0);
    expect(refusals(network.keepers[3])).to.include(`${gone} is not among the keepers`);
  });

  it("refuses a spot far from its own, though all others see it", async () => {
    const views = { 0: honestObservation(1.05), 1: honestObservation(1.05), 2: honestObservation(1.05) };
    const { network, signed } = await runRound({ views });
    expect(signersOf(network, signed)).not.to.include(network.keepers[3].signer.address);
    expect(refusals(network.keepers[3])).to.match(/spot \d+ against own \d+/);
  });

  it("signs nothing that the oracle would refuse, though all see it", async () => {
    const network = testNetwork();
    const { limits } = network.oracle.state;
    network.oracle.state.limits = limits.map((each) => ({ ...each, maxPsiE9: each.minPsiE9 }));
    const stop = new AbortController();
    const { finals, begin } = await joinKeepers(network, stop.signal);
    await begin();
    await settled();
    await settled();
    stop.abort();
    expect(finals).to.have.length(0);
    for (const keeper of network.keepers) {
      expect(signaturesBy(network, keeper)).to.have.length(0);
      expect(refusals(keeper)).to.include("the oracle would refuse it: ValueOutOfBounds(1, psi");
    }
  });

  it("stays silent after it was stopped", async () => {
    const { network, stop } = await openedRound();
    stop.abort();
    network.keepers[0].gossip.publish(proposal(network));
    await settled();
    expect(network.heard.filter(({ message }) => message.kind === "signature")).to.have.length(0);
  });
});
