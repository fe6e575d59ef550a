import { expect } from "chai";
import { recoverAddress, Signature } from "ethers";
import { hashHead } from "../../../keeper/adapters/ethers/wallet-signer.ts";
import { asHex, type Hex } from "../../../keeper/ports/hex.ts";
import type { ReportSigner } from "../../../keeper/ports/signer.ts";
import { CONDUCTS } from "../../support/chaos-conducts.ts";
import { type ChaosOptions, liveThroughChaos } from "../../support/chaos-world.ts";

const TIMEOUT_MS = 120_000;
const SLOTS = 6;
/** So many seeds that most conducts are drawn; `npm run chaos` takes more. */
const RUNS = [
  { keepers: 4, seed: 3 },
  { keepers: 4, seed: 4 },
  { keepers: 4, seed: 6 },
  { keepers: 4, seed: 8 },
  { keepers: 4, seed: 23 },
  { keepers: 7, seed: 5 },
] as const;

/** Defences, each with a seed whose storm it stands against, and what is broken without it. */
const SABOTAGES: readonly {
  readonly without: string;
  readonly seed: number;
  readonly broken: string;
  readonly sabotage: NonNullable<ChaosOptions["sabotage"]>;
}[] = [
  {
    without: "a record of what was signed",
    seed: 8,
    broken: "the honest 0x",
    sabotage: (parts) => ({
      ...parts,
      store: { ...parts.store, record: () => Promise.resolve(true), recorded: () => Promise.resolve(null) },
    }),
  },
  {
    without: "a look at observations' signatures",
    seed: 11,
    broken: "outside the honest range",
    sabotage: (parts) => ({ ...parts, network: { ...parts.network, verify: () => true } }),
  },
  {
    without: "the contracts' own form of signatures",
    seed: 4,
    broken: "in a form that no contract takes",
    sabotage: (parts) => ({ ...parts, signer: { ...parts.signer, headSigner: headSignerOfAnyForm } }),
  },
  {
    without: "anybody who prosecutes",
    seed: 3,
    broken: "nobody prosecutes",
    sabotage: (parts) => ({ ...parts, prosecute: () => Promise.resolve() }),
  },
];

/** Takes whatever recovers to a key, as the library does. */
function headSignerOfAnyForm(
  ...[domain, head, signature]: Parameters<ReportSigner["headSigner"]>
): Hex | null {
  try {
    return asHex(recoverAddress(hashHead(domain, head), Signature.from(signature)));
  } catch {
    return null;
  }
}

describe("keepers under chaos", function () {
  this.timeout(TIMEOUT_MS);

  for (const { keepers, seed } of RUNS)
    it(`${keepers} keep every promise through loss, partitions, kills, reorganisations and f faulty (seed ${seed})`, async () => {
      const { broken, reports, conducts } = await liveThroughChaos({ seed, keepers, slots: SLOTS });
      expect(broken).to.deep.equal([]);
      expect(reports).to.be.greaterThan(0);
      expect(conducts).to.have.length(Math.floor((keepers - 1) / 3));
      for (const conduct of conducts) expect(CONDUCTS).to.include(conduct);
    });

  it("the same seed makes the same run", async () => {
    const run = () => liveThroughChaos({ seed: 11, keepers: 4, slots: 3 });
    expect(await run()).to.deep.equal(await run());
  });

  for (const { without, seed, broken, sabotage } of SABOTAGES)
    it(`is seen to break a promise without ${without}`, async () => {
      const result = await liveThroughChaos({ seed, keepers: 4, slots: 8, sabotage });
      expect(result.broken.join("\n")).to.include(broken);
    });
});
