import type { DatabaseSync } from "node:sqlite";
import type { EvidenceStore } from "../../ports/evidence-store.ts";
import { readEquivocation, writeEquivocation } from "../equivocation-text.ts";
import { settled } from "./open-database.ts";

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS open_proof (signer TEXT PRIMARY KEY, equivocation TEXT NOT NULL) STRICT;
`;

/** Proofs in a database of `openDatabase`. Makes its table where it is missing. */
export function createSqliteEvidence(database: DatabaseSync): EvidenceStore {
  database.exec(SCHEMA);
  const insert = database.prepare("INSERT OR IGNORE INTO open_proof (signer, equivocation) VALUES (?, ?)");
  const list = database.prepare("SELECT equivocation FROM open_proof ORDER BY signer");
  const remove = database.prepare("DELETE FROM open_proof WHERE signer = ?");
  return {
    saveProof: (found) =>
      settled(() => {
        insert.run(found.signer, writeEquivocation(found));
      }),
    openProofs: () => settled(() => list.all().map((row) => readEquivocation(String(row["equivocation"])))),
    closeProof: (signer) =>
      settled(() => {
        remove.run(signer);
      }),
  };
}
