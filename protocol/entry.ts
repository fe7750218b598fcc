/**
 * A command on its way to a shard: one compact entry in a batch. What the edge has checked is copied in here once; the actor reads it in place.
 *
 *     0  u16 length      of the whole entry
 *     2  u8  op
 *     3  u8  flags       reserved, 0
 *     4  u32 slot        where the asker waits: a row of its table of pending calls ...
 *     8  u32 turn        ... and which use of that row, so that a late answer finds nobody
 *    12  u32 msgid       goes into the finished answer
 *    16  f64 deadlineAt  ms since 1970; a shard drops what arrives later
 *    24  u32 skuHash     28 userHash   hashBytes of the ids: shard, table slot
 *    32  u32 requestHi   36 requestLo  64 bits of the request id's hashes; both 0 for none
 *    40  u16 qty
 *    42  u8  skuBytes    43 u8 userBytes
 *    44  sku, user, payload (msgpack of the params that only cold commands have)
 *
 * Numbers are little-endian. Entries begin anywhere: DataView needs no alignment.
 */
export const entryHeadBytes = 44

export const entryOffset = {
  length: 0,
  op: 2,
  slot: 4,
  turn: 8,
  msgid: 12,
  deadlineAt: 16,
  skuHash: 24,
  userHash: 28,
  requestHi: 32,
  requestLo: 36,
  qty: 40,
  skuBytes: 42,
  userBytes: 43,
} as const

/** What an entry asks for. Numbers are part of the journal's and the bus's format: never reuse one. */
export const op = {
  buy: 1,
  leave: 2,
  claim: 3,
  checkout: 4,
  settle: 5,
  configure: 6,
  setPhase: 7,
  restock: 8,
  status: 9,
  view: 10,
  claimsByNumber: 11,
  claimsOfUser: 12,
  lineList: 13,
  orderGet: 14,
  delivered: 15,
  orderCancel: 16,
  orderFind: 17,
  orderRefund: 18,
  drawBeacon: 20,
  drawProof: 21,
  reservedBuy: 24,
  reservationAsk: 25,
  reservationTold: 26,
  owed: 28,
  absent: 29,
  edit: 30,
  attach: 32,
  detach: 33,
  claimed: 34,
  orderNews: 35,
  userGet: 36,
  orderList: 37,
  whereabouts: 38,
  userSet: 39,
  userInfo: 40,
  userHistory: 41,
  userErase: 42,
  reserve: 48,
  reservationNews: 49,
} as const

export type Op = (typeof op)[keyof typeof op]

/** Entries are longer than a u16 can say only by mistake: the edge's message limits are below this. */
export const entryBytesMax = 0xffff

/** The fields of an entry as an object, for cold paths, tests and tools; the hot path writes and reads the bytes. */
export interface Entry {
  readonly op: Op
  readonly slot: number
  readonly turn: number
  readonly msgid: number
  readonly deadlineAt: number
  readonly skuHash: number
  readonly userHash: number
  readonly requestHi: number
  readonly requestLo: number
  readonly qty: number
  readonly sku: Uint8Array
  readonly user: Uint8Array
  readonly payload: Uint8Array
}

/** Copies one entry to `view` at `at` and returns the offset behind it. The caller has made room. */
export function writeEntry(bytes: Uint8Array, view: DataView, at: number, entry: Entry): number {
  const skuAt = at + entryHeadBytes
  const userAt = skuAt + entry.sku.length
  const payloadAt = userAt + entry.user.length
  const end = payloadAt + entry.payload.length
  if (end - at > entryBytesMax) throw new RangeError(`an entry of ${end - at} bytes is longer than ${entryBytesMax}`)
  view.setUint16(at, end - at, true)
  view.setUint16(at + entryOffset.op, entry.op, true)
  view.setUint32(at + entryOffset.slot, entry.slot, true)
  view.setUint32(at + entryOffset.turn, entry.turn, true)
  view.setUint32(at + entryOffset.msgid, entry.msgid, true)
  view.setFloat64(at + entryOffset.deadlineAt, entry.deadlineAt, true)
  view.setUint32(at + entryOffset.skuHash, entry.skuHash, true)
  view.setUint32(at + entryOffset.userHash, entry.userHash, true)
  view.setUint32(at + entryOffset.requestHi, entry.requestHi, true)
  view.setUint32(at + entryOffset.requestLo, entry.requestLo, true)
  view.setUint16(at + entryOffset.qty, entry.qty, true)
  bytes[at + entryOffset.skuBytes] = entry.sku.length
  bytes[at + entryOffset.userBytes] = entry.user.length
  bytes.set(entry.sku, skuAt)
  bytes.set(entry.user, userAt)
  bytes.set(entry.payload, payloadAt)
  return end
}

/** Reads the entry at `at` into an object whose byte fields are views of the same memory. */
export function readEntry(bytes: Uint8Array, view: DataView, at: number): Entry {
  const skuAt = at + entryHeadBytes
  const userAt = skuAt + (bytes[at + entryOffset.skuBytes] as number)
  const payloadAt = userAt + (bytes[at + entryOffset.userBytes] as number)
  return {
    op: bytes[at + entryOffset.op] as Op,
    slot: view.getUint32(at + entryOffset.slot, true),
    turn: view.getUint32(at + entryOffset.turn, true),
    msgid: view.getUint32(at + entryOffset.msgid, true),
    deadlineAt: view.getFloat64(at + entryOffset.deadlineAt, true),
    skuHash: view.getUint32(at + entryOffset.skuHash, true),
    userHash: view.getUint32(at + entryOffset.userHash, true),
    requestHi: view.getUint32(at + entryOffset.requestHi, true),
    requestLo: view.getUint32(at + entryOffset.requestLo, true),
    qty: view.getUint16(at + entryOffset.qty, true),
    sku: bytes.subarray(skuAt, userAt),
    user: bytes.subarray(userAt, payloadAt),
    payload: bytes.subarray(payloadAt, at + view.getUint16(at, true)),
  }
}
