import type { Bus, Served } from '../../cluster/bus.ts'
import { partsOfName, shardName, type ShardName } from '../../cluster/store.ts'
import type { World } from '../../cluster/world.ts'
import { decodeHandOver, encodeHandOver, type HandOverWord } from '../../protocol/hand-over.ts'
import { nodeSubject } from '../../protocol/subject.ts'

export interface HandOverTalkParts {
  readonly bus: Bus
  readonly world: World
  readonly node: string
  /** A word that is no answer to {@link HandOverTalk.ask}. */
  readonly onWord: (name: ShardName, word: HandOverWord, from: string) => void
}

/** What nodes say to each other about shards that change hands (protocol/hand-over.ts). */
export class HandOverTalk {
  private readonly parts: HandOverTalkParts
  private readonly asked = new Map<string, () => void>()
  private served: Served | undefined

  constructor(parts: HandOverTalkParts) {
    this.parts = parts
  }

  begin(): void {
    const { bus, node } = this.parts
    this.served = bus.serve(nodeSubject(node), (frame) => this.hear(frame))
  }

  tell(name: ShardName, member: string, word: HandOverWord): void {
    const { bus, node } = this.parts
    bus.send(nodeSubject(member), encodeHandOver({ ...partsOfName(name), from: node, word }))
  }

  /** Tells the member something, and resolves when it has said `answer`, or has not in time. */
  ask(name: ShardName, member: string, word: HandOverWord, answer: HandOverWord, withinMs: number): Promise<void> {
    const key = keyOf(name, answer, member)
    return new Promise((resolve) => {
      const end = (): void => {
        timer.cancel()
        this.asked.delete(key)
        resolve()
      }
      const timer = this.parts.world.timers.after(withinMs, end)
      this.asked.set(key, end)
      this.tell(name, member, word)
    })
  }

  close(): void {
    this.served?.close()
    for (const end of this.asked.values()) end()
  }

  private hear(frame: Uint8Array): void {
    const heard = decodeHandOver(frame)
    if (heard === undefined) return
    const name = shardName(heard.kind, heard.shard)
    const end = this.asked.get(keyOf(name, heard.word, heard.from))
    if (end === undefined) this.parts.onWord(name, heard.word, heard.from)
    else end()
  }
}

function keyOf(name: ShardName, answer: HandOverWord, member: string): string {
  return `${name} ${answer} ${member}`
}
