import { type Code, codeTable, type Refusal, refusal } from '../protocol/codes.ts'
import { decodeMessage, plainRefusal, writeResult } from '../protocol/envelope.ts'
import { MsgpackWriter, type Plain } from '../protocol/msgpack-writer.ts'
import type { ClaimState } from '../protocol/results.ts'
import type { Connection } from './connection.ts'
import type { GatewayCounters } from './gateway-counters.ts'

/** Writes the answers that the gateway gives by itself, counts them, and hands what has been gathered to the network once per turn of the event loop. */
export class Responder {
  private readonly writer = new MsgpackWriter(1024)
  /** Refusals come in runs of the same one, as when all is sold out: it is written once, and sent again with other msgids. */
  private readonly refusals = new MsgpackWriter(1024)
  private lastRefusal: Refusal | undefined
  private readonly counters: GatewayCounters
  private readonly dirty = new Set<Connection>()
  private readonly soon: (run: () => void) => void
  private last: Connection | undefined
  private flushIsDue = false

  constructor(counters: GatewayCounters, soon: (run: () => void) => void) {
    this.counters = counters
    this.soon = soon
  }

  result(connection: Connection, msgid: number, method: number, result: Plain): void {
    this.counters.answered(method, 0)
    this.writer.length = 0
    writeResult(this.writer, msgid, result)
    this.respond(connection, this.writer.bytes, 0, this.writer.length)
  }

  refuse(connection: Connection, msgid: number, method: number, code: Code, message?: string, retryAfterMs?: number): void {
    this.refusal(connection, msgid, method, refusal(code, message, retryAfterMs))
  }

  refusal(connection: Connection, msgid: number, method: number, error: Refusal): void {
    this.counters.answered(method, codeTable[error.code].number)
    const { refusals } = this
    if (error !== this.lastRefusal) {
      this.lastRefusal = error
      refusals.length = 0
      refusals.array(responseParts).byte(response).byte(wideMsgid)
      refusals.length = refusals.reserve(wideMsgidBytes) + wideMsgidBytes
      refusals.value(plainRefusal(error)).nil()
    }
    refusals.view.setUint32(msgidAt, msgid)
    this.respond(connection, refusals.bytes, 0, refusals.length)
  }

  /** Another result in the place of that of a shard's response. */
  instead(connection: Connection, bytes: Uint8Array, from: number, to: number, result: ClaimState): void {
    const message = decodeMessage(bytes, from, to)
    if (message.kind !== 'response') throw new Error('a shard answers with a response')
    this.writer.length = 0
    writeResult(this.writer, message.msgid, { ...result })
    this.respond(connection, this.writer.bytes, 0, this.writer.length)
  }

  /** A finished response, a shard's for example. */
  respond(connection: Connection, bytes: Uint8Array, from: number, to: number): void {
    connection.respond(bytes, from, to)
    // Answers to one connection come in runs.
    if (connection === this.last) return
    this.last = connection
    this.dirty.add(connection)
    if (this.flushIsDue) return
    this.flushIsDue = true
    this.soon(() => this.flush())
  }

  flush(): void {
    this.flushIsDue = false
    this.last = undefined
    for (const connection of this.dirty) connection.flush()
    this.dirty.clear()
  }
}

/** `[1, msgid, error, nil]`, the msgid in full width, as shards write it. */
const responseParts = 4
const response = 1
const wideMsgid = 0xce
const wideMsgidBytes = 4
const msgidAt = 3
