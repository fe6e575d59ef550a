import { type AcceptedReport, readAcceptedReport } from "../../adapters/ethers/accepted-report.ts";
import { ChainRefusal } from "../../ports/clearing-chain.ts";
import { connectToken } from "../session.ts";
import { amountOf, configuredKeys, stakeToken } from "./membership.ts";
import { carryOut, type MembershipContext, type Step } from "./membership-plan.ts";

/** Refusals of a credit that leave what was counted before to be paid. */
const NOT_TO_CREDIT = ["NobodyToCredit", "AcceptedInOverlap", "AcceptedUnderOtherTariff"];

/** Credits the last report's signers, whose signatures stand in its transaction, and pays what the keeper's key is owed. */
export async function rewards(context: MembershipContext): Promise<void> {
  const { session, config } = context;
  const { report } = configuredKeys(config);
  const { contracts } = session;
  const token = await stakeToken(session);
  const [owedUnits, heldUnits, payee, unitsPerSignature, signed, last] = await Promise.all([
    contracts.rewards.owedUnits(report),
    connectToken(token.address, session.provider).balanceOf(session.deployment.addresses.keeperRewards),
    contracts.keepers.payeeOf(report),
    contracts.rewards.unitsPerSignature(),
    session.signed(),
    lastReport(context),
  ]);
  const credit = last === null ? null : await creditStep(context, last);
  const pay: Step = {
    action: "paying the rewards",
    send: () => signed.rewards.pay(report),
    // What the credit brings can be paid only after it.
    tried: owedUnits > 0n ? () => signed.rewards.pay.staticCall(report) : null,
  };
  const steps = [...(credit === null ? [] : [credit]), ...(owedUnits > 0n || credit !== null ? [pay] : [])];
  await carryOut(context, {
    value: {
      reportKey: report,
      payee,
      owedUnits,
      heldUnits,
      unitsPerSignature,
      isCreditDue: credit !== null,
    },
    lines: [
      `The report key ${report} is owed ${amountOf(owedUnits, token)}, payable to ${payee}.`,
      `The rewards hold ${amountOf(heldUnits, token)}; what they cannot pay stays owed.`,
      `Each signature of an accepted report earns ${amountOf(unitsPerSignature, token)}. ${creditLine(last, credit)}`,
    ],
    steps,
    next: "Done.",
  });
}

function creditLine(last: AcceptedReport | null, credit: Step | null): string {
  if (last === null) return "The signatures of the last report are not to be found: nothing to credit.";
  return credit === null
    ? "The last report's signers are credited, or cannot be any more."
    : "The last report's signers are to be credited.";
}

/** The call that credits a report's signers; null when they are credited already. */
async function creditStep(
  { session }: MembershipContext,
  { head, signatures }: AcceptedReport,
): Promise<Step | null> {
  const signed = await session.signed();
  const tried = () => signed.rewards.claim.staticCall(head, [...signatures]);
  const step: Step = {
    action: "crediting the last report's signers",
    send: () => signed.rewards.claim(head, [...signatures]),
    tried,
  };
  try {
    await session.read(step.action, tried);
  } catch (error) {
    if (error instanceof ChainRefusal && NOT_TO_CREDIT.some((name) => error.reason.startsWith(name)))
      return null;
    throw error;
  }
  return step;
}

/** The last report that the oracle accepted; null when there is none, or its signatures are not to be found. */
async function lastReport({ session }: MembershipContext): Promise<AcceptedReport | null> {
  const { contracts, provider, deployment } = session;
  const { epoch, round, observedAt } = await contracts.oracle.header();
  return observedAt === 0n
    ? null
    : readAcceptedReport(deployment.addresses.riskOracle, provider, { epoch, round });
}
