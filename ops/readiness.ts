/** Whether this node should be sent new work. Starts as not ready. */
export class Readiness {
  private reason: string | undefined = 'starting'

  /** Why not, in a few words; undefined when ready. */
  get whyNot(): string | undefined {
    return this.reason
  }

  ready(): void {
    this.reason = undefined
  }

  /** From here on no new work; said before a drain begins, so that balancers look elsewhere first. */
  notReady(reason: string): void {
    this.reason = reason
  }
}
