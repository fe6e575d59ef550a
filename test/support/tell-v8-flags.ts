// Loaded before a process (`node --import`): it tells on its error stream which flags of V8 it sets.
import { syncBuiltinESMExports } from "node:module";
import v8 from "node:v8";

const { setFlagsFromString } = v8;
v8.setFlagsFromString = (flags) => {
  process.stderr.write(`V8 ${flags}\n`);
  setFlagsFromString(flags);
};
syncBuiltinESMExports();
