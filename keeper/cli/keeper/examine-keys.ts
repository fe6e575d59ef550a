import {
  type KeyKind,
  type KeySummary,
  openAccountKey,
  openNetworkKey,
  summarise,
} from "../../adapters/keystore/key-folder.ts";
import { isOpenToOthers, readPassword } from "../../adapters/keystore/password-file.ts";
import type { KeeperConfig } from "../../keeper-config.ts";
import type { Hex } from "../../ports/hex.ts";
import { attempt, type DoctorCheck, NotChecked, ok } from "../../services/doctor.ts";
import { requireTwoAccounts } from "./open-keys.ts";

/** What the key files say of themselves, without their password; null for one that cannot be read. */
export type KnownKeys = Readonly<Record<KeyKind, Hex | null>>;

const RESTORE = "restore the file from the backup";

/** Examines the password and each key by itself: one that fails keeps no other from being looked at. */
export async function examineKeys({ keys }: KeeperConfig): Promise<{
  readonly checks: readonly DoctorCheck[];
  readonly ids: KnownKeys;
}> {
  const ids: Record<KeyKind, Hex | null> = { report: null, transmitter: null, network: null };
  if (keys === null) {
    const advice = "make keys with `ballast keys new` and name them in the configuration, or use --dry-run";
    return {
      checks: [{ name: "keys", verdict: "fail", detail: "the configuration names none", advice }],
      ids,
    };
  }
  const read: { password?: string } = {};
  const checks = [
    ...(await attempt("password", "write it into the file's first line", () => {
      read.password = readPassword(keys.passwordFile);
      return [ok("password", `${keys.passwordFile} has one`)];
    })),
  ];
  for (const kind of ["report", "transmitter", "network"] as const) {
    checks.push(
      ...(await attempt(`${kind} key`, RESTORE, async () => {
        const summary = summarise(kind, keys[kind]);
        ids[kind] = summary.id;
        return [await openWith(read.password, summary)];
      })),
    );
  }
  checks.push(
    ...(await attempt("keys", RESTORE, () => {
      if (ids.report !== null && ids.transmitter !== null) requireTwoAccounts(keys);
      return [];
    })),
    ...Object.values(keys).filter(isReadableByOthers).map(openFile),
  );
  return { checks, ids };
}

async function openWith(
  password: string | undefined,
  { kind, file, id, peerId }: KeySummary,
): Promise<DoctorCheck> {
  const shown = peerId ?? id;
  if (password === undefined) throw new NotChecked(`${shown} is there, and no password to open it with`);
  if (kind === "network") await openNetworkKey(file, password);
  else await openAccountKey(kind, file, password);
  return ok(`${kind} key`, `${shown} opens`);
}

function openFile(file: string): DoctorCheck {
  return {
    name: "key file",
    verdict: "warn",
    detail: `others than its owner have rights to ${file}`,
    advice: `chmod 600 ${file}`,
  };
}

function isReadableByOthers(file: string): boolean {
  try {
    return isOpenToOthers(file);
  } catch {
    // A file that is not there is found by the check of its key.
    return false;
  }
}
