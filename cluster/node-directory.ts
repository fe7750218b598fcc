import {
  decodeNodeAnswer,
  decodeNodeQuestion,
  encodeNodeAnswer,
  encodeNodeQuestion,
  type NodeQuestion,
  type NodeReport,
} from '../protocol/node-report.ts'
import { everyNodeSubject, nodeSubject } from '../protocol/subject.ts'
import type { Bus, Served } from './bus.ts'
import type { World } from './world.ts'

export interface NodeDirectoryParts {
  readonly bus: Bus
  readonly world: World
  readonly node: string
  /** What this process tells of itself. */
  readonly report: () => NodeReport
  /** Somebody wants this process to end in order. */
  readonly onDrain: (by: string) => void
}

/** Far longer than an answer takes; whoever says nothing within it is away, or too busy to say so. */
const gatherMs = 400
const questionsMax = 64

/** Who is there, by asking everyone; and the answers of this process to those who ask. */
export class NodeDirectory {
  private readonly parts: NodeDirectoryParts
  private readonly served: readonly Served[]
  private readonly waiting = new Map<number, (report: NodeReport) => void>()
  private lastNumber = 0

  constructor(parts: NodeDirectoryParts) {
    this.parts = parts
    const { bus, node } = parts
    this.served = [everyNodeSubject, nodeSubject(node)].map((subject) => bus.serve(subject, (frame) => this.hear(frame)))
  }

  /** Everyone who answers in time, this process too, by role and name; undefined if too many ask already. */
  async nodes(): Promise<readonly NodeReport[] | undefined> {
    const reports = await this.ask(everyNodeSubject, 'report', () => false)
    return reports?.toSorted((a, b) => (`${a.role} ${a.name}` < `${b.role} ${b.name}` ? -1 : 1))
  }

  /** Asks a process to end in order; resolves with its report if it is going to, and with nothing if it does not answer. */
  async drain(name: string): Promise<NodeReport | undefined> {
    const reports = await this.ask(nodeSubject(name), 'drain', (report) => report.name === name)
    return reports?.find((report) => report.name === name)
  }

  close(): void {
    for (const served of this.served) served.close()
  }

  private ask(subject: string, wish: NodeQuestion['wish'], isEnough: (report: NodeReport) => boolean): Promise<NodeReport[] | undefined> {
    if (this.waiting.size >= questionsMax) return Promise.resolve(undefined)
    const { bus, world, node } = this.parts
    const number = this.lastNumber++ % 0xffff_ffff
    const reports: NodeReport[] = []
    return new Promise((resolve) => {
      const end = (): void => {
        timer.cancel()
        this.waiting.delete(number)
        resolve(reports)
      }
      const timer = world.timers.after(gatherMs, end)
      this.waiting.set(number, (report) => {
        reports.push(report)
        if (isEnough(report)) end()
      })
      bus.send(subject, encodeNodeQuestion({ wish, number, from: node }))
    })
  }

  private hear(frame: Uint8Array): void {
    const question = decodeNodeQuestion(frame)
    if (question !== undefined) return this.answer(question)
    const answer = decodeNodeAnswer(frame)
    if (answer !== undefined) this.waiting.get(answer.number)?.(answer.report)
  }

  private answer({ wish, number, from }: NodeQuestion): void {
    const { bus, report, onDrain } = this.parts
    bus.send(nodeSubject(from), encodeNodeAnswer({ number, report: report() }))
    if (wish === 'drain') onDrain(from)
  }
}
