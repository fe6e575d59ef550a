import { expect } from "chai";
import fc from "fast-check";
import { createWireCodec } from "../../../../keeper/adapters/wire/codec.ts";
import { MAX_KEEPERS, MAX_MESSAGE_BYTES } from "../../../../keeper/adapters/wire/wire-bounds.ts";
import { WireError } from "../../../../keeper/adapters/wire/wire-error.ts";
import type { GossipMessage, ProposalMessage } from "../../../../keeper/ports/gossip.ts";
import { asHex } from "../../../../keeper/ports/hex.ts";
import { unpackMarketWord, unpackSmileWord } from "../../../../keeper/core/report/words.ts";
import { gossipMessages } from "../../../support/gossip-messages.ts";
import { fuzzCodec, FUZZ_DIGEST, fuzzMessages } from "../../../support/message-fuzz.ts";

const SEED = 20_241_124;
const ROUND_TRIPS = 300;
const FUZZ_RUNS = 2_000;

const WISH: GossipMessage = { kind: "wish", epoch: 7n, newest: { epoch: 6n, round: 3 } };
const WISH_TEXT = `{"configDigest":"${FUZZ_DIGEST}","domain":"ballast-keeper","message":{"epoch":"7","kind":"wish","newest":{"epoch":"6","round":3}},"version":2}`;

const bytesOf = (text: string) => new TextEncoder().encode(text);

function refusal(text: string): WireError {
  try {
    fuzzCodec.decode(bytesOf(text));
  } catch (error) {
    if (error instanceof WireError) return error;
    throw error;
  }
  throw new Error(`accepted: ${text}`);
}

describe("the codec of messages", () => {
  it("gives back what it was given, of every kind and over the whole range", () => {
    fc.assert(
      fc.property(gossipMessages, (message) => {
        expect(fuzzCodec.decode(fuzzCodec.encode(message))).to.deep.equal(message);
      }),
      { numRuns: ROUND_TRIPS, seed: SEED },
    );
  });

  it("writes canonical JSON with decimal text for bigints", () => {
    expect(new TextDecoder().decode(fuzzCodec.encode(WISH))).to.equal(WISH_TEXT);
  });

  it("throws nothing but WireError on hostile bytes and changes no prototype", () => {
    const { refused, accepted } = fuzzMessages(FUZZ_RUNS, SEED);
    expect(refused).to.be.greaterThan(FUZZ_RUNS / 2);
    expect(refused + accepted).to.equal(FUZZ_RUNS);
  });

  it("takes the largest proposal that the contracts allow", () => {
    const widest = (1n << 256n) - 1n;
    const market = {
      market: unpackMarketWord(widest & ~(0xffn << 184n)),
      smiles: Array.from({ length: 16 }, () => unpackSmileWord(widest)),
    };
    const signed = {
      from: asHex(`0x${"11".repeat(20)}`),
      observation: {
        pegBps: 10_000,
        accountRoot: FUZZ_DIGEST,
        markets: Array.from({ length: 8 }, () => market),
      },
      signature: asHex(`0x${"22".repeat(64)}`),
    };
    const proposal: ProposalMessage = {
      kind: "proposal",
      epoch: 1n,
      round: 1,
      observedAtSeconds: 1,
      blockNumber: 1n,
      blockHash: FUZZ_DIGEST,
      observations: Array.from({ length: MAX_KEEPERS }, () => signed),
    };
    const bytes = fuzzCodec.encode(proposal);
    expect(bytes.length).to.be.within(MAX_MESSAGE_BYTES / 2, MAX_MESSAGE_BYTES);
    expect(fuzzCodec.decode(bytes)).to.deep.equal(proposal);
  });

  it("checks the size before it parses", () => {
    const error = refusal(" ".repeat(MAX_MESSAGE_BYTES + 1));
    expect(error).to.include({ code: "too-large", field: "message", value: String(MAX_MESSAGE_BYTES + 1) });
  });

  it("sends nothing larger than it takes", () => {
    const data = asHex(`0x${"00".repeat(MAX_MESSAGE_BYTES / 2)}`);
    expect(() => fuzzCodec.encode({ kind: "scenario-proposal", setId: 1n, data })).to.throw(
      WireError,
      "too-large",
    );
  });

  it("takes no byte order mark for nothing: one message has one form", () => {
    expect(refusal(`\ufeff${WISH_TEXT}`).code).to.equal("not-json");
  });

  it("says what a refused field held", () => {
    expect(refusal(WISH_TEXT.replace('"round":3', '"round":3.5'))).to.include({ value: "3.5" });
    expect(refusal(WISH_TEXT.replace('"epoch":"7",', ""))).to.include({ field: "epoch", value: "missing" });
    expect(refusal(WISH_TEXT.replace('{"epoch":"6","round":3}', "null"))).to.include({ value: "null" });
  });

  it("takes the digests of both configurations during a rotation and sends the first", () => {
    const next = asHex(`0x${"6b".repeat(32)}`);
    const rotating = createWireCodec(() => [next, FUZZ_DIGEST]);
    expect(rotating.decode(fuzzCodec.encode(WISH))).to.deep.equal(WISH);
    expect(() => fuzzCodec.decode(rotating.encode(WISH))).to.throw(WireError, "wrong-digest");
  });

  const refusals: readonly (readonly [string, string, string, string, string])[] = [
    ["another version", '"version":2', '"version":1', "wrong-version", "version"],
    ["another domain", "ballast-keeper", "ballast-desk", "wrong-domain", "domain"],
    ["another digest", "5a5a", "5a5b", "wrong-digest", "configDigest"],
    ["an unknown field of the envelope", '"version":2', '"version":2,"x":1', "wrong-shape", "x"],
    ["an unknown field of the message", '"kind"', '"extra":1,"kind"', "wrong-shape", "message"],
    ["an unknown kind", '"wish"', '"whisper"', "wrong-shape", "kind"],
    ["a number for a bigint", '"epoch":"7"', '"epoch":7', "wrong-shape", "epoch"],
    ["an epoch beyond 64 bits", '"7"', '"18446744073709551616"', "wrong-shape", "epoch"],
    ["a round beyond 32 bits", '"round":3', '"round":4294967296', "wrong-shape", "newest.round"],
    ["a round that is no whole number", '"round":3', '"round":3.5', "wrong-shape", "newest.round"],
    ["white space", '"version":2', '"version": 2', "not-canonical", "message"],
    ["a name that comes twice", '"version":2', '"version":2,"version":2', "not-canonical", "message"],
    ["a number in another form", '"round":3', '"round":3e0', "not-canonical", "message"],
    ["text that is no JSON", "}}", "}", "not-json", "message"],
  ];
  for (const [name, from, to, code, field] of refusals) {
    it(`refuses ${name}, naming the field`, () => {
      expect(refusal(WISH_TEXT.replace(from, to))).to.include({ code, field });
    });
  }

  it("refuses bytes that are no UTF-8 and text that is no object", () => {
    expect(() => fuzzCodec.decode(Uint8Array.of(0xff, 0xfe))).to.throw(WireError, "not-utf8");
    for (const text of ["1", "null", "[]", '"x"', ""]) expect(refusal(text).code).to.equal("not-json");
  });

  it("refuses more markets, keepers or smiles than there can be, naming value and bound", () => {
    const message = `{"epoch":"1","kind":"observation","observation":{"accountRoot":"0x${"11".repeat(32)}","markets":[${"0,".repeat(8)}0],"pegBps":1},"observedAtSeconds":1,"round":1,"signature":"0x${"00".repeat(64)}"}`;
    const text = WISH_TEXT.replace(/\{"epoch.*\}\}(?=,"version)/, message);
    const error = refusal(text);
    expect(error.field).to.match(/^observation\.markets/);
  });
});
