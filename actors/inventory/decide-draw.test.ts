import { expect, test } from 'vitest'
import type { SkuSettings } from '../../protocol/sku-settings.ts'
import { DrawRig, drawSettings, names } from '../testing/draw-rig.ts'
import { settingsOf, short, start } from '../testing/inventory-rig.ts'
import { finish } from '../work.ts'
import { InventoryActor } from './inventory-actor.ts'

test('LOB-1 before the opening a buy is a place in the lobby, once, however often it is asked for', () => {
  const rig = new DrawRig()
  expect(rig.buy('ann')).toEqual({ state: 'lobby', opensAt: start + 60_000 })
  expect(rig.buy('ann')).toEqual({ state: 'lobby', opensAt: start + 60_000 })
  expect(rig.claim('ann')).toEqual({ state: 'lobby', opensAt: start + 60_000 })
  expect(rig.draw.people).toBe(1)
  expect(rig.status()).toMatchObject({ waiting: 0, state: 'scheduled', available: 3 })
})

test('LOB-2 who leaves the lobby takes no part; who comes back does', () => {
  const rig = new DrawRig()
  for (const user of ['ann', 'bob', 'cyd']) rig.buy(user)
  expect(rig.leave('bob')).toEqual({ state: 'none' })
  expect(rig.claim('bob')).toEqual({ state: 'none' })
  expect(rig.draw.people).toBe(2)
  rig.leave('cyd')
  rig.buy('cyd')
  rig.open()
  expect(rig.seated()).toEqual(rig.drawn(['ann', 'cyd']))
})

test('LOB-3 limits hold in the lobby as they do in a line', () => {
  const rig = new DrawRig({ lineMax: 2, perUserMax: 2 })
  expect(rig.buy('ann', { qty: 3 })).toBe('LIMIT_REACHED')
  expect(rig.buy('ann', { qty: 2 })).toMatchObject({ state: 'lobby' })
  expect(rig.buy('bob')).toMatchObject({ state: 'lobby' })
  expect(rig.buy('cyd')).toBe('LINE_FULL')
  rig.leave('bob')
  expect(rig.buy('cyd')).toMatchObject({ state: 'lobby' })
  const few = new DrawRig({ usersMax: 1 })
  few.buy('ann')
  expect(few.buy('bob')).toBe('BUSY')
  rig.open()
  expect(rig.claim('ann')).toMatchObject({ state: 'held', qty: 2 })
})

test('LOB-4 at the opening everyone stands in the drawn order, and units go along it', () => {
  const rig = new DrawRig({ stock: 3 })
  const people = names(40)
  for (const user of people) rig.buy(user)
  rig.open()
  const order = rig.drawn(people)
  expect(order).not.toEqual(people)
  expect(order.slice(0, 3).map((user) => rig.claim(user))).toMatchObject(order.slice(0, 3).map(() => ({ state: 'held' })))
  expect(rig.line()).toEqual(order.slice(3))
  expect(rig.status()).toMatchObject({ state: 'open', held: 3, waiting: 37 })
  expect(rig.draw).toMatchObject({ stage: 'done', people: 40 })
})

test('LOB-5 who comes after the lobby closed stands behind everyone who was in it, first come first', () => {
  const rig = new DrawRig({ stock: 1, draw: { beacon: { source: 'drand', round: 7 } } })
  for (const user of names(20)) rig.buy(user)
  rig.open()
  expect(rig.draw.stage).toBe('beacon')
  for (const user of ['late-2', 'late-0', 'late-1']) expect(rig.buy(user)).toMatchObject({ state: 'lobby' })
  rig.leave('user-3')
  expect(rig.buy('user-3')).toMatchObject({ state: 'lobby' })
  rig.leave('late-0')
  rig.pass(60_050)
  const order = rig.drawn(names(20)).filter((user) => user !== 'user-3')
  expect(rig.seated()).toEqual([...order, 'late-2', 'late-1', 'user-3'])
  expect(rig.buy('later')).toMatchObject({ state: 'queued' })
})

test('LOB-6 the draw waits for its beacon, takes the announced round alone, once, and never before the roster is fixed', () => {
  const rig = new DrawRig({ draw: { beacon: { source: 'drand', round: 7 } } })
  for (const user of names(10)) rig.buy(user)
  expect(rig.beacon(7, 'beef')).toBe('NOT_OPEN')
  rig.open()
  expect(rig.draw).toMatchObject({ stage: 'beacon', beaconValue: null, rosterHash: rig.proof(names(10)).rosterHash })
  expect(rig.beacon(8, 'beef')).toBe('FORBIDDEN')
  expect(rig.beacon(7, 'no hex')).toBe('FORBIDDEN')
  expect(rig.beacon(7, 'beef')).toMatchObject({ stage: 'seating', beaconValue: 'beef' })
  expect(rig.beacon(7, 'beef')).toMatchObject({ beaconValue: 'beef' })
  expect(rig.beacon(7, 'feed')).toBe('FORBIDDEN')
  rig.pass(50)
  expect(rig.seated()).toEqual(rig.drawn(names(10), 'beef'))
  expect(new DrawRig().beacon(7, 'beef')).toBe('FORBIDDEN')
})

test('LOB-7 a beacon that does not come in time is left out, and the proof says so', () => {
  const rig = new DrawRig({ draw: { beacon: { source: 'drand', round: 7 }, beaconWaitMs: 5_000 } })
  for (const user of names(10)) rig.buy(user)
  rig.open()
  rig.pass(4_900)
  expect(rig.draw.stage).toBe('beacon')
  rig.pass(200)
  expect(rig.seated()).toEqual(rig.drawn(names(10), null))
  expect(rig.proofPage(0, 1)).toMatchObject({ beacon: { source: 'drand', round: 7, value: null } })
  expect(rig.beacon(7, 'beef')).toBe('FORBIDDEN')
})

test('LOB-8 whenever its owner is lost, the next one goes on to the same order', () => {
  const people = names(3_000)
  for (const [turns, fromSnapshot] of [
    [1, false],
    [2, true],
    [3, false],
    [5, true],
    [9, false],
    [10, true],
    [11, false],
  ] as const) {
    const rig = new DrawRig({ stock: 1 })
    for (const user of people) rig.buy(user)
    rig.now += 60_050
    for (let turn = 0; turn < turns; turn++) rig.tick()
    rig.leave('user-7')
    if (fromSnapshot) rig.recover(rig.actor.save(), rig.journal.length, 1_000)
    else rig.recover(undefined, 0, 1_000)
    expect(rig.replayed().digest()).toBe(rig.actor.digest())
    rig.pass(50)
    // Whether the one who left takes part depends on how far counting was; the others' order follows from that.
    const roster = rig.draw.people === people.length ? people : people.filter((user) => user !== 'user-7')
    expect(rig.seated()).toEqual(rig.drawn(roster).filter((user) => user !== 'user-7'))
  }
})

test('LOB-9 a snapshot of any stage is the state it was taken of', () => {
  const rig = new DrawRig({ draw: { beacon: { source: 'drand', round: 7 } } })
  for (const user of names(50)) rig.buy(user)
  const stages = new Set<string>()
  const compare = () => {
    const copy = new InventoryActor(0)
    finish(copy.restore(rig.actor.save()))
    expect(copy.digest()).toBe(rig.actor.digest())
    stages.add(rig.draw.stage)
  }
  for (let turn = 0; turn < 20; turn++) {
    compare()
    if (turn === 1) rig.now += 60_050
    if (turn === 12) rig.beacon(7, 'beef')
    if (turn === 12) compare()
    rig.tick()
  }
  expect([...stages]).toEqual(['lobby', 'counting', 'beacon', 'seating', 'done'])
})

test('LOB-10 the proof is a secret until everyone is seated, and then verifies page by page', () => {
  const rig = new DrawRig()
  const people = names(30)
  for (const user of people) rig.buy(user)
  expect(rig.proofPage(0, 10)).toBe('NOT_OPEN')
  rig.open()
  const pages = [0, 10, 20].map((from) => rig.proofPage(from, 10))
  const { roster, order, ...head } = rig.proof(people)
  for (const [i, page] of pages.entries()) {
    expect(page).toEqual({ ...head, size: 30, roster: roster.slice(i * 10, i * 10 + 10), order: order.slice(i * 10, i * 10 + 10) })
  }
})

test('LOB-11 an operator who opens the sale early closes the lobby, and one who closes it ends it for everyone there', () => {
  const early = new DrawRig()
  for (const user of names(5)) early.buy(user)
  early.setPhase('open', 'now')
  early.pass(50)
  expect(early.status().state).toBe('open')
  expect(early.seated()).toEqual(early.drawn(names(5)))
  const closed = new DrawRig()
  for (const user of names(5)) closed.buy(user)
  closed.setPhase('closed')
  closed.pass(50)
  expect(names(5).map((user) => closed.claim(user))).toEqual(names(5).map(() => ({ state: 'soldout' })))
  expect(closed.status()).toMatchObject({ state: 'closed', waiting: 0 })
})

test('LOB-12 the announced draw cannot be exchanged: the same sale again is fine and keeps its seed, another draw is refused', () => {
  const rig = new DrawRig()
  const { commitment } = rig.draw
  const again = (settings: SkuSettings) =>
    short(rig.ask({ op: 'configure', payload: { settings, incarnation: 'other', ...rig.announce(settings) } }))
  expect(again(drawSettings())).toMatchObject({ sku: 'shoe' })
  expect(rig.draw.commitment).toBe(commitment)
  expect(again(drawSettings({ draw: { beacon: { source: 'drand', round: 8 } } }))).toBe('FORBIDDEN')
  expect(again(settingsOf({ opensAt: start + 60_000 }))).toBe('FORBIDDEN')
})

test('ABS-10 a place in a lobby is kept however long its user is away, and the time counts from the opening', () => {
  const rig = new DrawRig({ stock: 1, holdTtlMs: 3_600_000, absenceMs: 30_000 })
  for (const user of ['ann', 'bob', 'cyd']) rig.buy(user)
  const end = (user: string, goneMs: number) =>
    short(rig.ask({ op: 'absent', sku: 'shoe', user, payload: { claim: rig.claimOf(user), goneMs, unownedMs: [] } }))
  rig.pass(55_000)
  expect(end('ann', 54_000)).toBe(false)
  rig.pass(5_050)
  const [first = '', second = '', third = ''] = rig.seated()
  expect(rig.claim(second)).toMatchObject({ state: 'queued', ahead: 0 })
  rig.pass(29_000)
  expect(end(second, 89_000)).toBe(false)
  rig.pass(1_050)
  expect(end(first, 90_000)).toBe(false)
  expect(end(third, 20_000)).toBe(false)
  expect(end(second, 90_000)).toBe(true)
  expect(end(second, 90_000)).toBe(false)
  expect(rig.claim(second)).toEqual({ state: 'expired', reason: 'absent' })
  expect(rig.claim(third)).toMatchObject({ state: 'queued', ahead: 0 })
  expect(rig.replayed().digest()).toBe(rig.actor.digest())
  const restored = new InventoryActor(0)
  finish(restored.restore(rig.actor.save()))
  expect(restored.digest()).toBe(rig.actor.digest())
})

test('LOB-13 until roster and beacon are fixed no journal and no snapshot says what the seed is; then the journal does', () => {
  const rig = new DrawRig({ draw: { beacon: { source: 'drand', round: 7 } } })
  for (const user of names(10)) rig.buy(user)
  rig.open()
  expect(rig.draw.stage).toBe('beacon')
  expect(says(rig.journal, rig.seed) || says(rig.actor.save(), rig.seed)).toBe(false)
  rig.beacon(7, 'beef')
  rig.pass(50)
  expect([says(rig.journal, rig.seed), says(rig.actor.save(), rig.seed)]).toEqual([true, true])
})

test('LOB-14 without the key a draw waits while everything else goes on; an owner that has it goes on to the same order', () => {
  const rig = new DrawRig({ stock: 1 })
  const { key } = rig
  for (const user of names(20)) rig.buy(user)
  rig.key = 'another key'
  rig.recover(undefined, 0, 1_000)
  rig.open()
  rig.pass(600_000)
  expect(rig.draw).toMatchObject({ stage: 'counting', people: 0 })
  expect(rig.buy('late')).toMatchObject({ state: 'lobby' })
  expect(rig.leave('user-3')).toEqual({ state: 'none' })
  expect(rig.proofPage(0, 1)).toBe('NOT_OPEN')
  rig.key = key
  rig.recover(rig.actor.save(), rig.journal.length, 1_000)
  rig.pass(50)
  expect(rig.seated()).toEqual([...rig.drawn(names(20).filter((user) => user !== 'user-3')), 'late'])
})

test('LOB-14 once the seed is revealed the key is not needed any more', () => {
  const rig = new DrawRig({ stock: 1, draw: { beacon: { source: 'drand', round: 7 } } })
  for (const user of names(20)) rig.buy(user)
  rig.open()
  rig.beacon(7, 'beef')
  expect(says(rig.journal, rig.seed)).toBe(true)
  rig.key = 'another key'
  rig.recover(rig.actor.save(), rig.journal.length, 1_000)
  rig.pass(50)
  expect(rig.seated()).toEqual(rig.drawn(names(20), 'beef'))
  expect(rig.proofPage(0, 1)).toMatchObject({ seed: Buffer.from(rig.seed).toString('hex') })
})

test('LOB-15 a journal and a snapshot that have the seed as it is are read, and their draw goes on', () => {
  for (const fromSnapshot of [false, true]) {
    const rig = new DrawRig({ stock: 1 }, true)
    for (const user of names(20)) rig.buy(user)
    expect(says(rig.journal, rig.seed)).toBe(true)
    rig.key = 'another key'
    if (fromSnapshot) rig.recover(rig.actor.save(), rig.journal.length, 1_000)
    else rig.recover(undefined, 0, 1_000)
    rig.open()
    expect(rig.seated()).toEqual(rig.drawn(names(20)))
    expect(rig.replayed().digest()).toBe(rig.actor.digest())
  }
})

test('LOB-16 a draw whose seed its owner cannot open, or that is not what was committed to, is not announced', () => {
  const rig = new DrawRig()
  const settings = drawSettings({ sku: 'boot' })
  const configure = (announced: object) => short(rig.ask({ op: 'configure', payload: { settings, incarnation: 'inc2', ...announced } }))
  expect(configure(rig.announce(settings, 'another key'))).toBe('FORBIDDEN')
  expect(configure(rig.announce(drawSettings()))).toBe('FORBIDDEN')
  expect(configure({ ...rig.announce(settings), drawCommitment: new Uint8Array(32) })).toBe('FORBIDDEN')
  expect(configure(rig.announce(settings))).toMatchObject({ sku: 'boot' })
})

function says(pieces: readonly Uint8Array[], seed: Uint8Array): boolean {
  return Buffer.concat(pieces).includes(Buffer.from(seed))
}
