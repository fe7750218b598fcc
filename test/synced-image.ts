/**
 * What a disk would hold of one file after a power cut: made from a trace of the system calls that wrote it. A write counts once an
 * fdatasync that began after it has ended, or at once through a descriptor opened with O_DSYNC; what the page cache knows beyond that is gone.
 * A killed process keeps its page cache, so only this shows a store that acknowledges before it syncs.
 */
export class SyncedImage {
  readonly #fileName: string
  /** Open descriptors of the file. */
  readonly #files = new Map<number, OpenFile>()
  /** Calls of which the trace has shown the beginning, by thread. */
  readonly #begun = new Map<string, BegunCall>()
  readonly #unsynced: FileWrite[] = []
  #image = Buffer.alloc(0)
  #length = 0
  #writes = 0
  #ended = 0

  /** Follows the file whose path ends with `fileName`. */
  constructor(fileName: string) {
    this.#fileName = fileName
  }

  /** Writes that a power cut would take back now. */
  get unsyncedWrites(): number {
    return this.#unsynced.length
  }

  /** The file as it would be found after a power cut now. */
  get bytes(): Buffer {
    return this.#image.subarray(0, this.#length)
  }

  /** The file after a power cut at which some writes had reached the disk without being told to: those for which `survives` is true. */
  bytesWith(survives: () => boolean): Buffer {
    const after = new SyncedImage(this.#fileName)
    after.#image = Buffer.from(this.#image)
    after.#length = this.#length
    for (const write of this.#unsynced) if (survives()) after.#keep(write)
    return after.bytes
  }

  /** Takes the next line of `strace -f -xx`, and says what was called once it has ended. */
  line(line: string): EndedCall | undefined {
    const match = /^(\d+) +(.*)$/.exec(line)
    const [, thread = '', rest = ''] = match ?? []
    const unfinished = / ?<unfinished \.\.\.>$/.exec(rest)
    if (unfinished !== null) {
      this.#begun.set(thread, { text: rest.slice(0, unfinished.index), writesBefore: this.#writes, endedBefore: this.#ended })
      return undefined
    }
    const resumed = /^<\.\.\. \w+ resumed>/.exec(rest)
    const begun = resumed === null ? undefined : this.#begun.get(thread)
    const text = resumed === null ? rest : `${begun?.text ?? ''}${rest.slice(resumed[0].length)}`
    const call = /^(\w+)\((.*)\) += (-?\d+)/s.exec(text)
    if (call === null) return undefined
    const endedBefore = begun?.endedBefore ?? this.#ended
    const ended = { name: call[1] ?? '', args: call[2] ?? '', result: Number(call[3]), endedBefore, number: ++this.#ended }
    this.#apply(ended, begun?.writesBefore ?? this.#writes)
    return ended
  }

  #apply(call: EndedCall, writesBefore: number): void {
    if (call.result < 0) return
    const fd = Number.parseInt(call.args, 10)
    const file = this.#files.get(fd)
    if (call.name === 'openat') this.#opened(call)
    else if (file === undefined) return
    else if (call.name === 'close') this.#files.delete(fd)
    else if (call.name === 'lseek') file.at = call.result
    else if (call.name === 'fdatasync' || call.name === 'fsync') this.#synced(writesBefore)
    else if (call.name === 'pwrite64' || call.name === 'pwritev')
      this.#wrote(file, Number(call.args.slice(call.args.lastIndexOf(',') + 1)), call)
    else if (call.name === 'write' || call.name === 'writev') {
      this.#wrote(file, file.at, call)
      file.at += call.result
    }
  }

  #opened(call: EndedCall): void {
    const [path = Buffer.alloc(0)] = stringsOf(call.args)
    if (path.toString().endsWith(this.#fileName)) this.#files.set(call.result, { syncsWrites: call.args.includes('O_DSYNC'), at: 0 })
  }

  #wrote(file: OpenFile, offset: number, call: EndedCall): void {
    const bytes = Buffer.concat(stringsOf(call.args)).subarray(0, call.result)
    if (bytes.length !== call.result) throw new Error('the trace cuts off what was written: strace needs a larger -s')
    const write = { number: this.#writes++, offset, bytes }
    if (file.syncsWrites) this.#keep(write)
    else this.#unsynced.push(write)
  }

  #synced(writesBefore: number): void {
    const covered = this.#unsynced.filter((write) => write.number < writesBefore)
    for (const write of covered) this.#keep(write)
    this.#unsynced.splice(0, covered.length)
  }

  #keep(write: FileWrite): void {
    const end = write.offset + write.bytes.length
    if (end > this.#image.length) this.#image = Buffer.concat([this.#image, Buffer.alloc(end)])
    this.#length = Math.max(this.#length, end)
    this.#image.set(write.bytes, write.offset)
  }
}

/** The system calls to trace; others may be traced beside them. */
export const syncedImageCalls = 'openat,close,lseek,write,writev,pwrite64,pwritev,fdatasync,fsync'

export interface EndedCall {
  readonly name: string
  readonly args: string
  readonly result: number
  /** Counts calls in the order in which they ended; this one began when `endedBefore` of them had. */
  readonly number: number
  readonly endedBefore: number
}

/** The strings among a call's arguments, which `-xx` writes as nothing but `\x..`. */
export function stringsOf(args: string): Buffer[] {
  return Array.from(args.matchAll(/"((?:\\x[0-9a-f]{2})*)"/g), ([, hex = '']) => Buffer.from(hex.replaceAll('\\x', ''), 'hex'))
}

interface OpenFile {
  readonly syncsWrites: boolean
  at: number
}

interface FileWrite {
  readonly number: number
  readonly offset: number
  readonly bytes: Buffer
}

interface BegunCall {
  readonly text: string
  readonly writesBefore: number
  readonly endedBefore: number
}
