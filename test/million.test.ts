import { expect, test } from 'vitest'
import { InventoryActor } from '../actors/inventory/inventory-actor.ts'
import { finish } from '../actors/work.ts'
import { keptBytes } from '../bench/million/kept-bytes.ts'
import { TicketLine } from '../bench/million/ticket-line.ts'
import { chunkBytesMax } from '../cluster/store.ts'
import { LineOrder } from '../protocol/line-order.ts'

/** What `npm run bench:million` measures at a million holds in short at a tenth of it. */
const tickets = 100_000
const bytesMax = 150
const viewBytesMax = 16
const stride = 7_919

/** The least of several: whatever else the machine does only adds to it. */
function leastMs(times: number, run: () => number): number {
  return Math.min(...Array.from({ length: times }, run))
}

test('BEN-40 a ticket takes at most 150 bytes of the actor, whatever the length of its line, and 16 of a view', () => {
  const line = new TicketLine()
  let most = 0
  for (let size = 0; size < tickets;) {
    const step = size < 20_000 ? 20_000 : 2_500
    line.join(1 + size, step)
    size += step
    most = Math.max(most, keptBytes(line.actor) / size)
  }
  expect(most).toBeLessThan(bytesMax)
  // All that there is to keep of one: columns, id, index, number and place.
  expect(most).toBeGreaterThan(60)
  const view = new LineOrder()
  for (let claim = 1; claim <= tickets; claim++) view.add(claim)
  expect(keptBytes(view) / tickets).toBeLessThan(viewBytesMax)
})

test('BEN-40 those who leave a line do not make it dearer', () => {
  const line = new TicketLine()
  line.join(1, tickets)
  line.leave(tickets / 2, (i) => 1 + 2 * i)
  // An ended claim and the request that ended it are remembered for a while.
  expect(keptBytes(line.actor) / tickets).toBeLessThan(bytesMax)
})

test('BEN-41 to join, to leave and to look at a position does not take longer in proportion to a line', () => {
  const short = new TicketLine()
  const long = new TicketLine()
  short.join(1, 2_000)
  long.join(1, tickets)
  const costs = (line: TicketLine, size: number) => {
    const steps = 500
    let next = size + 1
    const anyone = (i: number): number => 1 + ((i * stride) % size)
    return {
      look: leastMs(10, () => line.look(steps, anyone)),
      join: leastMs(10, () => line.join((next += steps) - steps, steps)),
      leave: leastMs(10, () => line.leave(steps, (i) => next - 1 - steps + i)),
    }
  }
  const [few, many] = [costs(short, 2_000), costs(long, tickets)]
  // 50 times as long. What walks the line, or the users, takes about 50 times as much.
  expect(many.look / few.look).toBeLessThan(15)
  expect(many.join / few.join).toBeLessThan(15)
  expect(many.leave / few.leave).toBeLessThan(15)
})

test('BEN-42 a snapshot comes in chunks, and goes back in slices whose number grows with the line, and not their length', () => {
  const slicesOf = (chunks: readonly Uint8Array[], copy: InventoryActor): number => {
    let slices = 0
    for (const work = copy.restore(chunks); work.next().done !== true;) slices++
    return slices
  }
  const line = new TicketLine()
  line.join(1, tickets)
  const half = line.actor.save()
  line.join(1 + tickets, tickets)
  const whole = line.actor.save()
  const copy = new InventoryActor(0)
  const slices = slicesOf(whole, copy)
  expect(copy.digest()).toBe(line.actor.digest())
  expect(whole.every((chunk) => chunk.length <= chunkBytesMax)).toBe(true)
  expect(slices).toBeGreaterThan((2 * tickets) / 10_000)
  expect(slices / slicesOf(half, new InventoryActor(0))).toBeGreaterThan(1.4)
  const again = new InventoryActor(0)
  finish(again.restore(copy.save()))
  expect(again.digest()).toBe(line.actor.digest())
})
