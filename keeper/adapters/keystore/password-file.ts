import { readFileSync, statSync } from "node:fs";
import { KeystoreError } from "./keystore-error.ts";

/** Rights of a file for its group and for everyone else. */
const OTHERS_RIGHTS = 0o077;

/**
 * The password in the first line of a file.
 * @param user whom this process runs as; undefined where users have no numbers
 * @throws KeystoreError `no-password` when the file is missing or its first line is empty; `open-password` when others have rights to a file of
 * this user. A file of another user, such as a credential that the system hands out, has the rights that its owner chose.
 */
export function readPassword(file: string, user = process.geteuid?.()): string {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    throw new KeystoreError(
      "no-password",
      `the password file ${file} cannot be read: ${(error as Error).message}`,
      "write the password into its first line and make it readable for this user alone (chmod 600)",
      { cause: error },
    );
  }
  if (statSync(file).uid === user && isOpenToOthers(file)) {
    throw new KeystoreError(
      "open-password",
      `others than its owner have rights to the password file ${file}`,
      `take them away: chmod 600 ${file}; when others may have read it, make new keys under a new password`,
    );
  }
  const password = (text.split("\n")[0] ?? "").replace(/\r$/, "");
  if (password === "") {
    throw new KeystoreError(
      "no-password",
      `the first line of the password file ${file} is empty`,
      "write the password into its first line",
    );
  }
  return password;
}

/** Whether others than its owner have any right to a file. */
export function isOpenToOthers(file: string): boolean {
  return (statSync(file).mode & OTHERS_RIGHTS) !== 0;
}
