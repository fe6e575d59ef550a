import { expect } from "chai";
import { toBeHex } from "ethers";
import { DEFAULT_PARAMETERS } from "../../../../keeper/core/protocol/parameters.ts";
import type { GossipMessage, ObservationMessage, ProposalMessage } from "../../../../keeper/ports/gossip.ts";
import { asHex, type Hex } from "../../../../keeper/ports/hex.ts";
import { createLeader, NAMED_BLOCK_DEPTH } from "../../../../keeper/services/protocol/leader.ts";
import { createRounds } from "../../../../keeper/services/protocol/rounds.ts";
import { recordingTelemetry } from "../../../support/keeper-doubles.ts";
import {
  ADDRESSES,
  COMMITTEE,
  NETWORKS,
  observationBy,
  ROUND,
  STRANGER,
} from "../../../support/lone-keeper.ts";
import { spotObservation, START_SECONDS } from "../../../support/simulated-keepers.ts";
import { virtualTime } from "../../../support/virtual-time.ts";

const { graceMs, resendMs } = DEFAULT_PARAMETERS;
const HEAD = 1_000n;

const blockAt = (number: bigint) => ({
  number,
  hash: asHex(toBeHex(number, 32)),
  timestampSeconds: START_SECONDS,
});

/** A leader alone, whose round was opened. */
function leading() {
  const [network] = NETWORKS;
  if (network === undefined) throw new RangeError("four keepers");
  const time = virtualTime(START_SECONDS);
  const telemetry = recordingTelemetry();
  const stop = new AbortController();
  const rounds = createRounds();
  const said: GossipMessage[] = [];
  const told: { readonly to: Hex; readonly message: GossipMessage }[] = [];
  const state = { isOpen: true, nodeFails: 0 };
  const leader = createLeader(
    {
      chain: {
        latestBlock: () =>
          state.nodeFails-- > 0
            ? Promise.reject(new Error("no node answers"))
            : Promise.resolve(blockAt(HEAD)),
        block: (number) => Promise.resolve(blockAt(number)),
      },
      gossip: {
        self: ADDRESSES[0] ?? STRANGER,
        publish: (message) => said.push(message),
        send: (to, message) => told.push({ to, message }),
        subscribe: () => () => undefined,
      },
      network,
      timer: time.timer,
      parameters: DEFAULT_PARAMETERS,
      telemetry,
      rounds,
      committee: () => COMMITTEE,
      before: () => null,
      isOpen: () => state.isOpen,
    },
    stop.signal,
  );
  const hear = (index: number, changes: Partial<ObservationMessage> = {}, as = index) => {
    leader.hear(ADDRESSES[as] ?? STRANGER, { ...observationBy(index), ...changes });
  };
  const round = rounds.of(ROUND);
  leader.open(round, START_SECONDS);
  const proposals = () => said.filter((message): message is ProposalMessage => message.kind === "proposal");
  const openAgain = (atSeconds: number) => {
    leader.open(round, atSeconds);
  };
  return { time, telemetry, said, told, round, state, hear, proposals, openAgain, stop };
}

describe("a leader", () => {
  it("asks again and again those who have not answered, and shows its proposal again to those who have not signed, until the slot is decided", async () => {
    const { time, said, told, round, hear, state, proposals } = leading();
    const again = async () => {
      told.length = 0;
      await time.run(resendMs);
      return told.map(({ to, message }) => `${message.kind} ${ADDRESSES.indexOf(to)}`);
    };
    expect(said.map(({ kind }) => kind)).to.deep.equal(["observe"]);
    expect(await again()).to.deep.equal(["observe 0", "observe 1", "observe 2", "observe 3"]);
    hear(1);
    expect(await again()).to.deep.equal(["observe 0", "observe 2", "observe 3"]);
    for (const index of [0, 2]) hear(index);
    const afterQuorum = ["proposal 0", "proposal 1", "proposal 2", "proposal 3"];
    expect(await again()).to.deep.equal(afterQuorum);
    round.heard.set(ADDRESSES[2] ?? STRANGER, new Map());
    expect(await again()).to.deep.equal(afterQuorum.filter((each) => each !== "proposal 2"));
    expect(new Set([...proposals(), ...told.map(({ message }) => message)]).size).to.equal(1);
    expect(
      said.map(({ kind }) => kind),
      "to all once",
    ).to.deep.equal(["observe", "proposal"]);
    state.isOpen = false;
    expect(await again()).to.deep.equal([]);
  });

  it("keeps to the moment for which a round was opened first, and asks no more often when it is opened again", async () => {
    const { time, said, told, hear, proposals, state, openAgain } = leading();
    for (const index of [0, 1]) hear(index);
    openAgain(START_SECONDS + 2);
    await time.run(resendMs);
    expect(said).to.have.length(1);
    expect(told.map(({ to }) => ADDRESSES.indexOf(to))).to.deep.equal([2, 3]);
    hear(2);
    await time.run(graceMs);
    expect(proposals()).to.have.length(1);
    expect(proposals()[0]).to.include({ observedAtSeconds: START_SECONDS });
    // Its own clock was ahead, and comes to the round again.
    state.isOpen = false;
    await time.run(resendMs);
    state.isOpen = true;
    openAgain(START_SECONDS + 3);
    await time.run(resendMs);
    expect(new Set(proposals()).size).to.equal(1);
    expect(proposals()).to.have.length(2);
  });

  it("waits a grace for the rest when it has a quorum", async () => {
    const { time, hear, proposals } = leading();
    for (const index of [0, 1, 2]) hear(index);
    await time.run(graceMs - 1);
    expect(proposals()).to.have.length(0);
    hear(3);
    await time.run(1);
    expect(proposals()[0]?.observations.map(({ from }) => from)).to.deep.equal(ADDRESSES);
  });

  it("proposes later in the round when the node failed at first", async () => {
    const { time, hear, state, proposals, telemetry } = leading();
    state.nodeFails = 2;
    for (const index of [0, 1, 2]) hear(index);
    await time.run(graceMs);
    expect(proposals()).to.have.length(0);
    expect(telemetry.lines.map(({ event }) => event)).to.include("round-not-led");
    await time.run(3 * resendMs);
    expect(proposals().length).to.be.greaterThan(0);
  });

  it("names a block a few behind the newest", async () => {
    const { time, hear, proposals } = leading();
    for (const index of [0, 1, 2]) hear(index);
    await time.run(graceMs);
    const [proposal] = proposals();
    expect(proposal?.blockNumber).to.equal(HEAD - NAMED_BLOCK_DEPTH);
    expect(proposal?.blockHash).to.equal(blockAt(HEAD - NAMED_BLOCK_DEPTH).hash);
  });

  it("takes only observations that their authors signed for this round and moment, and such as the oracle would take", async () => {
    const { time, hear, proposals, telemetry } = leading();
    for (const index of [0, 1]) hear(index);
    hear(2, { signature: observationBy(1).signature });
    hear(2, { observation: spotObservation(1n) });
    hear(2, {}, 3);
    hear(3, observationBy(3, { ...spotObservation(1n), markets: [] }));
    hear(3, observationBy(3, spotObservation(5n), START_SECONDS - 1));
    await time.run(2 * graceMs);
    expect(proposals()).to.have.length(0);
    const reasons = telemetry.lines.map(({ fields }) => String(fields["reason"]));
    expect(reasons.slice(0, 3)).to.deep.equal(Array.from({ length: 3 }, () => "its author did not sign it"));
    expect(reasons[3]).to.equal("0 markets, 1 expected");
  });

  it("looks at no more than two wrong observations of one keeper", async () => {
    const { time, hear, telemetry, proposals } = leading();
    for (let turn = 0; turn < 50; turn++) hear(2, { signature: observationBy(1).signature });
    expect(telemetry.lines).to.have.length(2);
    for (const index of [0, 1, 2, 3]) hear(index);
    await time.run(graceMs);
    expect(proposals()[0]?.observations.map(({ from }) => from)).not.to.include(ADDRESSES[2]);
  });

  it("keeps the first observation of each keeper", async () => {
    const { time, hear, proposals } = leading();
    for (const index of [0, 1]) hear(index);
    hear(1, observationBy(1, spotObservation(7n)));
    hear(2);
    await time.run(graceMs);
    const spots = proposals()[0]?.observations.map(
      ({ observation }) => observation.markets[0]?.market.spotE8,
    );
    expect(spots).to.deep.equal([5_000_000_000_000n, 5_000_000_000_001n, 5_000_000_000_002n]);
  });
});
