import type { Lease, Opened, ShardName, Store } from '../../cluster/store.ts'

/** A store that takes everything and keeps nothing: what is left is the cost of everything else. */
export class ForgetfulStore implements Store {
  claim(): Promise<Lease> {
    return Promise.resolve({ epoch: 1, until: Infinity })
  }

  renew(_: ShardName, epoch: number): Promise<Lease> {
    return Promise.resolve({ epoch, until: Infinity })
  }

  release(): Promise<void> {
    return Promise.resolve()
  }

  open(): Promise<Opened> {
    return Promise.resolve({ snapshot: undefined, tail: this.readTail() })
  }

  append(): Promise<'stored'> {
    return Promise.resolve('stored')
  }

  confirm(): Promise<'stands'> {
    return Promise.resolve('stands')
  }

  async *readTail(): AsyncIterable<never> {}

  readSnapshot(): Promise<undefined> {
    return Promise.resolve(undefined)
  }

  writeSnapshot(): Promise<'stored'> {
    return Promise.resolve('stored')
  }

  async *readArchive(): AsyncIterable<never> {}

  rewriteArchive(): Promise<number> {
    return Promise.resolve(0)
  }

  getRecord(): Promise<undefined> {
    return Promise.resolve(undefined)
  }

  putRecord(): Promise<'stored'> {
    return Promise.resolve('stored')
  }

  deleteRecord(): Promise<'deleted'> {
    return Promise.resolve('deleted')
  }

  close(): Promise<void> {
    return Promise.resolve()
  }
}
