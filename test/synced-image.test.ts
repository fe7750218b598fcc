import { expect, test } from 'vitest'
import { SyncedImage } from './synced-image.ts'

const opened = String.raw`7 openat(AT_FDCWD, "\x2f\x78\x2f\x64\x61\x74\x61", O_RDWR|O_CREAT, 0664) = 5`
const openedSyncing = opened.replace('O_RDWR', 'O_WRONLY|O_DSYNC').replace('= 5', '= 6')

function after(...lines: string[]): SyncedImage {
  const image = new SyncedImage('/data')
  for (const line of lines) image.line(line)
  return image
}

test('STO-30 a write counts once it was synced', () => {
  const write = String.raw`7 pwrite64(5, "\x61\x62\x63", 3, 2) = 3`
  expect(after(opened, write)).toMatchObject({ unsyncedWrites: 1, bytes: Buffer.alloc(0) })
  expect(after(opened, write, '8 fdatasync(5) = 0')).toMatchObject({ unsyncedWrites: 0, bytes: Buffer.from('\0\0abc') })
  expect(after(opened, write, '8 fdatasync(5) = -1 EIO (Input/output error)').unsyncedWrites).toBe(1)
})

test('STO-30 a sync covers only what was written before it began', () => {
  const image = after(
    opened,
    String.raw`7 pwrite64(5, "\x61", 1, 0) = 1`,
    '8 fdatasync(5 <unfinished ...>',
    String.raw`7 pwrite64(5, "\x62", 1, 1) = 1`,
    '8 <... fdatasync resumed>) = 0',
  )
  expect(image).toMatchObject({ unsyncedWrites: 1, bytes: Buffer.from('a') })
})

test('STO-30 a descriptor that syncs its writes needs no other sync, and covers no other write', () => {
  const image = after(opened, openedSyncing, String.raw`7 pwrite64(5, "\x61", 1, 0) = 1`, String.raw`7 pwrite64(6, "\x62", 1, 1) = 1`)
  expect(image).toMatchObject({ unsyncedWrites: 1, bytes: Buffer.from('\0b') })
})

test('STO-30 vectors, positions and interrupted lines', () => {
  const image = after(
    opened,
    '7 lseek(5, 2, SEEK_SET) = 2',
    String.raw`7 writev(5, [{iov_base="\x61\x62", iov_len=2}, {iov_base="\x63", iov_len=1}], 2 <unfinished ...>`,
    String.raw`9 write(5, "\x7a", 1) = -1 ENOSPC (No space left on device)`,
    '7 <... writev resumed>) = 3',
    String.raw`7 write(5, "\x64", 1) = 1`,
    String.raw`7 pwritev(5, [{iov_base="\x65", iov_len=1}], 1, 0) = 1`,
    '7 fsync(5) = 0',
    '7 close(5) = 0',
    '7 +++ killed by SIGKILL +++',
  )
  expect(image).toMatchObject({ unsyncedWrites: 0, bytes: Buffer.from('e\0abcd') })
})

test('STO-30 other files, and a descriptor that was closed and given to another, are not followed', () => {
  const another = opened.replace(String.raw`\x61"`, String.raw`\x62"`)
  expect(after(another, String.raw`7 pwrite64(5, "\x61", 1, 0) = 1`).unsyncedWrites).toBe(0)
  expect(after(opened, '7 close(5) = 0', another, String.raw`7 pwrite64(5, "\x61", 1, 0) = 1`).unsyncedWrites).toBe(0)
})

test('STO-30 a trace that was cut is not trusted', () => {
  expect(() => after(opened, String.raw`7 pwrite64(5, "\x61"..., 2, 0) = 2`)).toThrow('cuts off')
})
