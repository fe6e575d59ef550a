import type { ContractTransactionResponse } from "ethers";
import type { Command } from "commander";
import { readConfig, readKeeperEnvironment } from "../../config.ts";
import { type KeeperConfig, loadKeeperConfig } from "../../keeper-config.ts";
import { ChainRefusal } from "../../ports/clearing-chain.ts";
import { CommandError } from "../failure.ts";
import { createOutput, createProgress, type Output } from "../output.ts";
import { connectToken, openSession, type Session } from "../session.ts";
import { amountOf, stakeToken } from "./membership.ts";

const DEFAULT_CONFIG_FILE = "keeper.json";

interface MembershipOptions {
  readonly json?: boolean;
  readonly config?: string;
  readonly deployment?: string;
  readonly rpcUrl?: string;
  readonly keystore?: string;
  readonly passwordFile?: string;
  readonly devAccount?: number;
  readonly send?: boolean;
}

/** What an action on a membership runs with. */
export interface MembershipContext {
  readonly output: Output;
  readonly session: Session;
  /** The keeper's configuration: its keys, deployment and nodes. */
  readonly config: KeeperConfig;
  readonly isSent: boolean;
  readonly told: (step: string) => void;
}

/** Runs an action with the keeper's configuration and the operator's key, and closes the session. */
export async function withMembership(
  command: Command,
  action: (context: MembershipContext) => Promise<void>,
): Promise<void> {
  const options: MembershipOptions = command.optsWithGlobals();
  const environment = readKeeperEnvironment();
  const operator = readConfig();
  const config = loadKeeperConfig(
    options.config ?? environment.configFile ?? DEFAULT_CONFIG_FILE,
    environment,
  );
  const session = await openSession({
    deploymentFile: options.deployment ?? config.deploymentFile,
    rpcUrl: options.rpcUrl ?? config.rpcUrls[0] ?? null,
    keystoreFile: options.keystore ?? operator.keystoreFile,
    passwordFile: options.passwordFile ?? operator.passwordFile,
    devAccount: options.devAccount ?? null,
  });
  const json = options.json ?? false;
  const isSent = options.send ?? false;
  try {
    await action({ output: createOutput(json), session, config, isSent, told: createProgress(json) });
  } finally {
    session.close();
  }
}

/** One transaction of a plan. */
export interface Step {
  readonly action: string;
  readonly send: () => Promise<ContractTransactionResponse>;
  /** The same call without effect; null where it cannot be tried before the steps ahead of it are done. */
  readonly tried: (() => Promise<unknown>) | null;
  /** An approval goes ahead of it: that the allowance lacks is no refusal while that is not sent. */
  readonly isAfterApproval?: true;
}

/** What a command is about to do. */
export interface Plan {
  readonly value: Readonly<Record<string, unknown>>;
  readonly lines: readonly string[];
  readonly steps: readonly Step[];
  /** What comes after it. */
  readonly next: string;
}

/** Tries a plan without effect and shows it; or, with --send, carries it out. The contract's refusal is the command's in both cases. */
export async function carryOut(
  { output, session, isSent, told }: MembershipContext,
  plan: Plan,
): Promise<void> {
  const transactions: string[] = [];
  for (const step of plan.steps) {
    if (isSent) {
      told(step.action);
      transactions.push((await session.transact(step.action, step.send)).hash);
    } else await attempt(session, step);
  }
  output.result({ ...plan.value, isSent, transactions }, () => [
    ...plan.lines,
    ...(isSent ? transactions.map((hash) => `Sent: ${hash}`) : ["Nothing was sent: add --send to do it."]),
    ...(isSent ? [plan.next] : []),
  ]);
}

/** The steps that stake units: an approval of exactly them where the allowance lacks, then the call. @throws CommandError `too-few-tokens` */
export async function stakingSteps(session: Session, units: bigint, stake: Step): Promise<readonly Step[]> {
  const signer = await session.signer();
  const operator = await signer.getAddress();
  const token = await stakeToken(session);
  const erc20 = connectToken(token.address, signer);
  const spender = await session.contracts.staking.getAddress();
  const [balance, allowance] = await Promise.all([
    erc20.balanceOf(operator),
    erc20.allowance(operator, spender),
  ]);
  if (balance < units)
    throw new CommandError(
      "too-few-tokens",
      `the operator ${operator} holds ${amountOf(balance, token)}, and ${amountOf(units, token)} are to be staked`,
      "send it the rest, or stake less with --stake",
    );
  if (allowance >= units) return [stake];
  const approve: Step = {
    action: `approving ${amountOf(units, token)}`,
    send: () => erc20.approve(spender, units),
    tried: null,
  };
  return [approve, { ...stake, isAfterApproval: true }];
}

/** Tries a step without effect. @throws ChainRefusal with the contract's own error */
async function attempt(session: Session, { action, tried, isAfterApproval }: Step): Promise<void> {
  if (tried === null) return;
  try {
    await session.read(action, tried);
  } catch (error) {
    const isAllowance =
      error instanceof ChainRefusal && error.reason.startsWith("ERC20InsufficientAllowance");
    if (!(isAfterApproval === true && isAllowance)) throw error;
  }
}
