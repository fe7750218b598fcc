import { unlink } from 'node:fs/promises'
import { connect, createServer, type Server } from 'node:net'
import { join } from 'node:path'
import { StoreFault } from './store.ts'

/**
 * How one process sees that another lives: each owner of a data folder listens on a unix socket in it, and the kernel closes that the moment the
 * process ends, however it ends. A process that is stopped or busy still counts as alive. This only makes a mistake unlikely;
 * what makes it harmless is the owner's number that every write checks.
 */
export interface Presence {
  /** Shows that the owner of this name lives, until closed. */
  announce(owner: string): Promise<{ close(): Promise<void> }>
  alive(owner: string): Promise<boolean>
  /** Removes what a dead owner left behind. */
  forget(owner: string): Promise<void>
}

/** `sun_path` has 108 bytes with the closing zero; longer paths would be cut, not refused. */
const socketPathBytesMax = 107
const connectMsMax = 2000
export const ownerNameLength = 12

export function socketPresence(folder: string): Presence {
  if (Buffer.byteLength(join(folder, socketName('x'.repeat(ownerNameLength)))) > socketPathBytesMax) {
    throw new StoreFault('STORE_UNUSABLE', `the path of the data folder is too long for a socket in it: ${folder}`)
  }
  const pathOf = (owner: string): string => join(folder, socketName(owner))
  return {
    announce: (owner) => listen(pathOf(owner), folder),
    alive: (owner) => accepts(pathOf(owner), folder),
    forget: (owner) => removeIfThere(pathOf(owner)),
  }
}

function socketName(owner: string): string {
  return `owner-${owner}.sock`
}

async function listen(path: string, folder: string): Promise<{ close(): Promise<void> }> {
  const server = createServer((socket) => socket.destroy())
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => {
      reject(new StoreFault('STORE_UNUSABLE', `cannot make a socket in the data folder ${folder}: ${error.message}`, error))
    })
    server.listen(path, resolve)
  })
  // The store must not keep a process alive that has nothing else to do.
  server.unref()
  return { close: () => closeServer(server) }
}

function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve())
  })
}

/** Refused or gone is certain; whatever else is wrong with the socket, its owner may live. */
function accepts(path: string, folder: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const socket = connect(path)
    socket.setTimeout(connectMsMax)
    const end = (alive: boolean): void => {
      socket.destroy()
      resolve(alive)
    }
    socket.once('connect', () => end(true))
    socket.once('timeout', () => end(true))
    socket.once('error', (error) => {
      const code = 'code' in error ? error.code : undefined
      if (code === 'EACCES' || code === 'EPERM') {
        reject(new StoreFault('STORE_UNUSABLE', `the data folder ${folder} belongs to another user`, error))
      } else end(code !== 'ECONNREFUSED' && code !== 'ENOENT')
    })
  })
}

async function removeIfThere(path: string): Promise<void> {
  try {
    await unlink(path)
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error
  }
}
