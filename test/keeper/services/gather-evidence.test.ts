import { expect } from "chai";
import { provesEquivocation } from "../../../keeper/adapters/ethers/check-equivocation.ts";
import { hashHead, reportHead } from "../../../keeper/adapters/ethers/wallet-signer.ts";
import type { RiskReport } from "../../../keeper/core/report/typed-data.ts";
import { asHex } from "../../../keeper/ports/hex.ts";
import type { KeeperPeek } from "../../../keeper/ports/keeper-peek.ts";
import type { Equivocation } from "../../../keeper/ports/prosecutor.ts";
import type { SignedHead } from "../../../keeper/ports/watch-chain.ts";
import { createGatherer } from "../../../keeper/services/gather-evidence.ts";
import { ORACLE_DOMAIN, recordingTelemetry } from "../../support/keeper-doubles.ts";
import {
  reportOfRound,
  signatureOf,
  SIGNING_KEEPERS,
  signingConfigurations,
} from "../../support/signed-calls.ts";

const [liar, other] = SIGNING_KEEPERS;
if (liar === undefined || other === undefined) throw new RangeError("four keepers");

function signedBy(keeper: typeof liar, report: RiskReport): SignedHead {
  const head = reportHead(report);
  const signature = signatureOf(report, keeper as NonNullable<typeof liar>);
  return { head, hash: hashHead(ORACLE_DOMAIN, head), signature, signer: asHex(keeper?.address ?? "0x") };
}
const first = signedBy(liar, reportOfRound());
const second = signedBy(liar, reportOfRound(7, { pegBps: 9_999 }));
const PROOF: Equivocation = { signer: first.signer, first, second };

function gathering(shown: () => Promise<readonly Equivocation[]>) {
  const taken: Equivocation[] = [];
  const telemetry = recordingTelemetry();
  const trouble = { isFull: false };
  const keeper: KeeperPeek = { name: "a", proposal: () => Promise.resolve(null), evidence: shown };
  const gather = createGatherer({
    keepers: [keeper, keeper],
    proves: (found, configurations) => provesEquivocation(found, ORACLE_DOMAIN, configurations),
    prosecutor: {
      prosecute: (found) => {
        if (trouble.isFull) return Promise.reject(new Error("disk full"));
        taken.push(found);
        return Promise.resolve();
      },
    },
    telemetry,
  });
  const events = () => telemetry.lines.map(({ event }) => event);
  return { gather: () => gather(signingConfigurations()), taken, trouble, events };
}

describe("evidence that keepers show", () => {
  it("is taken over once, whoever shows it and however often", async () => {
    const { gather, taken, events } = gathering(() => Promise.resolve([PROOF]));
    expect([await gather(), await gather()]).to.deep.equal([1, 0]);
    expect(taken).to.deep.equal([PROOF]);
    expect(events()).to.deep.equal(["equivocation-seen"]);
  });

  it("is taken over again until it is durable", async () => {
    const { gather, taken, trouble } = gathering(() => Promise.resolve([PROOF]));
    trouble.isFull = true;
    expect(await gather().catch((error: unknown) => String(error))).to.include("disk full");
    trouble.isFull = false;
    await gather();
    expect(taken).to.deep.equal([PROOF]);
  });

  it("is refused when it proves nothing", async () => {
    const stranger = signedBy(other, reportOfRound(7, { pegBps: 9_999 }));
    const later = signedBy(liar, reportOfRound(8));
    for (const bad of [
      { ...PROOF, second: first },
      { ...PROOF, second: later },
      { ...PROOF, second: stranger },
      { ...PROOF, second: { ...second, hash: later.hash } },
      { ...PROOF, second: { ...second, head: later.head } },
      { ...PROOF, signer: stranger.signer },
    ]) {
      const { gather, taken, events } = gathering(() => Promise.resolve([bad]));
      expect(await gather()).to.equal(0);
      expect(taken).to.deep.equal([]);
      expect(new Set(events())).to.deep.equal(new Set(["evidence-refused"]));
    }
    expect(provesEquivocation(PROOF, ORACLE_DOMAIN, new Map())).to.equal(false);
  });

  it("of a keeper that does not answer is left out", async () => {
    const { gather, events } = gathering(() => Promise.reject(new Error("no answer")));
    expect(await gather()).to.equal(0);
    expect(events()).to.deep.equal(["evidence-not-shown", "evidence-not-shown"]);
  });
});
