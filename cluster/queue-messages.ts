import { z } from 'zod'
import type { DeadLetter } from './queue.ts'

const version = 1

/** What a queue is for, and what it carries. */
export interface QueueContent<T> {
  readonly name: 'orders' | 'office' | 'ended'
  /** The consumer that all who take from it share, so that each message goes to one of them. */
  readonly durable: 'workers' | 'shop'
  readonly messages: QueueMessages<T>
}

interface Message<T> {
  readonly id: string
  readonly order: T
}

/**
 * What lies in a queue outside of this process: JSON, so that an operator can read it there. A reader refuses a version that it does not know, and overlooks
 * fields that it does not know.
 */
export class QueueMessages<T> {
  private readonly message: z.ZodType<Message<T>>
  private readonly letter: z.ZodType<DeadLetter<T>>

  constructor(order: z.ZodType<T>) {
    const message = z.object({ v: z.literal(version), id: z.string(), order })
    this.message = message.transform(({ id, order: read }) => ({ id, order: read }))
    this.letter = message
      .extend({ attempts: z.int().positive(), reason: z.string() })
      .transform(({ id, order: read, attempts, reason }) => ({ id, order: read, attempts, reason }))
  }

  encode({ id, order }: Message<T>): Uint8Array {
    return Buffer.from(JSON.stringify({ v: version, id, order }))
  }

  /** Undefined for what it cannot read. */
  decode(bytes: Uint8Array): Message<T> | undefined {
    return this.message.safeParse(parsed(bytes)).data
  }

  encodeLetter(letter: DeadLetter<T>): Uint8Array {
    return Buffer.from(JSON.stringify({ v: version, ...letter }))
  }

  decodeLetter(bytes: Uint8Array): DeadLetter<T> | undefined {
    return this.letter.safeParse(parsed(bytes)).data
  }
}

function parsed(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(bytes).toString())
  } catch {
    return undefined
  }
}
