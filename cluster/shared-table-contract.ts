import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { RowChange, SharedTable, TableChanges, TableLimits } from './shared-table.ts'

/** One table as several processes reach it. */
export interface SharedTableBench {
  connect(limits: TableLimits): Promise<SharedTable>
  /** Ends every process and begins anew over what is kept. */
  restart(): Promise<void>
  close(): Promise<void>
}

const limits: TableLimits = { rowsMax: 5, removalsMax: 2 }

/** What every {@link SharedTable} promises. */
export function sharedTableContract(name: string, makeBench: () => Promise<SharedTableBench>): void {
  describe(`${name} keeps the contract of SharedTable`, () => {
    let bench: SharedTableBench
    let table: SharedTable

    beforeEach(async () => {
      bench = await makeBench()
      table = await bench.connect(limits)
    })
    afterEach(() => bench.close())

    test('TBL-1 what one writes the others read, byte for byte, until it is removed', async () => {
      const other = await bench.connect(limits)
      expect([await other.get('a'), await other.last(), await other.size()]).toEqual([undefined, 0, 0])
      expect(await table.write([put('a', 0, 255, 13, 10), put('b', 1)])).toBe('stored')
      expect([...((await other.get('a')) ?? [])]).toEqual([0, 255, 13, 10])
      expect(await table.write([put('a', 7), remove('b'), remove('never')])).toBe('stored')
      expect([[...((await other.get('a')) ?? [])], await other.get('b'), await other.size()]).toEqual([[7], undefined, 1])
    })

    test('TBL-2 whoever remembers a revision reads what came since, each row once, in the order of its last change', async () => {
      await table.write([put('a', 1), put('b', 1), put('c', 1)])
      const first = await table.walk(0, 2)
      expect([keysOf(first), first.isEnd]).toEqual([['a=1', 'b=1'], false])
      const rest = await changes(table, lastOf(first), 2)
      expect([keysOf(rest), rest.isEnd]).toEqual([['c=1'], true])
      const seen = lastOf(rest)
      expect(seen).toBe(await table.last())
      expect(keysOf(await changes(table, seen))).toEqual([])
      await table.write([put('b', 2)])
      await table.write([remove('a'), put('d', 1)])
      const later = await changes(table, seen)
      expect(keysOf(later)).toEqual(['b=2', 'a', 'd=1'])
      expect(keysOf(await table.walk(0, 10))).toEqual(['c=1', 'b=2', 'a', 'd=1'])
      const revisions = later.rows.map(({ revision }) => revision)
      expect(revisions).toEqual(revisions.toSorted((a, b) => a - b))
    })

    test('TBL-3 a removed row that is written again is there again, and not removed any more', async () => {
      await table.write([put('a', 1)])
      await table.write([remove('a')])
      await table.write([put('a', 2)])
      expect(keysOf(await table.walk(0, 10))).toEqual(['a=2'])
      expect(await table.size()).toBe(1)
    })

    test('TBL-3 nor does it count as a removal that is to be forgotten, also in the step that removes another one', async () => {
      await table.write(['a', 'b', 'c'].map((key) => put(key, 1)))
      await table.write([remove('a'), remove('b')])
      const heard = await table.last()
      await table.write([put('a', 2), remove('c')])
      expect([...((await table.get('a')) ?? [])]).toEqual([2])
      expect(keysOf(await changes(table, heard))).toEqual(['a=2', 'c'])
      expect(keysOf(await table.walk(0, 10))).toEqual(['b', 'a=2', 'c'])
    })

    test('TBL-4 more rows than it may have are refused as a whole, and what is there may still be changed', async () => {
      await table.write(['a', 'b', 'c', 'd'].map((key) => put(key, 1)))
      expect(await table.write([put('a', 2), put('e', 1), put('f', 1)])).toBe('full')
      expect([[...((await table.get('a')) ?? [])], await table.get('e'), await table.size()]).toEqual([[1], undefined, 4])
      expect(await table.write([put('a', 2), put('e', 1)])).toBe('stored')
      expect(await table.write([put('f', 1)])).toBe('full')
      expect(await table.write([remove('a'), put('f', 1)])).toBe('stored')
      expect(await table.size()).toBe(5)
    })

    test('TBL-5 of so many removals the oldest are forgotten, and whoever has not heard of them is told to read again', async () => {
      await table.write(['a', 'b', 'c', 'd'].map((key) => put(key, 1)))
      const early = await table.last()
      await table.write([remove('a'), remove('b')])
      expect(keysOf(await changes(table, early))).toEqual(['a', 'b'])
      const heard = await table.last()
      await table.write([remove('c')])
      expect(await table.changesAfter(early, 10)).toBe('again')
      expect(keysOf(await changes(table, heard))).toEqual(['c'])
      expect(keysOf(await table.walk(0, 10))).toEqual(['d=1', 'b', 'c'])
      await table.write([remove('d')])
      expect(keysOf(await changes(table, heard))).toEqual(['c', 'd'])
    })

    test('TBL-8 a walk through all of it is not disturbed by what has been forgotten', async () => {
      await table.write(['a', 'b'].map((key) => put(key, 1)))
      for (const key of ['c', 'd', 'e']) {
        await table.write([put(key, 1)])
        await table.write([remove(key)])
      }
      await table.write([put('f', 1)])
      const walked: string[] = []
      for (let after = 0, isEnd = false; !isEnd;) {
        const page = await table.walk(after, 1)
        walked.push(...keysOf(page))
        after = lastOf(page)
        isEnd = page.isEnd
      }
      expect(walked).toEqual(['a=1', 'b=1', 'd', 'e', 'f=1'])
    })

    test('TBL-9 a walk from the newest change back finds each row once, and ends', async () => {
      expect(await table.walkBack(Infinity, 3)).toEqual({ rows: [], isEnd: true })
      await table.write(['a', 'b', 'c', 'd'].map((key) => put(key, 1)))
      await table.write([put('b', 2)])
      await table.write([remove('a')])
      const first = await table.walkBack(Infinity, 2)
      expect([keysOf(first), first.isEnd]).toEqual([['a', 'b=2'], false])
      await table.write([put('c', 2)])
      const second = await table.walkBack(lastOf(first), 2)
      expect([keysOf(second), second.isEnd]).toEqual([['d=1'], true])
      expect(keysOf(await table.walkBack(Infinity, 9))).toEqual(['c=2', 'a', 'b=2', 'd=1'])
    })

    test('TBL-6 whoever has seen more than there is, for the newest was lost, is told to read again', async () => {
      await table.write([put('a', 1)])
      expect(await table.changesAfter((await table.last()) + 1_000_000, 10)).toBe('again')
    })

    test('TBL-7 it outlives those who wrote it, and revisions go on rising', async () => {
      await table.write([put('a', 1)])
      const before = await table.last()
      await bench.restart()
      const next = await bench.connect(limits)
      expect([await next.last(), [...((await next.get('a')) ?? [])]]).toEqual([before, [1]])
      await next.write([put('b', 1)])
      expect(keysOf(await changes(next, before))).toEqual(['b=1'])
    })
  })
}

function put(key: string, ...bytes: readonly number[]): RowChange {
  return { key, bytes: Uint8Array.from(bytes) }
}

function remove(key: string): RowChange {
  return { key, bytes: undefined }
}

async function changes(table: SharedTable, after: number, most = 10): Promise<TableChanges> {
  const found = await table.changesAfter(after, most)
  if (found === 'again') throw new Error('it was told to read again')
  return found
}

function lastOf({ rows }: TableChanges): number {
  return rows.at(-1)?.revision ?? 0
}

function keysOf({ rows }: TableChanges): readonly string[] {
  return rows.map(({ key, bytes }) => (bytes === undefined ? key : `${key}=${[...bytes].join()}`))
}
