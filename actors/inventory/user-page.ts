import { mix32 } from '../../protocol/hash.ts'
import { pageMemory } from '../page-memory.ts'

/** Bytes of a row in all columns. */
const rowBytes = 46

/** So many rows of a table, in columns that share one buffer: to the garbage collector a page is one thing. */
export class UserPage {
  readonly rows: number
  /** When the hold or the payment ends, without the SKU's shift (sku-state.ts). */
  readonly deadline: Float64Array
  /** 0 in a row that is free. */
  readonly userLength: Uint8Array
  readonly hash: Uint32Array
  /** Where the id's bytes are (user-bytes.ts). */
  readonly user: Uint32Array
  readonly claim: Uint32Array
  readonly bought: Uint32Array
  /** Of these the units that were given back and count against the limit no more. */
  readonly returned: Uint32Array
  /** Of the claim's order: `orderTag` of protocol/ids.ts. */
  readonly orderTag: Uint32Array
  readonly requestHi: Uint32Array
  readonly requestLo: Uint32Array
  readonly qty: Uint16Array
  /** Of the claim's hold, and of the order that it became: the number of its price (sku-prices.ts). */
  readonly price: Uint16Array
  readonly state: Uint8Array

  /** `rows` is a multiple of 8, so that every column begins where its numbers may. */
  constructor(rows: number) {
    const buffer = pageMemory(rows * rowBytes)
    let at = 0
    const from = (bytes: number): number => {
      at += bytes * rows
      return at - bytes * rows
    }
    this.rows = rows
    this.deadline = new Float64Array(buffer, from(8), rows)
    this.hash = new Uint32Array(buffer, from(4), rows)
    this.user = new Uint32Array(buffer, from(4), rows)
    this.claim = new Uint32Array(buffer, from(4), rows)
    this.bought = new Uint32Array(buffer, from(4), rows)
    this.returned = new Uint32Array(buffer, from(4), rows)
    this.orderTag = new Uint32Array(buffer, from(4), rows)
    this.requestHi = new Uint32Array(buffer, from(4), rows)
    this.requestLo = new Uint32Array(buffer, from(4), rows)
    this.qty = new Uint16Array(buffer, from(2), rows)
    this.price = new Uint16Array(buffer, from(2), rows)
    this.state = new Uint8Array(buffer, from(1), rows)
    this.userLength = new Uint8Array(buffer, from(1), rows)
  }

  /** A page of more rows that begins with these. */
  larger(rows: number): UserPage {
    const page = new UserPage(rows)
    for (const column of userColumns) page[column].set(this[column])
    return page
  }

  /** Makes a row what it was at first. */
  clear(at: number): void {
    for (const column of userColumns) this[column][at] = 0
  }

  /** A hash of what the row says of its user. */
  digest(at: number): number {
    const deadline = this.deadline[at] as number
    let digest = mix32((this.hash[at] as number) ^ (this.claim[at] as number))
    digest = Math.imul(digest ^ (this.state[at] as number) ^ ((this.qty[at] as number) << 8), 0x9e37_79b1)
    const tag = this.orderTag[at] as number
    const returned = this.returned[at] as number
    const price = this.price[at] as number
    // Journals in which no order has a tag, nothing was given back and no price was changed have digests without it.
    if (returned !== 0) digest = Math.imul(digest ^ returned, 0x9e37_79b1)
    if (price !== 0) digest = Math.imul(digest ^ price, 0x27d4_eb2f)
    if (tag !== 0) digest = Math.imul(digest ^ tag, 0x2545_f491)
    digest = Math.imul(digest ^ (this.bought[at] as number), 0x85eb_ca77)
    digest = Math.imul(digest ^ (this.requestHi[at] as number), 0xc2b2_ae3d)
    digest = Math.imul(digest ^ (this.requestLo[at] as number), 0x27d4_eb2f)
    digest = Math.imul(digest ^ (deadline / 0x1_0000_0000), 0x1656_67b1)
    return mix32(digest ^ deadline)
  }
}

export const userColumns = [
  'deadline',
  'hash',
  'user',
  'claim',
  'bought',
  'returned',
  'orderTag',
  'requestHi',
  'requestLo',
  'qty',
  'price',
  'state',
  'userLength',
] as const
export type UserColumn = (typeof userColumns)[number]
