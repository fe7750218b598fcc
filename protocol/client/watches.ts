/** SKUs that one client watches at most, so that a reconnect stays small. */
export const watchesMax = 200

export interface Watch {
  readonly sku: string
  readonly user: string | undefined
}

/** Which SKUs are watched: a new connection knows nothing of what an older one asked for. */
export class Watches {
  private readonly byKey = new Map<string, Watch>()

  /** Remembers a watch that the server has taken. Past the limit it lasts as long as its connection. */
  add(sku: string, user: string | undefined): void {
    if (this.byKey.size < watchesMax) this.byKey.set(keyOf(sku, user), { sku, user })
  }

  remove(sku: string, user: string | undefined): void {
    this.byKey.delete(keyOf(sku, user))
  }

  all(): readonly Watch[] {
    return [...this.byKey.values()]
  }
}

/** A SKU id has no space in it. */
function keyOf(sku: string, user: string | undefined): string {
  return user === undefined ? sku : `${sku} ${user}`
}
