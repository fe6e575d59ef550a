import { expect } from "chai";
import type { Equivocation } from "../../../keeper/ports/prosecutor.ts";
import { proofTurns } from "../../../keeper/services/proof-turns.ts";
import { keeperSetOf } from "../../support/keeper-doubles.ts";
import { MEMBER_ADDRESSES } from "../../support/keeper-status.ts";
import { signedHeadOf } from "../../support/watched-chain.ts";

const TURN_MS = 30_000;

describe("the turns of those who prove", () => {
  const chain = { keeperSet: () => Promise.resolve(keeperSetOf(MEMBER_ADDRESSES)) };
  const against = (round: number): Equivocation => {
    const [accused] = MEMBER_ADDRESSES;
    if (accused === undefined) throw new RangeError("there are members");
    const headOf = (digits: string) => {
      const signed = signedHeadOf(accused, digits);
      return { ...signed, head: { ...signed.head, round } };
    };
    return { signer: accused, first: headOf("01"), second: headOf("02") };
  };
  const turnsOf = (found: Equivocation) =>
    Promise.all(MEMBER_ADDRESSES.slice(1).map((self) => proofTurns(self, chain)(found)));

  it("are one for each keeper but the accused, the first at once", async () => {
    expect((await turnsOf(against(7))).toSorted((x, y) => x - y)).to.deep.equal([0, TURN_MS, 2 * TURN_MS]);
  });

  it("come in another order for another round, so that nobody is always the one who pays", async () => {
    const orders = await Promise.all([7, 8, 9, 10, 11, 12].map((round) => turnsOf(against(round))));
    expect(new Set(orders.map((order) => order.indexOf(0))).size).to.be.greaterThan(1);
  });
});
