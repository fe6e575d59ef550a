import { expect } from "chai";
import fc from "fast-check";
import {
  claimedKind,
  type MessageKind,
  messageLimits,
} from "../../../../keeper/adapters/wire/message-limits.ts";
import {
  MAX_KEEPERS,
  MAX_MARKETS,
  MAX_MESSAGE_BYTES,
  MAX_REPORT_SMILES,
  MAX_SCENARIO_BYTES,
  MAX_SMILES,
  MAX_UINT16,
  MAX_UINT32,
  MAX_UINT40,
} from "../../../../keeper/adapters/wire/wire-bounds.ts";
import { DEFAULT_PARAMETERS } from "../../../../keeper/core/protocol/parameters.ts";
import { unpackMarketWord, unpackSmileWord } from "../../../../keeper/core/report/words.ts";
import { CATCH_UP_FINALS, type GossipMessage } from "../../../../keeper/ports/gossip.ts";
import { asHex, type Hex } from "../../../../keeper/ports/hex.ts";
import { gossipMessages } from "../../../support/gossip-messages.ts";
import { fuzzCodec } from "../../../support/message-fuzz.ts";

const bytes = (count: number): Hex => asHex(`0x${"ff".repeat(count)}`);
const MAX_EPOCH = 2n ** 64n - 1n;
const MAX_WORD = 2n ** 256n - 1n;
/** The byte of a market's word that is reserved. */
const RESERVED = 0xffn << 184n;
const round = { epoch: MAX_EPOCH, round: MAX_UINT32 };
const quorum = (2 * MAX_KEEPERS + 1) / 3;
const observation = {
  pegBps: MAX_UINT16,
  accountRoot: bytes(32),
  markets: Array.from({ length: MAX_MARKETS }, () => ({
    market: unpackMarketWord(MAX_WORD & ~RESERVED),
    smiles: Array.from({ length: MAX_SMILES }, () => unpackSmileWord(MAX_WORD)),
  })),
};
const proposalOf = (keepers: number): GossipMessage => ({
  kind: "proposal",
  ...round,
  observedAtSeconds: MAX_UINT40,
  blockNumber: MAX_EPOCH,
  blockHash: bytes(32),
  observations: Array.from({ length: keepers }, () => ({
    from: bytes(20),
    observation,
    signature: bytes(64),
  })),
});
const head = {
  configDigest: bytes(32),
  ...round,
  observedAt: MAX_UINT40,
  blockNumber: MAX_EPOCH,
  blockHash: bytes(32),
};
const set = { setId: MAX_EPOCH, data: bytes(MAX_SCENARIO_BYTES) };
const LARGEST: readonly GossipMessage[] = [
  { kind: "observe", ...round, observedAtSeconds: MAX_UINT40 },
  { kind: "observation", ...round, observedAtSeconds: MAX_UINT40, observation, signature: bytes(64) },
  proposalOf(MAX_KEEPERS),
  { kind: "signature", head: { ...head, payloadHash: bytes(32) }, signature: bytes(65) },
  {
    kind: "final",
    report: {
      ...head,
      pegBps: MAX_UINT16,
      accountRoot: bytes(32),
      markets: Array.from({ length: MAX_MARKETS }, () => MAX_WORD),
      smiles: Array.from({ length: MAX_REPORT_SMILES }, () => MAX_WORD),
    },
    signatures: Array.from({ length: quorum }, () => bytes(65)),
  },
  { kind: "wish", epoch: MAX_EPOCH, newest: round },
  { kind: "catch-up", after: round },
  { kind: "scenario-proposal", ...set },
  { kind: "scenario-signature", setId: MAX_EPOCH, dataHash: bytes(32), signature: bytes(65) },
  {
    kind: "scenario-final",
    ...set,
    configDigest: bytes(32),
    signatures: Array.from({ length: quorum }, () => bytes(65)),
  },
];

describe("what a peer may send", () => {
  const limits = messageLimits(MAX_KEEPERS, DEFAULT_PARAMETERS);

  for (const message of LARGEST)
    it(`takes the largest ${message.kind}, and nothing much larger`, () => {
      const { length } = fuzzCodec.encode(message);
      expect(length).to.be.at.most(limits[message.kind].maxBytes);
      expect(limits[message.kind].maxBytes).to.be.at.most(MAX_MESSAGE_BYTES);
    });

  it("names every kind once", () => {
    const kinds = LARGEST.map(({ kind }) => kind);
    expect([...kinds].sort()).to.deep.equal(Object.keys(limits).sort());
  });

  it("takes a proposal of as many observations as there are keepers", () => {
    for (const keepers of [4, 7, MAX_KEEPERS])
      expect(fuzzCodec.encode(proposalOf(keepers)).length).to.be.at.most(
        messageLimits(keepers, DEFAULT_PARAMETERS).proposal.maxBytes,
      );
    expect(fuzzCodec.encode(proposalOf(6)).length).to.be.greaterThan(
      messageLimits(4, DEFAULT_PARAMETERS).proposal.maxBytes,
    );
  });

  it("takes twice what an honest leader and follower repeat, and an answer to each question of a peer that was away", () => {
    for (const resendMs of [250, 1_000]) {
      const {
        observe,
        proposal,
        observation: answer,
        signature,
        final,
      } = messageLimits(4, { resendMs, graceMs: 150 });
      const repeated = 1_000 / resendMs;
      for (const each of [observe, proposal, answer, signature])
        expect(each.perSecond).to.be.at.least(2 * repeated);
      const asked = 1_000 / (resendMs + 150);
      expect(final.perSecond).to.be.at.least(asked * CATCH_UP_FINALS);
      expect(final.burst).to.be.at.least(2 * CATCH_UP_FINALS);
    }
  });

  it("is told by the kind that stands in a message, before it is parsed", () => {
    fc.assert(
      fc.property(gossipMessages, (message) => {
        expect(claimedKind(fuzzCodec.encode(message), limits)).to.equal(message.kind);
      }),
    );
  });

  it("knows no kind of bytes that are no message", () => {
    const texts = [
      "",
      '"kind":"',
      '"kind":"wish',
      '"kind":""',
      '"kind":"wishes"',
      '"kind":"constructor"',
      '{"kind":1}',
    ];
    const kinds = texts.map((text): MessageKind | null => claimedKind(Buffer.from(text), limits));
    expect(kinds).to.deep.equal(texts.map(() => null));
  });
});
