import { beforeEach, expect, test } from 'vitest'
import { type Code, codeTable } from '../protocol/codes.ts'
import { ScannedCall, scanHotCall } from '../protocol/edge-scanner.ts'
import { op } from '../protocol/entry.ts'
import { decodeMessage, type Message, writeRequest } from '../protocol/envelope.ts'
import { frameKind, frameVersion } from '../protocol/frame.ts'
import { packInner } from '../protocol/inner-codec.ts'
import { MsgpackWriter } from '../protocol/msgpack-writer.ts'
import { encodeReturned } from '../protocol/returned-frame.ts'
import { replySubject, shardSubject } from '../protocol/subject.ts'
import { decodeInner, decodePlain } from './call-codec.ts'
import { Calls, type CallSink } from './calls.ts'
import { LocalBus } from './local-bus.ts'
import { ManualWorld } from './manual-world.ts'
import { ScriptedShard } from './scripted-shard.ts'

const deadlineMs = 1_000
const done = { kind: 'result', result: 'done' } as const
const silence = { kind: 'silence' } as const

let world: ManualWorld
let bus: LocalBus
let calls: Calls
let told: Told

beforeEach(() => {
  world = new ManualWorld()
  bus = new LocalBus(world.log)
  calls = newCalls('boot1', 64)
  told = new Told()
  calls.useSink(told)
})

test('GW-2 calls of one turn of the event loop travel in one frame per shard', async () => {
  const [first, second] = [serve(0, () => done), serve(1, () => done)]
  const answers = [0, 1, 0, 0].map((shard) => calls.request('inv', shard, { op: op.status, sku: 'a', user: 'u', qty: 3 }))
  expect(first.frames).toEqual([])
  await world.pass(0)
  expect([first.frames, second.frames]).toEqual([[3], [1]])
  expect(await Promise.all(answers)).toEqual(answers.map(() => ({ error: null, result: 'done' })))
  expect(first.last).toMatchObject({ op: op.status, sku: 'a', user: 'u', qty: 3 })
})

test('GW-2 a scanned call reaches the shard with what its bytes said', async () => {
  const shards = [0, 1].map((shard) => serve(shard, () => ({ ...done, claim: 5, claimKind: 2 })))
  const row = sendBuy(['anna', 'lamp', 2, 'request-1'], 41)
  await world.pass(0)
  const heard = shards.flatMap((shard) => shard.heard)
  expect(heard).toMatchObject([{ op: op.buy, slot: row, msgid: 41, sku: 'lamp', user: 'anna', qty: 2 }])
  expect(heard[0]?.deadlineAt).toBe(world.clock.now() + deadlineMs)
  expect(told.answers).toEqual([
    { target: 9, turn: 4, method: 3, message: { kind: 'response', msgid: 41, error: null, result: 'done' }, claim: 5, claimKind: 2 },
  ])
  expect(told.flushes).toBeGreaterThan(0)
})

test('GW-2 a cold command with the same ids hashes like a scanned one', async () => {
  const shards = [0, 1].map((shard) => serve(shard, () => done))
  sendBuy(['anna', 'lamp', 2, 'request-1'], 1)
  calls.sendCommand('inv', calls.shardOfText('lamp'), { op: op.buy, sku: 'lamp', user: 'anna', qty: 2, requestId: 'request-1' }, 1, 9, 4, 3)
  await world.pass(0)
  const [scanned, cold] = shards.flatMap((shard) => shard.heard)
  expect(shards.map((shard) => shard.heard.length).toSorted((a, b) => a - b)).toEqual([0, 2])
  expect({ ...cold, slot: 0, turn: 0 }).toEqual({ ...scanned, slot: 0, turn: 0 })
})

test('GW-2 whoever asks on when an answer comes, before the frame of the question has quite left, is heard', async () => {
  const shard = serve(0, () => done)
  const ask = (): void => {
    if (shard.heard.length < 3)
      void calls.request('inv', 0, { op: op.status, sku: 'a'.repeat(shard.heard.length), user: 'u' }, decodeAndAsk)
  }
  const decodeAndAsk = (bytes: Uint8Array) => {
    ask()
    ask()
    return decodePlain(bytes)
  }
  ask()
  await world.pass(0)
  expect(shard.heard.slice(0, 3).map(({ sku }) => sku)).toEqual(['', 'a', 'a'])
})

test('GW-3 what nobody took is sent again until somebody does', async () => {
  const answer = calls.request('inv', 0, { op: op.status })
  await world.pass(300)
  expect(calls.resent).toBeGreaterThan(1)
  const shard = serve(0, () => done)
  await world.pass(200)
  expect(await answer).toEqual({ error: null, result: 'done' })
  expect(shard.heard).toHaveLength(1)
})

test('GW-3 of what nobody took only the oldest is tried, and the rest follows it in its order', async () => {
  const tried: string[] = []
  const send = bus.send.bind(bus)
  bus.send = (subject, frame) => {
    tried.push(subject)
    return send(subject, frame)
  }
  const answers = ['a', 'b', 'c', 'd', 'e'].map((sku) => {
    const answer = calls.request('inv', 0, { op: op.status, sku })
    calls.flush()
    return answer
  })
  await world.pass(500)
  // Tries are 10 to 20 ms apart at first, and what comes behind the oldest is not tried at all.
  expect(tried.length).toBeLessThan(55)
  const shard = serve(0, () => done)
  await world.pass(100)
  expect(await Promise.all(answers)).toHaveLength(5)
  expect(shard.heard.map(({ sku }) => sku)).toEqual(['a', 'b', 'c', 'd', 'e'])
})

test('GW-3 what a shard gives back because it goes to another owner is sent again', async () => {
  const shard = serve(0, () => silence)
  const answer = calls.request('inv', 0, { op: op.status, sku: 'a' })
  await world.pass(0)
  bus.send(calls.subject, encodeReturned({ kind: 'inv', shard: 0, commands: shard.lastFrame }) ?? expect.fail('it fits'))
  await world.pass(100)
  expect(shard.heard.map(({ sku }) => sku)).toEqual(['a', 'a'])
  shard.answer(shard.last, done)
  expect(await answer).toEqual({ error: null, result: 'done' })
  expect(calls.resent).toBe(1)
})

test('GW-3 what nobody answers ends at its deadline, and is not sent any more', async () => {
  const answer = calls.request('inv', 0, { op: op.status })
  calls.sendCommand('inv', 1, { op: op.status }, 77, 9, 4, 3)
  await world.pass(deadlineMs + 200)
  expect(await answer).toMatchObject({ error: { code: 'TIMEOUT' } })
  expect(told.failures).toEqual([{ target: 9, turn: 4, method: 3, msgid: 77, code: 'TIMEOUT' }])
  expect(calls.timeouts).toBe(2)
  expect(calls.pending.size).toBe(0)
  const { resent } = calls
  const late = serve(0, () => done)
  await world.pass(deadlineMs)
  expect([late.heard, calls.resent]).toEqual([[], resent])
})

test('GW-3 an answer that comes after the deadline, or twice, finds nobody', async () => {
  const shard = serve(0, () => silence)
  calls.sendCommand('inv', 0, { op: op.status }, 77, 9, 4, 3)
  await world.pass(deadlineMs + 200)
  const late = shard.last
  calls.sendCommand('inv', 0, { op: op.status }, 78, 9, 4, 3)
  await world.pass(0)
  expect(shard.last.slot).toBe(late.slot)
  shard.answer(late, done)
  expect(told.answers).toEqual([])
  shard.answer(shard.last, done)
  shard.answer(shard.last, done)
  expect(told.answers).toMatchObject([{ message: { msgid: 78 } }])
})

test('GW-3 answers to an earlier boot find nobody', async () => {
  const shard = serve(0, () => silence)
  calls.sendCommand('inv', 0, { op: op.status }, 1, 9, 4, 3)
  await world.pass(0)
  const earlier = shard.last
  expect(earlier.replyTo).toBe(replySubject('boot1'))
  calls.close()
  const next = newCalls('boot2', 64)
  next.useSink(told)
  next.sendCommand('inv', 0, { op: op.status }, 2, 9, 4, 3)
  await world.pass(0)
  expect(shard.answer(earlier, done)).toBe('no-responders')
  expect(told.answers).toEqual([])
  next.close()
})

test('GW-4 a full table refuses at once, and takes calls again when answers have come', async () => {
  calls.close()
  const few = newCalls('boot2', 2)
  few.useSink(told)
  const shard = serve(0, () => silence)
  few.sendCommand('inv', 0, { op: op.status }, 1, 9, 4, 3)
  few.sendCommand('inv', 0, { op: op.status }, 2, 9, 4, 3)
  expect(few.sendCommand('inv', 0, { op: op.status }, 3, 9, 4, 3)).toBe(-1)
  expect(await few.request('inv', 0, { op: op.status })).toMatchObject({ error: { code: 'BUSY', retryAfterMs: 500 } })
  await world.pass(0)
  shard.answer(shard.last, done)
  expect(few.sendCommand('inv', 0, { op: op.status }, 4, 9, 4, 3)).toBeGreaterThanOrEqual(0)
  few.close()
})

test('GW-4 more than may be kept for shards without an owner is refused as BUSY', async () => {
  calls.close()
  const many = newCalls('boot2', 1_000)
  many.useSink(told)
  const payload = new Uint8Array(60_000)
  for (let n = 0; n < 300; n++) many.sendCommand('inv', n % 2, { op: op.status, payload }, n, 9, 4, 3)
  await world.pass(0)
  expect(told.failures.length).toBeGreaterThan(0)
  expect(many.pending.size).toBeGreaterThan(200)
  expect(new Set(told.failures.map((one) => one.code))).toEqual(new Set(['BUSY']))
  expect(told.failures.every((one) => one.retryAfterMs !== undefined)).toBe(true)
  many.close()
})

test('GW-4 a bus that is full refuses the whole frame as BUSY', async () => {
  const answered = calls.request('inv', 0, { op: op.status })
  bus.send = () => 'full'
  await world.pass(0)
  expect(await answered).toMatchObject({ error: { code: 'BUSY' } })
})

test('GW-4 a batch that outgrows a frame goes out in several', async () => {
  calls.close()
  const many = newCalls('boot2', 1_000)
  const shard = serve(0, () => done)
  const payload = new Uint8Array(10_000)
  const answers = Array.from({ length: 200 }, () => many.request('inv', 0, { op: op.status, payload }))
  await world.pass(0)
  expect(await Promise.all(answers)).toHaveLength(200)
  expect(shard.frames.length).toBeGreaterThan(2)
  many.close()
})

test.each(Object.keys(codeTable))('GW-5 the refusal %s of a shard reaches the caller', async (name) => {
  const code = codeOf(name)
  serve(0, () => ({ kind: 'refuse', code, retryAfterMs: 250 }))
  const answer = calls.request('inv', 0, { op: op.status })
  await world.pass(0)
  expect(await answer).toEqual({ error: { code, message: codeTable[code].text, retryAfterMs: 250 }, result: null })
})

test('GW-5 results that carry bytes are decoded by the inner codec', async () => {
  serve(0, () => ({ kind: 'inner', result: { line: Uint8Array.of(1, 2) } }))
  const answer = calls.request('inv', 0, { op: op.view }, decodeInner<{ line: Uint8Array }>)
  await world.pass(0)
  expect(Buffer.from((await answer).result?.line ?? [])).toEqual(Buffer.from([1, 2]))
})

test('GW-5 an answer that cannot be decoded rejects the call instead of leaving it open', async () => {
  serve(0, () => done)
  const answer = calls.request('inv', 0, { op: op.view }, () => {
    throw new Error('no such shape')
  })
  const [, reason] = await Promise.all([world.pass(0), answer.catch(String)])
  expect(reason).toBe('Error: no such shape')
})

test('GW-6 notices of sessions and foreign frames do not disturb calls', async () => {
  const notices: number[] = []
  calls.useNotices((frame) => notices.push(frame.length))
  bus.send(calls.subject, Uint8Array.of(frameVersion, frameKind.notice, ...packInner({ claim: 1 })))
  bus.send(calls.subject, Uint8Array.of(99, frameKind.answers, 1, 0))
  bus.send(calls.subject, Uint8Array.of(frameVersion, 77))
  expect(notices).toHaveLength(1)
  expect(told.answers).toEqual([])
})

test('GW-7 closing ends every call that waits, and leaves nothing behind that would go on', async () => {
  const answer = calls.request('inv', 0, { op: op.status })
  await world.pass(10)
  calls.close()
  expect(await answer).toMatchObject({ error: { code: 'UNAVAILABLE' } })
  const { resent } = calls
  await world.pass(10 * deadlineMs)
  expect(calls.resent).toBe(resent)
  expect(await calls.request('inv', 0, { op: op.status })).toMatchObject({ error: { code: 'UNAVAILABLE' } })
})

/** What a gateway's dispatcher would be told. */
class Told implements CallSink {
  readonly answers: { target: number; turn: number; method: number; message: Message; claim: number; claimKind: number }[] = []
  readonly failures: { target: number; turn: number; method: number; msgid: number; code: Code; retryAfterMs?: number }[] = []
  flushes = 0

  answered(...[target, turn, method, answer]: Parameters<CallSink['answered']>): void {
    const { frame, from, to, claim, claimKind } = answer
    this.answers.push({ target, turn, method, message: decodeMessage(frame, from, to), claim, claimKind })
  }

  failed(...[, target, turn, method, msgid, code, retryAfterMs]: Parameters<CallSink['failed']>): void {
    this.failures.push({ target, turn, method, msgid, code, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) })
  }

  flush(): void {
    this.flushes++
  }
}

function serve(shard: number, script: ConstructorParameters<typeof ScriptedShard>[2]): ScriptedShard {
  return new ScriptedShard(bus, shardSubject('inv', shard), script)
}

function newCalls(node: string, pendingMax: number): Calls {
  return new Calls({ bus, world, node, shards: 2, limits: { pendingMax, callDeadlineMs: deadlineMs } })
}

/** Sends a `buy` of a service as the RPC port does. */
function sendBuy(params: readonly (string | number)[], msgid: number): number {
  const writer = new MsgpackWriter()
  writeRequest(writer, msgid, 'buy', params)
  const call = new ScannedCall()
  expect(scanHotCall(writer.bytes, 0, writer.length, true, call)).toBe(writer.length)
  return calls.sendScanned(call, writer.bytes, writer.bytes, call.userFrom, call.userTo, call.userHash, 9, 4, 3, world.clock.now())
}

function codeOf(name: string): Code {
  const code = Object.keys(codeTable).find((one): one is Code => one === name)
  if (code === undefined) throw new Error(`${name} is no code`)
  return code
}
