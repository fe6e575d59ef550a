import type { DatabaseSync } from "node:sqlite";
import { KEPT_SPOTS, type SpotStore } from "../../ports/spot-proofs.ts";
import { readSignedReport, writeSignedReport } from "../signed-report-text.ts";
import { settled, together } from "./open-database.ts";

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS open_spot (
    place INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE, report TEXT NOT NULL
  ) STRICT;
`;

/** Reports whose spots wait for their feeds, in a database of `openDatabase`. Makes its table where it is missing. */
export function createSqliteSpots(database: DatabaseSync): SpotStore {
  database.exec(SCHEMA);
  const insert = database.prepare("INSERT OR IGNORE INTO open_spot (name, report) VALUES (?, ?)");
  const prune = database.prepare(
    "DELETE FROM open_spot WHERE place <= (SELECT MAX(place) FROM open_spot) - ?",
  );
  const list = database.prepare("SELECT name, report FROM open_spot ORDER BY place");
  const remove = database.prepare("DELETE FROM open_spot WHERE name = ?");
  return {
    saveSpots: ({ name, report, signatures }) =>
      settled(() => {
        together(database, () => {
          insert.run(name, writeSignedReport({ report, signatures }));
          prune.run(KEPT_SPOTS);
        });
      }),
    openSpots: () =>
      settled(() =>
        list.all().map((row) => ({ name: String(row["name"]), ...readSignedReport(String(row["report"])) })),
      ),
    closeSpots: (name) =>
      settled(() => {
        remove.run(name);
      }),
  };
}
