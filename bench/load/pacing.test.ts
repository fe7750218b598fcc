import { expect, test } from 'vitest'
import { closedLoop, openLoop, type Sender } from './pacing.ts'

/** Notes when each call was due; answers nothing by itself. */
class FakeSender implements Sender {
  underWay = 0
  readonly sent: number[] = []
  readonly index: number

  constructor(index: number) {
    this.index = index
  }

  send(count: number, sentAt: number): void {
    for (let i = 0; i < count; i++) this.sent.push(sentAt)
    this.underWay += count
  }
}

test('BEN-4 a closed loop keeps the depth under way', () => {
  const sender = new FakeSender(0)
  const pacing = closedLoop(8)
  pacing.refill(sender, 5)
  expect(sender.underWay).toBe(8)
  sender.underWay -= 3
  pacing.refill(sender, 9)
  expect(sender.sent).toEqual([5, 5, 5, 5, 5, 5, 5, 5, 9, 9, 9])
})

test('BEN-4 an open loop sends at its rate, evenly over its connections', () => {
  const senders = [0, 1, 2, 3].map((index) => new FakeSender(index))
  const pacing = openLoop({ rate: 1_000, connections: 4, depth: 1_000, startAt: 100 })
  for (let now = 100; now < 200; now++) for (const sender of senders) pacing.refill(sender, now)
  expect(senders.map(({ sent }) => sent.length)).toEqual([25, 25, 25, 25])
  expect(senders.flatMap(({ sent }) => sent).sort((a, b) => a - b)).toEqual(Array.from({ length: 100 }, (_, i) => 100 + i))
})

test('BEN-4 what an open loop sends late, because the server or it was slow, counts from the time at which it was due', () => {
  const sender = new FakeSender(0)
  const pacing = openLoop({ rate: 2_000, connections: 1, depth: 10, startAt: 0 })
  pacing.refill(sender, 0)
  // Nothing came back for a while: the depth fills up with what was due by then, and the rest waits.
  pacing.refill(sender, 50)
  expect(sender.underWay).toBe(10)
  sender.underWay = 0
  pacing.refill(sender, 60)
  expect(sender.sent).toEqual(Array.from({ length: 20 }, (_, i) => Math.floor(i / 2)))
})
