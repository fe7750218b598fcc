import { afterEach, beforeEach, expect, test } from 'vitest'
import { LocalBus } from '../cluster/local-bus.ts'
import { ManualWorld } from '../cluster/manual-world.ts'
import { nothingShared, type SharedRecord, type VersionedBytes } from '../cluster/shared-record.ts'
import { StoreFault } from '../cluster/store.ts'
import { type Ban, bansMax } from '../protocol/ban.ts'
import { frameKind } from '../protocol/frame.ts'
import { hashText } from '../protocol/hash.ts'
import { packInner } from '../protocol/inner-codec.ts'
import { bansSubject } from '../protocol/subject.ts'
import { encodeVersionNews } from '../protocol/version-news.ts'
import { Bans } from './bans.ts'

/** In memory; its readers may be told to wait, or that it is away. */
class MemoryRecord implements SharedRecord {
  kept: VersionedBytes = nothingShared
  isAway = false
  reads = 0

  async read(known: string): Promise<VersionedBytes | undefined> {
    this.check()
    this.reads++
    return this.kept.version === known ? undefined : this.kept
  }

  async write(known: string, next: VersionedBytes): Promise<'stored' | 'overtaken'> {
    this.check()
    if (this.kept.version !== known) return 'overtaken'
    this.kept = next
    return 'stored'
  }

  private check(): void {
    if (this.isAway) throw new StoreFault('STORE_FAILED', 'away')
  }
}

let world: ManualWorld
let record: MemoryRecord
let bus: LocalBus
let changes: string[]
const opened: Bans[] = []

beforeEach(() => {
  world = new ManualWorld()
  record = new MemoryRecord()
  bus = new LocalBus(world.log)
  changes = []
})
afterEach(() => {
  for (const bans of opened.splice(0)) bans.close()
})

test('BAN-3 a ban holds at once on every gateway, and a removed one does not', async () => {
  const [a, b] = [await gateway('a'), await gateway('b')]
  expect(await a.add(ban('user', 'anna'))).toBe('kept')
  await world.pass(0)
  expect([a, b].map((bans) => bans.table.hasUser('anna'))).toEqual([true, true])
  expect(changes).toEqual(['a', 'b'])
  expect(await b.add(ban('range', '10.0.0.0/8'))).toBe('kept')
  await world.pass(0)
  expect([a, b].map((bans) => bans.table.hasAddress('10.1.1.1'))).toEqual([true, true])
  expect(await a.remove({ kind: 'user', target: 'anna' })).toBe('kept')
  expect(await a.remove({ kind: 'user', target: 'anna' })).toBe('unknown')
  await world.pass(0)
  expect([a, b].map((bans) => [bans.table.hasUser('anna'), bans.list().length])).toEqual([
    [false, 1],
    [false, 1],
  ])
})

test('BAN-4 a gateway that did not hear of a change finds it by itself', async () => {
  const a = await gateway('a', new LocalBus(world.log))
  const b = await gateway('b')
  await a.add(ban('user', 'anna'))
  expect(b.table.hasUser('anna')).toBe(false)
  await world.pass(500)
  expect(b.table.hasUser('anna')).toBe(true)
})

test('BAN-4 a gateway that starts later has them before anybody is let in', async () => {
  await (await gateway('a')).add(ban('user', 'anna'))
  const late = await gateway('late')
  expect(late.table.hasUser('anna')).toBe(true)
  expect(changes).toEqual(['a', 'late'])
})

test('BAN-4 while they cannot be read, those that are known stand, and a start waits', async () => {
  const a = await gateway('a')
  await a.add(ban('user', 'anna'))
  record.isAway = true
  await world.pass(5_000)
  expect(a.table.hasUser('anna')).toBe(true)
  await expect(a.add(ban('user', 'ben'))).rejects.toMatchObject({ code: 'STORE_FAILED' })
  const late = new Bans({ record, bus, world, onChange: () => {} })
  opened.push(late)
  const started = late.start()
  await world.pass(2_000)
  expect(late.table.hasUser('anna')).toBe(false)
  record.isAway = false
  await world.pass(1_000)
  expect(await started).toBe(true)
  expect(late.table.hasUser('anna')).toBe(true)
  expect(world.logged.map(({ text }) => text)).toContain('the bans cannot be read; what is known stands')
})

test('BAN-5 of several operators at once each gets its ban in, and nobody takes out another one', async () => {
  const gateways = [await gateway('a'), await gateway('b'), await gateway('c')]
  await Promise.all(gateways.flatMap((bans, i) => [1, 2].map((j) => bans.add(ban('user', `user-${i}-${j}`)))))
  await world.pass(0)
  for (const bans of gateways) expect(bans.list()).toHaveLength(6)
})

test('BAN-5 another ban of the same target takes the place of the first', async () => {
  const a = await gateway('a')
  await a.add(ban('user', 'anna', { until: world.clock.now() + 1_000 }))
  await a.add(ban('user', 'anna', { reason: 'again' }))
  await world.pass(2_000)
  expect(a.list()).toMatchObject([{ target: 'anna', reason: 'again', until: null }])
})

test('BAN-6 a ban ends at its time, and is no longer listed', async () => {
  const a = await gateway('a')
  await a.add(ban('user', 'anna', { until: world.clock.now() + 1_000 }))
  await world.pass(999)
  expect([a.table.hasUser('anna'), a.list().length]).toEqual([true, 1])
  await world.pass(1)
  expect([a.table.hasUser('anna'), a.list().length]).toEqual([false, 0])
})

test('BAN-7 there are only so many, and one that has ended makes room', async () => {
  const a = await gateway('a')
  const until = world.clock.now() + 1_000
  const many = Array.from({ length: bansMax - 1 }, (_, i) => ban('user', `user-${i}`))
  record.kept = { version: 'many', bytes: packInner([...many, ban('user', 'last', { until })]) }
  expect(await a.add(ban('user', 'anna'))).toBe('full')
  expect(await a.add(ban('user', 'user-7', { reason: 'known already' }))).toBe('kept')
  await world.pass(1_000)
  expect(await a.add(ban('user', 'anna'))).toBe('kept')
  expect(a.list()).toHaveLength(bansMax)
})

test('BAN-8 a user is recognised in the bytes of a call, and by the whole name', async () => {
  const a = await gateway('a')
  await a.add(ban('user', 'zoé'))
  const bytes = new TextEncoder().encode('..zoé..')
  expect(a.table.hasScanned(hashText('zoé'), bytes, 2, 6)).toBe(true)
  expect(a.table.hasScanned(hashText('zoé'), bytes, 2, 5)).toBe(false)
  expect(a.table.hasScanned(hashText('zoe'), bytes, 2, 6)).toBe(false)
})

test('BAN-4 word of a version that is known, or that is no word, is not followed', async () => {
  const a = await gateway('a')
  await a.add(ban('user', 'anna'))
  const { reads } = record
  bus.send(bansSubject, encodeVersionNews(frameKind.bans, record.kept.version))
  bus.send(bansSubject, Uint8Array.of(1, 99, 1))
  bus.send(bansSubject, Uint8Array.of())
  await world.pass(0)
  expect(record.reads).toBe(reads)
})

async function gateway(name: string, over = bus): Promise<Bans> {
  const bans = new Bans({ record, bus: over, world, onChange: () => void changes.push(name) })
  opened.push(bans)
  await bans.start()
  return bans
}

function ban(kind: Ban['kind'], target: string, more: Partial<Ban> = {}): Ban {
  return { kind, target, until: null, reason: '', bannedAt: world.clock.now(), ...more }
}
