import { createHash } from 'node:crypto'
import type { Clock, Log, Random } from '../cluster/world.ts'
import type { AuditEntry } from '../protocol/audit.ts'
import { type Code, type Refusal, refusal } from '../protocol/codes.ts'
import { Malformed } from '../protocol/msgpack-reader.ts'
import type { Plain } from '../protocol/msgpack-writer.ts'
import { type AskedFor, boundedPlain, boundedText } from './audit-content.ts'
import type { AuditLog } from './audit-log.ts'
import type { Call } from './method.ts'

export interface AuditedCallsParts {
  readonly audit: AuditLog
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  /** Stands for a user in what is kept. */
  readonly pseudonymOf: (user: string) => string
}

const keyLength = 16
const retryMs = 1_000
const unwritten = 'The audit log cannot be written, so nothing was done.'
const unended = 'What became of it could not be written to the audit log; the same request again tells.'

/** What operators change, with an entry in the audit log before it is begun, and the outcome in it before the answer leaves. (SPEC ADT-1 to ADT-8) */
export class AuditedCalls {
  private readonly parts: AuditedCallsParts

  constructor(parts: AuditedCallsParts) {
    this.parts = parts
  }

  /** What of the call is kept; undefined if it changes nothing, or not by an operator. */
  askedFor({ method, connection, params }: Call): AskedFor | undefined {
    if (method.role !== 'operator' && method.role !== 'service') return undefined
    return connection.identity.role === 'operator' ? method.change?.(params.all, this.parts.pseudonymOf) : undefined
  }

  /** Runs it. Resolves when it is answered. */
  async run(call: Call, asked: AskedFor, run: (call: Call) => void | Promise<void>): Promise<void> {
    const { audit, clock, log } = this.parts
    const { identity, address } = call.connection
    const who = identity.role === 'operator' ? identity.key : identity.role
    const method = call.method.name
    const begun: AuditEntry = {
      ...{ at: clock.now(), endedAt: null, who, address, method, params: boundedPlain(asked.params) },
      ...{ outcome: 'unknown', message: null, before: null, after: null },
    }
    const key = this.keyOf(begun, asked)
    let isRepeat = false
    try {
      isRepeat = (await audit.begin(key, begun)) === 'again'
    } catch (error) {
      log.error({ method, error: String(error) }, 'the audit log cannot be written')
      return call.refuse('UNAVAILABLE', unwritten, retryMs)
    }
    const { answer, error, before, after } = await this.heardFrom(call, run)
    if (isRepeat) return answer()
    const outcome = {
      outcome: error?.code ?? 'done',
      message: error === undefined ? null : boundedText(error.message),
      before: boundedPlain(before),
      after: boundedPlain(after),
    }
    try {
      await audit.end(key, { ...begun, ...outcome, endedAt: clock.now() })
    } catch (fault) {
      log.error({ method, error: String(fault) }, 'an outcome could not be written to the audit log')
      return call.refuse('UNAVAILABLE', unended, retryMs)
    }
    answer()
  }

  /** The same request of the same key, for the same, is one deed. */
  private keyOf({ who, method }: AuditEntry, { params, requestId }: AskedFor): string {
    if (requestId === undefined) return this.parts.random.id(keyLength)
    return createHash('sha256')
      .update(JSON.stringify([who, method, requestId, params]))
      .digest('base64url')
  }

  /** What the method answers, which nobody hears yet. */
  private async heardFrom(call: Call, run: (call: Call) => void | Promise<void>): Promise<Heard> {
    let [before, after]: [Plain, Plain] = [null, null]
    const answers: Pick<Heard, 'answer' | 'error'>[] = []
    const refuse = (error: Refusal): void => void answers.push({ error, answer: () => call.refusal(error) })
    try {
      await run({
        ...call,
        result: (result) => void answers.push({ error: undefined, answer: () => call.result(result) }),
        refuse: (code: Code, message?: string, retryAfterMs?: number) => refuse(refusal(code, message, retryAfterMs)),
        refusal: refuse,
        changed: (was, is) => {
          before = was
          after = is
        },
      })
    } catch (error) {
      if (error instanceof Malformed) refuse(refusal('MALFORMED', error.message))
      else this.parts.log.error({ method: call.method.name, error: String(error) }, 'a call failed')
    }
    if (answers.length === 0) refuse(refusal('UNAVAILABLE'))
    const [first] = answers
    if (first === undefined) throw new Error('a call has an answer')
    return { ...first, before, after }
  }
}

interface Heard {
  /** Undefined for a result. */
  readonly error: Refusal | undefined
  /** Has whoever asked hear it. */
  readonly answer: () => void
  readonly before: Plain
  readonly after: Plain
}
