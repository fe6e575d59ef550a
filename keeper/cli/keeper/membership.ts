import { formatUnits } from "ethers";
import type { KeeperStaking } from "../../../types/ethers-contracts/oracle/KeeperStaking.ts";
import { configDigestOf } from "../../adapters/ethers/config-digest.ts";
import { signPossession } from "../../adapters/ethers/possession.ts";
import { openAccountKey, summarise } from "../../adapters/keystore/key-folder.ts";
import { readPassword } from "../../adapters/keystore/password-file.ts";
import { ConfigError } from "../../config.ts";
import type { KeeperConfig } from "../../keeper-config.ts";
import type { RegisteredKeeper } from "../../ports/chain-probe.ts";
import { asHex, type Hex } from "../../ports/hex.ts";
import { connectToken, type Session } from "../session.ts";
import { requireTwoAccounts } from "./open-keys.ts";
import { chooseEntries, type StakedMember } from "./next-configuration.ts";

const ZERO_ADDRESS = /^0x0+$/;

type MemberStruct = Awaited<ReturnType<KeeperStaking["member"]>>;

/** The stake's token. */
interface StakeToken {
  readonly address: string;
  readonly symbol: string;
  readonly decimals: number;
}

export async function stakeToken({ contracts, provider }: Session): Promise<StakeToken> {
  const address = await contracts.staking.token();
  const token = connectToken(address, provider);
  const [symbol, decimals] = await Promise.all([token.symbol(), token.decimals()]);
  return { address, symbol, decimals: Number(decimals) };
}

/** Units of the stake's token as people write them. */
export function amountOf(units: bigint, { symbol, decimals }: StakeToken): string {
  return `${formatUnits(units, decimals)} ${symbol}`;
}

/** The newest block's time: what the contracts compare with. */
export async function chainTime({ provider }: Session): Promise<number> {
  const block = await provider.getBlock("latest");
  if (block === null) throw new Error("the node returned no latest block: check that it is synchronised");
  return block.timestamp;
}

/** An operator's membership; null when it never joined, or has withdrawn. */
export async function readMember({ contracts }: Session, operator: string): Promise<StakedMember | null> {
  const [member, isCandidate] = await Promise.all([
    contracts.staking.member(operator),
    contracts.staking.isCandidate(operator),
  ]);
  return ZERO_ADDRESS.test(member.entry.reportKey) ? null : memberOf(operator, member, isCandidate);
}

function memberOf(operator: string, member: MemberStruct, isCandidate: boolean): StakedMember {
  const { entry, pending } = member;
  return {
    operator,
    isCandidate,
    entry: entryOf(entry),
    pending: ZERO_ADDRESS.test(pending.reportKey) ? null : entryOf(pending),
    pendingFrom: Number(member.pendingFrom),
    eligibleFrom: Number(member.eligibleFrom),
    leavesAt: Number(member.leavesAt),
    stakeUnits: member.stakeUnits,
  };
}

function entryOf({ reportKey, networkKey, payee, endpoint }: MemberStruct["entry"]): RegisteredKeeper {
  return { reportKey: asHex(reportKey), networkKey: asHex(networkKey), payee: asHex(payee), endpoint };
}

/** The keys that a configuration names, by what their files say: no password is needed. @throws ConfigError when it names none */
export function configuredKeys({ keys }: KeeperConfig): { readonly report: Hex; readonly network: Hex } {
  if (keys === null)
    throw new ConfigError(
      "the configuration names no keys",
      "make keys with `ballast keys new` and name them under `keys`",
    );
  return { report: summarise("report", keys.report).id, network: summarise("network", keys.network).id };
}

/** The report key's proof of possession for an operator. @throws ConfigError, KeystoreError */
export async function provePossession(
  session: Session,
  { keys }: KeeperConfig,
  operator: string,
): Promise<Hex> {
  if (keys === null) throw new ConfigError("the configuration names no keys", "name them under `keys`");
  requireTwoAccounts(keys);
  const wallet = await openAccountKey("report", keys.report, readPassword(keys.passwordFile));
  const { name, version, chainId, verifyingContract } = await session.contracts.staking.eip712Domain();
  const { id: networkKey } = summarise("network", keys.network);
  return signPossession(wallet, { name, version, chainId, verifyingContract }, { operator, networkKey });
}

/** What `activate` would put in force at a time. */
export interface NextConfiguration {
  readonly entries: readonly RegisteredKeeper[];
  readonly required: number;
  readonly digest: Hex;
  readonly isInForce: boolean;
  readonly joining: readonly string[];
  readonly leaving: readonly string[];
}

/** @param atSeconds Unix seconds, with the members as they are now */
export async function nextConfiguration(session: Session, atSeconds: number): Promise<NextConfiguration> {
  const { staking, keepers } = session.contracts;
  const [operators, minStakeUnits, faults, current, configCount, parametersHash, registry] =
    await Promise.all([
      staking.operators(),
      staking.minStakeUnits(),
      staking.faults(),
      keepers.entries(),
      keepers.configCount(),
      keepers.parametersHash(),
      keepers.getAddress(),
      chainTime(session),
    ]);
  const members = await Promise.all(operators.map((operator) => readMember(session, operator)));
  const required = 3 * Number(faults) + 1;
  const standing = members.filter((member) => member !== null);
  const entries = chooseEntries(standing, { minStakeUnits, required }, atSeconds);
  const inForce = current.map(entryOf);
  const keysOf = (all: readonly RegisteredKeeper[]) => all.map(({ reportKey }) => reportKey);
  return {
    entries,
    required,
    digest: configDigestOf({
      chainId: BigInt(session.deployment.chainId),
      registry: asHex(registry),
      configCount: configCount + 1n,
      entries,
      faults: Number(faults),
      parametersHash: asHex(parametersHash),
    }),
    isInForce: JSON.stringify(entries) === JSON.stringify(inForce),
    joining: keysOf(entries).filter((key) => !keysOf(inForce).includes(key)),
    leaving: keysOf(inForce).filter((key) => !keysOf(entries).includes(key)),
  };
}
