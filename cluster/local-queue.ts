import type { Queue, QueuedOrder, Delivery, Consumer, DeadLetter } from './queue.ts'
import type { World } from './world.ts'
export class LocalQueue implements Queue {
  private h: ((d: Delivery) => Promise<void>) | undefined
  constructor(_w: World) {}
  async put(id: string, order: QueuedOrder): Promise<void> { void this.h?.({ id, order, attempt: 1 }).catch((e: unknown) => console.error(e)) }
  consume(_c: number, handler: (d: Delivery) => Promise<void>): Consumer { this.h = handler; return { close: async () => {} } }
  async deadLetters(): Promise<readonly DeadLetter[]> { return [] }
  async close(): Promise<void> {}
}
