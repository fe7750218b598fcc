import { beforeEach, expect, test } from 'vitest'
import { ConcurrencyLimit, measureMs } from './concurrency-limit.ts'

/** A call under way: when it was sent, and when a shard that works at a steady rate will have answered it. */
interface Sent {
  readonly row: number
  readonly isHolder: boolean
  readonly at: number
  readonly doneAt: number
}

interface Offered {
  readonly newcomersPerMs?: number
  readonly holdersPerMs?: number
  /** So many newcomers always have a call under way. */
  readonly underWay?: number
}

/** A gateway before a shard that answers in order, so many calls per ms and none sooner than `needsMs`. */
class Line {
  now = 0
  ratePerMs = 10
  needsMs = 1
  /** Until then nothing is answered. */
  stalledUntil = 0
  /** Answers that get lost: their calls end when their time is over. */
  losesAll = false
  readonly limit: ConcurrencyLimit
  refused = { newcomers: 0, holders: 0 }
  answered = { newcomers: 0, holders: 0 }
  latencies: number[] = []
  /** What those who were refused were told. */
  told: number[] = []
  private readonly clock = { monotonic: (): number => this.now }
  /** In the order of their answers, but for those that have none. */
  private readonly sent: Sent[] = []
  private lost: Sent[] = []
  private answeredTo = 0
  private freeAt = 0
  private row = 0
  private readonly due = { newcomers: 0, holders: 0 }

  constructor(callsMax = 65_536, overloadMs = 250) {
    this.limit = new ConcurrencyLimit({ callsMax, overloadMs }, 0)
  }

  /** Lets so much time pass, with what is offered in each ms of it. */
  pass(ms: number, { newcomersPerMs = 0, holdersPerMs = 0, underWay = 0 }: Offered = {}): void {
    this.refused = { newcomers: 0, holders: 0 }
    this.answered = { newcomers: 0, holders: 0 }
    this.latencies = []
    this.told = []
    for (const until = this.now + ms; this.now < until; this.now++) {
      this.answer()
      if (this.now % measureMs === 0) this.limit.look(this.now)
      this.due.newcomers += newcomersPerMs + Math.max(0, underWay - this.underWay)
      this.due.holders += holdersPerMs
      for (; this.due.holders >= 1; this.due.holders--) this.call(true)
      for (; this.due.newcomers >= 1; this.due.newcomers--) this.call(false)
    }
  }

  /** Whether it was let through. */
  call(isHolder: boolean): boolean {
    const { limit } = this
    if (!(isHolder ? limit.takesHolders : limit.takesNewcomers)) {
      this.refused[isHolder ? 'holders' : 'newcomers']++
      this.told.push(limit.refuse(isHolder))
      return false
    }
    this.freeAt = Math.max(this.freeAt, this.now, this.stalledUntil) + 1 / this.ratePerMs
    const doneAt = this.losesAll ? this.now + 10_000 : Math.max(this.freeAt, this.now + this.needsMs)
    const to = this.losesAll ? this.lost : this.sent
    to.push({ row: this.row, isHolder, at: this.now, doneAt })
    limit.begin(this.row++, isHolder, this.clock)
    return true
  }

  get underWay(): number {
    return this.sent.length - this.answeredTo + this.lost.length
  }

  latencyAt(share: number): number {
    return this.latencies.toSorted((a, b) => a - b)[Math.floor(this.latencies.length * share)] ?? 0
  }

  private answer(): void {
    for (let next = this.sent[this.answeredTo]; next !== undefined && next.doneAt <= this.now; next = this.sent[this.answeredTo]) {
      this.answeredTo++
      this.end(next)
    }
    const late = this.lost.filter(({ doneAt }) => doneAt <= this.now)
    if (late.length === 0) return
    this.lost = this.lost.filter(({ doneAt }) => doneAt > this.now)
    for (const one of late) this.end(one)
  }

  private end({ row, isHolder, at }: Sent): void {
    this.answered[isHolder ? 'holders' : 'newcomers']++
    this.latencies.push(this.now - at)
    this.limit.end(row, isHolder, false, this.clock)
  }
}

let line: Line
beforeEach(() => {
  line = new Line()
})

test('OVL-1 refuses nobody whom the shard serves in time, however many are under way and whatever pauses there are', () => {
  line.ratePerMs = 20
  for (let second = 0; second < 30; second++) {
    // Of this process, of the shard, of its disk.
    if (second % 3 === 2) line.stalledUntil = line.now + 250
    line.pass(1_000, { underWay: 2_048 })
    expect(line.refused.newcomers).toBe(0)
  }
  expect(line.answered.newcomers).toBeGreaterThan(14_000)
})

test('OVL-1 nor a burst of thousands that it answers within the time', () => {
  line.ratePerMs = 100
  for (let second = 0; second < 5; second++) {
    for (let call = 0; call < 20_000; call++) expect(line.call(false)).toBe(true)
    line.pass(1_000)
  }
})

test('OVL-2 keeps an overloaded shard busy, and its queue short', () => {
  line.pass(5_000, { newcomersPerMs: 5 })
  expect(line.refused.newcomers).toBe(0)
  line.pass(3_000, { newcomersPerMs: 30 })
  line.pass(10_000, { newcomersPerMs: 30 })
  expect(line.answered.newcomers).toBeGreaterThan(0.95 * 100_000)
  expect(line.latencyAt(0.99)).toBeLessThan(25)
})

test('OVL-2 follows a shard that becomes slower, or faster', () => {
  // So that it can answer more only if it gets more at a time.
  line.needsMs = 20
  line.pass(3_000, { newcomersPerMs: 30 })
  for (const ratePerMs of [2, 20, 5]) {
    line.ratePerMs = ratePerMs
    line.pass(3_000, { newcomersPerMs: 30 })
    line.pass(5_000, { newcomersPerMs: 30 })
    expect(line.answered.newcomers).toBeGreaterThan(0.95 * 5_000 * ratePerMs)
    expect(line.latencyAt(0.99)).toBeLessThan(200)
  }
})

test('OVL-3 refuses nobody who holds something because of newcomers, and newcomers if holders need all', () => {
  line.pass(20_000, { newcomersPerMs: 30, holdersPerMs: 1 })
  expect(line.refused.holders).toBe(0)
  line.pass(10_000, { newcomersPerMs: 30, holdersPerMs: 9 })
  expect(line.refused.holders).toBe(0)
  expect(line.answered.holders).toBeGreaterThan(89_000)
  line.pass(5_000, { newcomersPerMs: 30, holdersPerMs: 15 })
  line.pass(5_000, { newcomersPerMs: 30, holdersPerMs: 15 })
  expect(line.answered.newcomers).toBeLessThan(2_500)
  expect(line.answered.holders).toBeGreaterThan(45_000)
})

test('OVL-4 says when there will be room: a crowd that does as it is told gets in soon, and with few tries', () => {
  const crowd = 60_000
  const comesAt = new Map<number, number>([[0, 0]])
  let tries = 0
  let here = 0
  let isIn = 0
  // 30 come in each ms, and those who were told to. The shard needs six seconds for all.
  for (let ms = 1; isIn < crowd && ms < 20_000; ms++) {
    line.pass(1)
    const now = Math.min(30, crowd - here) + (comesAt.get(ms) ?? 0)
    here += Math.min(30, crowd - here)
    comesAt.delete(ms)
    for (let person = 0; person < now; person++) {
      tries++
      if (line.call(false)) isIn++
      else {
        const at = ms + (line.told.at(-1) ?? 0)
        comesAt.set(at, (comesAt.get(at) ?? 0) + 1)
      }
    }
  }
  expect(isIn).toBe(crowd)
  expect(line.now).toBeLessThan(9_000)
  expect(tries / crowd).toBeLessThan(2.5)
})

test('OVL-5 lets all in again when the overload is over', () => {
  line.pass(5_000, { newcomersPerMs: 30 })
  expect(line.limit.isShrunk).toBe(true)
  line.pass(6_000, { newcomersPerMs: 8 })
  line.pass(1_000, { newcomersPerMs: 8 })
  expect(line.refused.newcomers).toBe(0)
  expect([line.limit.isShrunk, line.limit.calls]).toEqual([false, 49_152])
  line.pass(5_000, { newcomersPerMs: 30 })
  line.pass(6_000)
  expect(line.limit.isShrunk).toBe(false)
})

test('OVL-5 also after the shard answered nobody, and after answers got lost', () => {
  line.pass(1_000, { newcomersPerMs: 5 })
  line.stalledUntil = line.now + 5_000
  line.pass(5_000, { newcomersPerMs: 5 })
  expect(line.limit.isShrunk).toBe(true)
  expect(line.told.at(-1)).toBe(1_000)
  line.pass(10_000, { newcomersPerMs: 5 })
  line.pass(1_000, { newcomersPerMs: 5 })
  expect(line.refused.newcomers).toBe(0)
  line.losesAll = true
  line.pass(100, { newcomersPerMs: 5 })
  line.losesAll = false
  line.pass(20_000, { newcomersPerMs: 5 })
  expect(line.refused.newcomers).toBe(0)
})

test('OVL-6 a shard that needs long for every call is not overloaded by that', () => {
  line.needsMs = 400
  line.ratePerMs = 100
  line.pass(20_000, { newcomersPerMs: 5 })
  expect(line.refused.newcomers).toBe(0)
  // Only what it cannot do is refused, and what it does needs no longer than it has to.
  line.ratePerMs = 5
  line.pass(10_000, { newcomersPerMs: 15 })
  line.pass(10_000, { newcomersPerMs: 15 })
  expect(line.answered.newcomers).toBeGreaterThan(0.95 * 50_000)
  expect(line.latencyAt(0.99)).toBeLessThan(1_600)
})

test('OVL-7 never has more under way than the most', () => {
  line = new Line(1_000)
  line.stalledUntil = 300
  line.pass(300, { newcomersPerMs: 30, holdersPerMs: 30 })
  expect(line.underWay).toBe(1_000)
  expect(line.refused.newcomers).toBeGreaterThan(0)
})
