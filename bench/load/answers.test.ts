import { describe, expect, test } from 'vitest'
import { writeHeld } from '../../actors/inventory/claim-answer.ts'
import { refusal } from '../../protocol/codes.ts'
import { writeError, writeNotification, writeResult } from '../../protocol/envelope.ts'
import { MsgpackWriter } from '../../protocol/msgpack-writer.ts'
import { type AnswerReader, type AnswerSink, ProtocolFault } from './answer-reader.ts'
import { HttpAnswers } from './http-answers.ts'
import { MsgpackAnswers } from './msgpack-answers.ts'
import { PostgresAnswers } from './postgres-answers.ts'
import { RedisAnswers } from './redis-answers.ts'
import { WebSocketAnswers } from './web-socket-answers.ts'

/** Notes what it is told. */
class Notes implements AnswerSink {
  readonly lines: string[] = []
  readonly replies: Uint8Array[] = []

  done(slot: number): void {
    this.lines.push(`${slot}`)
  }

  refused(slot: number, code: string): void {
    this.lines.push(`${slot} ${code}`)
  }

  reply(bytes: Uint8Array): void {
    this.replies.push(bytes)
  }
}

/** Feeds the bytes in pieces of `size`, the incomplete rest of one piece in front of the next, as a connection does. */
function read(reader: AnswerReader, bytes: Uint8Array, size: number): Notes {
  const notes = new Notes()
  let rest = Buffer.alloc(0)
  for (let from = 0; from < bytes.length; from += size) {
    const piece = Buffer.concat([rest, bytes.subarray(from, from + size)])
    rest = piece.subarray(reader.read(piece, 0, piece.length, notes))
  }
  expect(rest.length).toBe(0)
  return notes
}

const slots = 1_000

function held(msgid: number): Uint8Array {
  const writer = new MsgpackWriter()
  writer.array(4).byte(1)
  const at = writer.reserve(5)
  writer.bytes[at] = 0xce
  writer.view.setUint32(at + 1, msgid)
  writer.length = at + 5
  writeHeld(writer, 12, 1, 1_700_000_000_000)
  return writer.finish()
}

function written(write: (writer: MsgpackWriter) => void): Uint8Array {
  const writer = new MsgpackWriter()
  write(writer)
  return writer.finish()
}

const msgpackAnswers = [
  held(0),
  held(70_000),
  written((writer) => writeError(writer, 3, refusal('SOLD_OUT'))),
  written((writer) => writeError(writer, 70_001, refusal('BUSY', undefined, 500))),
  written((writer) => writeError(writer, 70_002, refusal('BUSY', undefined, 100))),
  held(5),
  written((writer) => writeNotification(writer, 'drain', [{ withinMs: 5_000 }])),
  written((writer) => writeResult(writer, 6, { state: 'queued', ticket: 9, ahead: 8, eta: [1, 2], odds: 'likely' })),
  held(7),
]
const msgpackLines = ['0', '70000', '3 SOLD_OUT', '70001 BUSY', '70002 BUSY', '5', '6', '7']

function frameOf(payload: Uint8Array, kind = 0x82): Uint8Array {
  const head = payload.length < 126 ? [kind, payload.length] : [kind, 126, payload.length >> 8, payload.length & 0xff]
  return Uint8Array.of(...head, ...payload)
}

const httpAnswers = [
  'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 15\r\n\r\n{"result":null}',
  'HTTP/1.1 409 Conflict\r\ncontent-length: 45\r\n\r\n{"error":{"code":"SOLD_OUT","message":"gone"}',
  'HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n',
  'HTTP/1.1 200 OK\r\nDate: now\r\nContent-Length:2\r\nuWebSockets: 20\r\n\r\n{}',
]

describe.each([1, 2, 3, 7, 55, 56, 57, 100, 10_000])('in pieces of %d bytes', (size) => {
  test('BEN-2 msgpack answers of every kind are found and counted by their code', () => {
    expect(read(new MsgpackAnswers(), Buffer.concat(msgpackAnswers), size).lines).toEqual(msgpackLines)
  })

  test('BEN-2 answers in WebSocket frames are found, and pings are answered', () => {
    const ping = frameOf(Uint8Array.of(1, 2, 3), 0x89)
    const notes = read(new WebSocketAnswers(), Buffer.concat([ping, ...msgpackAnswers.map((answer) => frameOf(answer)), ping]), size)
    expect(notes.lines).toEqual(msgpackLines)
    expect(notes.replies).toEqual([1, 2].map(() => Uint8Array.of(0x8a, 0x83, 0, 0, 0, 0, 1, 2, 3)))
  })

  test('BEN-2 HTTP responses are counted in the order of their requests', () => {
    const notes = read(new HttpAnswers(slots), Buffer.from(httpAnswers.join('')), size)
    expect(notes.lines).toEqual(['0', '1 SOLD_OUT', '2 HTTP 502', '3'])
  })

  test('BEN-2 replies of Redis are counted in the order of their requests', () => {
    const notes = read(new RedisAnswers(2), Buffer.from(':1\r\n:0\r\n:-1\r\n-NOSCRIPT No matching script.\r\n:1\r\n'), size)
    expect(notes.lines).toEqual(['0', '1 SOLD_OUT', '0 DUPLICATE', '1 NOSCRIPT', '0'])
  })

  test('BEN-2 rows of PostgreSQL are counted in the order of their calls, and what it refused by its SQLSTATE', () => {
    const row = (outcome: string): Buffer => {
      const head = Buffer.from([0, 1, 0, 0, 0, outcome.length])
      return sqlMessage('D', Buffer.concat([head, Buffer.from(outcome)]))
    }
    const call = (...answers: readonly Buffer[]): Buffer => Buffer.concat([sqlMessage('2'), ...answers, sqlMessage('Z', Buffer.from('I'))])
    const done = sqlMessage('C', Buffer.from('SELECT 1\0'))
    const calls = ['1', '0', '-1'].map((outcome) => call(row(outcome), done))
    const failed = call(sqlMessage('E', Buffer.from('SERROR\0C40P01\0Mdeadlock detected\0\0')))
    const notes = read(new PostgresAnswers(4), Buffer.concat([...calls, failed, call(done), call(row('1'), done)]), size)
    expect(notes.lines).toEqual(['0', '1 SOLD_OUT', '2 DUPLICATE', '3 SQL 40P01', '0 NO_ROW', '1'])
  })
})

function sqlMessage(letter: string, body: Uint8Array = Buffer.alloc(0)): Buffer {
  const head = Buffer.from(`${letter}....`)
  head.writeUInt32BE(body.length + 4, 1)
  return Buffer.concat([head, body])
}

test('BEN-2 what is no answer is a fault, not a count', () => {
  const feed = (reader: AnswerReader, bytes: Uint8Array) => () => reader.read(bytes, 0, bytes.length, new Notes())
  expect(feed(new MsgpackAnswers(), Uint8Array.of(0xc1))).toThrow('not part of the protocol')
  expect(feed(new WebSocketAnswers(), frameOf(Uint8Array.of(3, 232), 0x88))).toThrow(ProtocolFault)
  expect(feed(new HttpAnswers(slots), Buffer.from('HTTP/1.1 200 OK\r\n\r\n'))).toThrow(ProtocolFault)
  expect(feed(new HttpAnswers(slots), Buffer.alloc(20_000, 'x'))).toThrow(ProtocolFault)
  expect(feed(new RedisAnswers(slots), Buffer.from('$5\r\nhello\r\n'))).toThrow(ProtocolFault)
})
