// Prices the benchmark's columns on a core of its own, as often as it is told.
import { parentPort } from "node:worker_threads";
import { priceColumns } from "../../keeper/core/pricing/black76-columns.ts";
import { randomColumns } from "./pricing.ts";

const port = parentPort;
if (port === null) throw new Error("this file runs as a worker");

const columns = randomColumns();
const prices = new Float64Array(columns.strike.length);
port.on("message", (repetitions: number) => {
  for (let repetition = 0; repetition < repetitions; repetition++) priceColumns(columns, prices);
  port.postMessage(repetitions * prices.length);
});
