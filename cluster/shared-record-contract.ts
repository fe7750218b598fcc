import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { nothingShared, type SharedRecord, type VersionedBytes } from './shared-record.ts'

/** One record as several processes reach it. */
export interface SharedRecordBench {
  connect(name: string): Promise<SharedRecord>
  /** Ends every process and begins anew over what is kept. */
  restart(): Promise<void>
  close(): Promise<void>
}

/** What every {@link SharedRecord} promises. */
export function sharedRecordContract(name: string, makeBench: () => Promise<SharedRecordBench>): void {
  describe(`${name} keeps the contract of SharedRecord`, () => {
    let bench: SharedRecordBench

    beforeEach(async () => {
      bench = await makeBench()
    })
    afterEach(() => bench.close())

    test('SHR-1 a record that nobody has written has the version of nothing', async () => {
      const record = await bench.connect('a')
      expect(await record.read('')).toBeUndefined()
      expect(await record.read('some version')).toEqual(nothingShared)
    })

    test('SHR-2 what one writes the others read, and only those that do not have it', async () => {
      const [one, other] = [await bench.connect('a'), await bench.connect('a')]
      expect(await one.write('', next('1', [0, 255, 13, 10]))).toBe('stored')
      expect(plain(await other.read(''))).toEqual({ version: '1', bytes: [0, 255, 13, 10] })
      expect(await other.read('1')).toBeUndefined()
    })

    test('SHR-2 records do not know of each other, and may be large or empty', async () => {
      const [one, other] = [await bench.connect('a'), await bench.connect('b')]
      const large = new Uint8Array(2_000_000).fill(7)
      await one.write('', { version: 'large', bytes: large })
      await other.write('', next('empty', []))
      expect((await one.read(''))?.bytes.length).toBe(large.length)
      expect(plain(await other.read(''))).toEqual({ version: 'empty', bytes: [] })
    })

    test('SHR-3 of those who change the same version one does, and the others have to look again', async () => {
      const one = await bench.connect('a')
      const rivals = await Promise.all([1, 2, 3, 4].map((number) => one.write('', next(`of ${number}`, [number]))))
      expect(rivals.toSorted()).toEqual(['overtaken', 'overtaken', 'overtaken', 'stored'])
      const winner = rivals.indexOf('stored') + 1
      expect(plain(await one.read(''))).toEqual({ version: `of ${winner}`, bytes: [winner] })
      expect(await one.write('', next('late', [9]))).toBe('overtaken')
      expect(await one.write(`of ${winner}`, next('next', [9]))).toBe('stored')
    })

    test('SHR-4 it outlives those who wrote it', async () => {
      await (await bench.connect('a')).write('', next('1', [1]))
      await bench.restart()
      expect(plain(await (await bench.connect('a')).read(''))).toEqual({ version: '1', bytes: [1] })
    })
  })
}

function next(version: string, bytes: readonly number[]): VersionedBytes {
  return { version, bytes: Uint8Array.from(bytes) }
}

function plain(found: VersionedBytes | undefined) {
  return found === undefined ? undefined : { version: found.version, bytes: [...found.bytes] }
}
