import { readFileSync, statSync } from "node:fs";
import { KeystoreError } from "./keystore-error.ts";

/** Rights of a file for its group and for everyone else. */
const OTHERS_RIGHTS = 0o077;

/**
 * The password in the first line of a file.
 * @throws KeystoreError `no-password` when the file is missing or its first line is empty
 */
export function readPassword(file: string): string {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    throw new KeystoreError(
      "no-password",
      `the password file ${file} cannot be read`,
      "write the password into its first line and make it readable for this user alone (chmod 600)",
      { cause: error },
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

/**
 * The password of keys that are about to be written.
 * @throws KeystoreError also `open-password` when others may read the file
 */
export function readPrivatePassword(file: string): string {
  const password = readPassword(file);
  if (isOpenToOthers(file)) {
    throw new KeystoreError(
      "open-password",
      `others than its owner have rights to the password file ${file}`,
      `take them away and choose a new password: chmod 600 ${file}`,
    );
  }
  return password;
}
