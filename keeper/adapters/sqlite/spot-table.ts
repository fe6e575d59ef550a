import type { DatabaseSync } from "node:sqlite";
import { z } from "zod";
import { asHex } from "../../ports/hex.ts";
import { KEPT_SPOTS, type SpotCase, type SpotStore } from "../../ports/spot-proofs.ts";
import { readSignedReport, writeSignedReport } from "../signed-report-text.ts";
import { hexText } from "../text-fields.ts";
import { settled, together } from "./open-database.ts";

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS open_spot (
    place INTEGER PRIMARY KEY AUTOINCREMENT, hash TEXT NOT NULL UNIQUE, report TEXT NOT NULL, signers TEXT NOT NULL
  ) STRICT;
`;

const signersSchema = z.array(hexText);

/** Reports whose spots wait for their feeds, in a database of `openDatabase`. Makes its table where it is missing. */
export function createSqliteSpots(database: DatabaseSync): SpotStore {
  database.exec(SCHEMA);
  const insert = database.prepare(
    `INSERT INTO open_spot (hash, report, signers) VALUES (?, ?, ?)
     ON CONFLICT (hash) DO UPDATE SET report = excluded.report, signers = excluded.signers`,
  );
  const prune = database.prepare(
    "DELETE FROM open_spot WHERE place <= (SELECT place FROM open_spot ORDER BY place DESC LIMIT 1 OFFSET ?)",
  );
  const list = database.prepare("SELECT hash, report, signers FROM open_spot ORDER BY place");
  const remove = database.prepare("DELETE FROM open_spot WHERE hash = ?");
  return {
    saveSpots: ({ hash, report, signatures }) =>
      settled(() => {
        const text = writeSignedReport({ report, signatures: [...signatures.values()] });
        together(database, () => {
          insert.run(hash, text, JSON.stringify([...signatures.keys()]));
          prune.run(KEPT_SPOTS);
        });
      }),
    openSpots: () =>
      settled(() => list.all().map((row) => caseOf(row["hash"], row["report"], row["signers"]))),
    closeSpots: (hash) =>
      settled(() => {
        remove.run(hash);
      }),
  };
}

function caseOf(hash: unknown, text: unknown, signersText: unknown): SpotCase {
  const { report, signatures } = readSignedReport(String(text));
  const signers = signersSchema.parse(JSON.parse(String(signersText)));
  const signed = signers.flatMap((signer, index) => {
    const signature = signatures[index];
    return signature === undefined ? [] : [[signer, signature] as const];
  });
  return { hash: asHex(String(hash)), report, signatures: new Map(signed) };
}
