import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { mix32 } from '../../protocol/hash.ts'
import { finish } from '../work.ts'
import { ClaimRows } from './claim-rows.ts'
import { FormerRequests } from './former-requests.ts'
import { UserBytes } from './user-bytes.ts'
import { UserIndex } from './user-index.ts'
import { UserPage } from './user-page.ts'
import { UserTable } from './user-table.ts'

interface ModelRow {
  readonly hash: number
  readonly user: string
  row: number
  claim: number
  state: number
  bought: number
}

const utf8 = new TextEncoder()
const text = new TextDecoder()

/** Few hashes for many users: every probe runs into others, and cells have to move when one goes. */
const hashes = [0, 1, 2, 3, 15, 16, 17, 31, 0x0400_0000, 0xffff_ffff, 0xffff_fff0]
/** One of each size class of the id's bytes, and lengths at their edges. */
const lengths = [1, 15, 16, 17, 24, 25, 32, 33, 48, 49, 64]

const person = fc.record({ hash: fc.constantFrom(...hashes), number: fc.nat(60), length: fc.constantFrom(...lengths) })
const step = fc.oneof(
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('claim' as const), person, state: fc.nat(12), bought: fc.nat(9) }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('remove' as const), person }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('reload' as const) }) },
)

function nameOf(one: { readonly number: number; readonly length: number }): string {
  return String(one.number).padStart(one.length, 'u').slice(-one.length)
}

function find(table: UserTable, hash: number, user: string): number {
  const padded = utf8.encode(`??${user}??`)
  return table.find(hash, padded, 2, padded.length - 4)
}

/** Writes a claim into a begun row as `evolve` does. */
function setRow(table: UserTable, row: number, claim: number, state: number, bought: number): void {
  table.setClaim(row, claim)
  table.setState(row, state)
  table.setQty(row, claim % 7)
  table.setBought(row, bought)
  table.setRequest(row, claim * 3, claim * 5)
  table.setDeadline(row, 1_700_000_000_000 + claim)
  table.end(row)
}

class UserRun {
  table = new UserTable()
  readonly model = new Map<string, ModelRow>()
  private lastClaim = 0

  claim(hash: number, user: string, state: number, bought: number): void {
    const key = `${hash} ${user}`
    const bytes = utf8.encode(user)
    let row = find(this.table, hash, user)
    const known = this.model.get(key)
    expect(row).toBe(known?.row ?? -1)
    if (row < 0) row = this.table.add(hash, bytes, 0, bytes.length)
    else this.table.begin(row)
    const claim = ++this.lastClaim
    setRow(this.table, row, claim, state, bought)
    if (known !== undefined) expect(this.table.rowOf(known.claim)).toBe(-1)
    this.model.set(key, { hash, user, row, claim, state, bought })
  }

  remove(hash: number, user: string): void {
    const known = this.model.get(`${hash} ${user}`)
    if (known === undefined) return
    this.table.remove(known.row)
    this.model.delete(`${hash} ${user}`)
    expect(find(this.table, hash, user)).toBe(-1)
    expect(this.table.rowOf(known.claim)).toBe(-1)
  }

  /** Into an empty table and on with that one: rows have other numbers there. */
  reload(): void {
    const copy = new UserTable()
    finish(copy.restore(this.table.save()))
    expect(copy.digest).toBe(this.table.digest)
    this.table = copy
    for (const one of this.model.values()) one.row = find(copy, one.hash, one.user)
  }

  check(): void {
    const { table, model } = this
    expect(table.count).toBe(model.size)
    expect([...table.rows()].length).toBe(model.size)
    for (const one of model.values()) {
      const row = find(table, one.hash, one.user)
      expect(row, one.user).toBe(one.row)
      expect(table.rowOf(one.claim)).toBe(row)
      expect(text.decode(table.userBytes(row))).toBe(one.user)
      expect([table.userHash(row), table.claim(row), table.state(row), table.bought(row)]).toEqual([
        one.hash,
        one.claim,
        one.state,
        one.bought,
      ])
      expect([table.qty(row), table.requestHi(row), table.requestLo(row)]).toEqual([one.claim % 7, one.claim * 3, one.claim * 5])
      expect(table.deadline(row)).toBe(1_700_000_000_000 + one.claim)
    }
    const fresh = new UserTable()
    for (const one of [...model.values()].toReversed()) {
      const bytes = utf8.encode(one.user)
      setRow(fresh, fresh.add(one.hash, bytes, 0, bytes.length), one.claim, one.state, one.bought)
    }
    expect(fresh.digest, 'the digest does not depend on the way to the state').toBe(table.digest)
  }
}

describe('UserTable', () => {
  test('INV-80 the user table is a map from users to their claims, also when hashes collide, users go and tables are restored', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 150, size: 'max' }), (steps) => {
        const run = new UserRun()
        for (const one of steps) {
          if (one.kind === 'claim') run.claim(one.person.hash, nameOf(one.person), one.state, one.bought)
          else if (one.kind === 'remove') run.remove(one.person.hash, nameOf(one.person))
          else run.reload()
        }
        run.check()
      }),
      { numRuns: 200 },
    )
  })

  test('INV-81 users with one and the same hash are told apart, and removing any of them leaves the others findable', () => {
    const table = new UserTable()
    const users = Array.from({ length: 200 }, (_, i) => `user-${i}`)
    for (const user of users) table.end(table.add(77, utf8.encode(user), 0, user.length))
    for (const [i, user] of users.entries()) if (i % 3 === 0) table.remove(find(table, 77, user))
    for (const [i, user] of users.entries()) expect(find(table, 77, user) >= 0, user).toBe(i % 3 !== 0)
    expect(find(table, 77, 'user-1x')).toBe(-1)
    expect(find(table, 78, 'user-1')).toBe(-1)
  })

  test('INV-82 a hundred thousand users are all found again while the table grows', () => {
    const table = new UserTable()
    const bytes = new Uint8Array(16)
    const view = new DataView(bytes.buffer)
    const hashOf = (i: number) => Math.imul(i, 0x9e37_79b1) >>> 0
    for (let i = 0; i < 100_000; i++) {
      view.setUint32(12, i)
      const row = table.add(hashOf(i), bytes, 0, 16)
      table.setClaim(row, i + 1)
      table.end(row)
    }
    let wrong = 0
    for (let i = 0; i < 100_000; i++) {
      view.setUint32(12, i)
      const row = table.find(hashOf(i), bytes, 0, 16)
      if (table.claim(row) !== i + 1 || table.rowOf(i + 1) !== row) wrong++
    }
    expect(wrong).toBe(0)
    expect(table.find(hashOf(5), bytes, 0, 16)).toBe(-1)
  })

  test('INV-83 the digest sees a change of every column that decides something', () => {
    const digestWith = (change: (table: UserTable, row: number) => void): number => {
      const table = new UserTable()
      const row = table.add(5, utf8.encode('someone'), 0, 7)
      setRow(table, row, 9, 2, 0)
      table.begin(row)
      change(table, row)
      table.end(row)
      return table.digest
    }
    const digests = [
      digestWith(() => undefined),
      digestWith((table, row) => table.setClaim(row, 10)),
      digestWith((table, row) => table.setState(row, 3)),
      digestWith((table, row) => table.setQty(row, 3)),
      digestWith((table, row) => table.setBought(row, 3)),
      digestWith((table, row) => table.setRequest(row, 3, 0)),
      digestWith((table, row) => table.setRequest(row, 0, 3)),
      digestWith((table, row) => table.setDeadline(row, table.deadline(row) + 1)),
      digestWith((table, row) => table.setDeadline(row, table.deadline(row) + 0x1_0000_0000)),
    ]
    expect(new Set(digests).size).toBe(digests.length)
  })
})

test('INV-89 users who come and go take no more memory than are there at a time', () => {
  const table = new UserTable()
  const bytes = new Uint8Array(64)
  const before = process.memoryUsage().arrayBuffers
  for (let i = 0; i < 400_000; i++) {
    new DataView(bytes.buffer).setUint32(0, i)
    const row = table.add(i, bytes, 0, 64)
    table.end(row)
    table.remove(row)
  }
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(8_000_000)
})

test('INV-121 nobody who comes pays for all who are there: a page at most is copied, and none when there are several', () => {
  const table = new UserTable()
  const pages = (): readonly UserPage[] => {
    const found: unknown = Reflect.get(table, 'pages')
    if (!Array.isArray(found)) throw new Error('the table keeps its rows in pages')
    return found.filter((page) => page instanceof UserPage)
  }
  const bytes = new Uint8Array(16)
  let known = pages()
  let rowsCopied = 0
  for (let i = 0; i < 20_000; i++) {
    new DataView(bytes.buffer).setUint32(12, i)
    table.end(table.add(mix32(i), bytes, 0, 16))
    const now = pages()
    for (const [at, page] of known.entries()) if (now[at] !== page) rowsCopied += page.rows
    expect(now.length - known.length).toBeLessThanOrEqual(1)
    known = now
  }
  expect(known.map(({ rows }) => rows)).toEqual([8192, 8192, 8192])
  expect(rowsCopied).toBe(8192 - 64)
})

test('INV-123 V8 counts no table of a SKU towards what makes it mark the heap', () => {
  const before = process.memoryUsage().external
  const [users, claims, former] = [new UserTable(), new ClaimRows(), new FormerRequests()]
  const bytes = new Uint8Array(16)
  for (let i = 0; i < 100_000; i++) {
    new DataView(bytes.buffer).setUint32(12, i)
    users.end(users.add(mix32(i), bytes, 0, 16))
    claims.set(i, i)
    former.remember(mix32(i), 1, i, 0)
  }
  // They take fifteen megabytes.
  expect(process.memoryUsage().external - before).toBeLessThan(1_000_000)
  expect([users.count, claims.get(99_999), former.has(mix32(7), 1, 7, 0)]).toEqual([100_000, 99_999, true])
})

test('INV-121 the parts of the index grow one after the other', () => {
  const index = new UserIndex()
  const parts = (): Uint32Array[] => Array.from({ length: 64 }, (_, part) => index.part((part << 26) >>> 0))
  let known = parts()
  let most = 0
  const [first, last, every] = [100_000, 220_000, 2_000]
  for (let row = 0; row < last; row++) {
    index.insert(mix32(row), row)
    if (row % every !== 0) continue
    const now = parts()
    if (row >= first) most = Math.max(most, now.filter((part, i) => part !== known[i]).length)
    known = now
  }
  expect(most).toBeGreaterThan(0)
  expect(most).toBeLessThan(9)
})

test('INV-84 user bytes keep ids of every length, and a freed slot is used again', () => {
  const store = new UserBytes()
  const references = Array.from({ length: 64 * 30 }, (_, i) => {
    const length = 1 + (i % 64)
    return { length, reference: store.add(new Uint8Array(80).fill(i & 0xff), 8, 8 + length), byte: i & 0xff }
  })
  const isKept = (one: (typeof references)[number]) => store.equal(one.reference, one.length, new Uint8Array(64).fill(one.byte), 0)
  expect(references.every(isKept)).toBe(true)
  expect(references.every((one) => store.get(one.reference, one.length).length === one.length)).toBe(true)
  const freed = references[20] as (typeof references)[number]
  store.free(freed.reference)
  expect(store.add(new Uint8Array(20).fill(1), 0, 20)).toBe(freed.reference)
  expect(references.filter((one) => one !== freed).every(isKept)).toBe(true)
})
