// A WebAssembly module with one function, written out byte by byte: there is too little of it to bring in a compiler for.
// Opcodes: WebAssembly Core Specification 2.0, chapter 5.4; vector instructions 5.4.9.

/** Parameters: address of the sums, bytes to do, addresses of four rows, their four sizes. */
export type AddRows = (
  sums: number,
  bytes: number,
  row0: number,
  row1: number,
  row2: number,
  row3: number,
  size0: number,
  size1: number,
  size2: number,
  size3: number,
) => void;

/** The part of the global WebAssembly that is used; the compiler's library for the server does not describe it. */
interface WebAssemblyHost {
  readonly Memory: new (pages: { readonly initial: number }) => { readonly buffer: ArrayBuffer };
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object, imports: object) => { readonly exports: { readonly add: AddRows } };
}

const PAGE_BYTES = 65_536;
const [I32, F64, V128] = [0x7f, 0x7c, 0x7b];
const ROWS = 4;
/** Bytes of one step of the loop: two vectors of two numbers. */
export const STEP_BYTES = 32;
const VECTOR_BYTES = 16;
const DOUBLE_ALIGNMENT = 3;

// Local variables: the parameters come first.
const SUMS = 0;
const BYTES = 1;
const FIRST_ROW = 2;
const FIRST_SIZE = FIRST_ROW + ROWS;
const OFFSET = FIRST_SIZE + ROWS;
const FIRST_VECTOR = OFFSET + 1;

/** Unsigned LEB128. */
function unsigned(value: number): readonly number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...unsigned(value >>> 7)];
}

const vector = (opcode: number): readonly number[] => [0xfd, ...unsigned(opcode)];
const get = (local: number): readonly number[] => [0x20, local];
const addressOf = (local: number): readonly number[] => [...get(local), ...get(OFFSET), 0x6a];
const loadVector = (offset: number): readonly number[] => [...vector(0), DOUBLE_ALIGNMENT, offset];
const storeVector = (offset: number): readonly number[] => [...vector(11), DOUBLE_ALIGNMENT, offset];
const [SPLAT, ADD, MULTIPLY] = [vector(0x14), vector(0xf0), vector(0xf2)];
const section = (id: number, ...content: readonly number[]): readonly number[] => [
  id,
  ...unsigned(content.length),
  ...content,
];
const each = (make: (row: number) => readonly number[]): readonly number[] =>
  Array.from({ length: ROWS }, (_, row) => make(row)).flat();

/** sums += size0 row0 + ... + size3 row3 on one vector. */
function addVector(offset: number): readonly number[] {
  return [
    ...addressOf(SUMS),
    ...addressOf(SUMS),
    ...loadVector(offset),
    ...each((row) => [
      ...addressOf(FIRST_ROW + row),
      ...loadVector(offset),
      ...get(FIRST_VECTOR + row),
      ...MULTIPLY,
      ...ADD,
    ]),
    ...storeVector(offset),
  ];
}

function moduleBytes(): Uint8Array {
  const parameters = [I32, I32, ...each(() => [I32]), ...each(() => [F64])];
  const body = [
    ...[2, 1, I32, ROWS, V128],
    ...each((row) => [...get(FIRST_SIZE + row), ...SPLAT, 0x21, FIRST_VECTOR + row]),
    ...[0x03, 0x40],
    ...addVector(0),
    ...addVector(VECTOR_BYTES),
    // offset += step; again while offset < bytes.
    ...[...get(OFFSET), 0x41, STEP_BYTES, 0x6a, 0x22, OFFSET, ...get(BYTES), 0x49, 0x0d, 0],
    ...[0x0b, 0x0b],
  ];
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, 1, 0x60, parameters.length, ...parameters, 0),
    ...section(2, 1, 1, 0x65, 1, 0x6d, 2, 0, 1),
    ...section(3, 1, 0),
    ...section(7, 1, 3, 0x61, 0x64, 0x64, 0, 0),
    ...section(10, 1, ...unsigned(body.length), ...body),
  ]);
}

/** The function with memory of its own, of at least the bytes asked for. */
export function instantiateAddRows(bytes: number): { readonly add: AddRows; readonly buffer: ArrayBuffer } {
  const { WebAssembly: host } = globalThis as unknown as { WebAssembly: WebAssemblyHost };
  const memory = new host.Memory({ initial: Math.ceil(bytes / PAGE_BYTES) });
  const { exports } = new host.Instance(new host.Module(moduleBytes()), { e: { m: memory } });
  return { add: exports.add, buffer: memory.buffer };
}
