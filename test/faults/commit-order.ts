import { type EndedCall, SyncedImage, stringsOf } from '../synced-image.ts'

/** The pages of an LMDB file that say which of its other pages count; a commit ends with the write of one of them. */
const rootPages = 2
const pageBytes = 4096

/** What a trace shows of one answer, by the numbers of the calls: each has to begin after the one before has ended. */
export interface CommitOrder {
  /** Pages with the answered record were written. */
  readonly pages: boolean
  /** They were synced. */
  readonly synced: boolean
  /** The root page that makes them count was written. */
  readonly root: boolean
  /** It was synced too: by a sync of its own, or because its descriptor syncs what it writes. */
  readonly rootSynced: boolean
}

interface FileCall {
  readonly call: EndedCall
  readonly kind: 'write' | 'root' | 'sync'
  readonly syncsItself: boolean
  readonly bytes: Buffer
}

/**
 * Reads a trace of a node and tells, for each answer on a socket, what had happened to the record behind it when the answer left. The record is known
 * by a text that stands in it, the answer by its bytes.
 */
export class TracedCommits {
  private readonly image: SyncedImage
  private readonly fileName: string
  private readonly file = new Map<number, { readonly syncsItself: boolean }>()
  private readonly sockets = new Set<number>()
  private readonly calls: FileCall[] = []
  private readonly onSent: (sent: Buffer, orderOf: (record: string) => CommitOrder) => void

  /** `onSent` is called for all bytes that go out on accepted connections. */
  constructor(fileName: string, onSent: (sent: Buffer, orderOf: (record: string) => CommitOrder) => void) {
    this.image = new SyncedImage(fileName)
    this.fileName = fileName
    this.onSent = onSent
  }

  line(line: string): void {
    const call = this.image.line(line)
    if (call === undefined || call.result < 0) return
    const fd = Number.parseInt(call.args, 10)
    const file = this.file.get(fd)
    if (call.name === 'openat') this.opened(call)
    else if (call.name === 'accept4') this.sockets.add(call.result)
    else if (call.name === 'close') this.closed(fd)
    else if (file !== undefined) this.touched(call, file.syncsItself)
    else if (this.sockets.has(fd) && (call.name === 'write' || call.name === 'writev')) {
      const sent = Buffer.concat(stringsOf(call.args)).subarray(0, call.result)
      this.onSent(sent, (record) => this.orderOf(record, call))
    }
  }

  private opened(call: EndedCall): void {
    const [path = Buffer.alloc(0)] = stringsOf(call.args)
    if (path.toString().endsWith(this.fileName)) this.file.set(call.result, { syncsItself: call.args.includes('O_DSYNC') })
  }

  private closed(fd: number): void {
    this.file.delete(fd)
    this.sockets.delete(fd)
  }

  private touched(call: EndedCall, syncsItself: boolean): void {
    const bytes = Buffer.concat(stringsOf(call.args))
    if (call.name === 'fdatasync' || call.name === 'fsync') this.calls.push({ call, kind: 'sync', syncsItself, bytes })
    else if (call.name === 'pwrite64' || call.name === 'pwritev') {
      const offset = Number(call.args.slice(call.args.lastIndexOf(',') + 1))
      this.calls.push({ call, kind: offset < rootPages * pageBytes ? 'root' : 'write', syncsItself, bytes })
    } else if (call.name === 'write' || call.name === 'writev') this.calls.push({ call, kind: 'write', syncsItself, bytes })
  }

  private orderOf(record: string, sent: EndedCall): CommitOrder {
    const before = this.calls.filter(({ call }) => call.number <= sent.endedBefore)
    const pages = before.find(({ kind, bytes }) => kind === 'write' && bytes.includes(record))
    const synced = after(before, pages, ({ kind }) => kind === 'sync')
    const root = after(before, synced, ({ kind }) => kind === 'root')
    const rootSynced = root?.syncsItself === true ? root : after(before, root, ({ kind }) => kind === 'sync')
    return { pages: pages !== undefined, synced: synced !== undefined, root: root !== undefined, rootSynced: rootSynced !== undefined }
  }
}

/** The first such call that began after `earlier` had ended. */
function after(calls: readonly FileCall[], earlier: FileCall | undefined, isIt: (call: FileCall) => boolean): FileCall | undefined {
  return earlier === undefined ? undefined : calls.find((one) => one.call.endedBefore >= earlier.call.number && isIt(one))
}
