import { writeNotification } from '../protocol/envelope.ts'
import { MsgpackWriter, type Plain } from '../protocol/msgpack-writer.ts'
import type { EventName, Events } from '../protocol/results.ts'

const writer = (): MsgpackWriter => new MsgpackWriter(160)

/** One event, encoded once per codec for all connections that get it, and only if one of them speaks that codec. */
export class Notification<Name extends EventName = EventName> {
  readonly name: Name
  private readonly content: Events[Name]
  private packed: Uint8Array | undefined
  private text: string | undefined

  constructor(name: Name, content: Events[Name]) {
    this.name = name
    this.content = content
  }

  get msgpack(): Uint8Array {
    if (this.packed === undefined) {
      const into = writer()
      writeNotification(into, this.name, [plainOf(this.content)])
      this.packed = into.finish()
    }
    return this.packed
  }

  get json(): string {
    this.text ??= JSON.stringify([2, this.name, [this.content]])
    return this.text
  }
}

/** The contents of events are plain data, one level deep but for a sale's SKUs. */
function plainOf(content: Events[EventName]): Plain {
  return 'skus' in content ? { ...content, skus: content.skus.map((sku) => ({ ...sku })) } : { ...content }
}
