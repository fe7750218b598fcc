import type { Member, Members } from '../../cluster/members.ts'
import type { SimParts } from './sim-parts.ts'
import type { SimProcess } from './sim-process.ts'

export class SimMembers {
  private readonly parts: SimParts
  private readonly rows = new Map<string, { member: Member; until: number }>()
  constructor(parts: SimParts) {
    this.parts = parts
  }
  healAll(): void {}
  connect(process: SimProcess): Members {
    const { scheduler } = this.parts
    const trip = <T>(apply: () => T): Promise<T> =>
      new Promise((resolve) => {
        scheduler.after(1, () => {
          const result = apply()
          scheduler.after(1, () => resolve(result), process)
        })
      })
    return {
      beat: (member, ttlMs) =>
        trip(() => {
          this.rows.set(member.name, { member, until: scheduler.now + ttlMs })
          for (const [name, row] of this.rows) if (row.until <= scheduler.now) this.rows.delete(name)
          return [...this.rows.values()].map((row) => row.member).sort((a, b) => (a.name < b.name ? -1 : 1))
        }),
      leave: (name) => trip(() => void this.rows.delete(name)),
    }
  }
}
