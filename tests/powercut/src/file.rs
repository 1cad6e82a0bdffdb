//! The one file of the disk, through FUSE.

use std::ffi::OsStr;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, UNIX_EPOCH};

use fuser::{
    Errno, FileAttr, FileHandle, FileType, Filesystem, FopenFlags, Generation, INodeNo, LockOwner, OpenFlags,
    ReplyAttr, ReplyData, ReplyEmpty, ReplyEntry, ReplyOpen, ReplyWrite, Request, WriteFlags,
};

use crate::disk::Disk;

const NAME: &str = "disk";
const FILE: INodeNo = INodeNo(2);

/// How long the kernel may believe what it was told of the file: it never changes.
const TTL: Duration = Duration::from_secs(3600);

/// The longest that a request hangs: a test that died must leave no kernel thread waiting for ever.
const HANG_MAX: Duration = Duration::from_secs(120);

/// A disk that is shared by the kernel's requests and the commands, with word of its changes.
#[derive(Clone)]
pub(crate) struct Shared {
    disk: Arc<(Mutex<Disk>, Condvar)>,
}

impl Shared {
    pub(crate) fn new(disk: Disk) -> Self {
        Self { disk: Arc::new((Mutex::new(disk), Condvar::new())) }
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, Disk> {
        self.disk.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until `seen` or the time is over.
    pub(crate) fn wait(
        &self,
        patience: Duration,
        mut until: impl FnMut(&Disk) -> bool,
    ) -> MutexGuard<'_, Disk> {
        let waited = self.disk.1.wait_timeout_while(self.lock(), patience, |disk| !until(disk));
        waited.unwrap_or_else(PoisonError::into_inner).0
    }

    /// Tells whoever waits that something changed.
    pub(crate) fn changed(&self) {
        self.disk.1.notify_all();
    }
}

/// A folder with one file.
pub(crate) struct OneFile {
    disk: Shared,
}

impl OneFile {
    pub(crate) fn new(disk: Shared) -> Self {
        Self { disk }
    }

    fn disk(&self) -> MutexGuard<'_, Disk> {
        self.disk.lock()
    }

    /// Does not return while the power is away: nothing does then.
    fn hang(&self) {
        if self.disk().hangs().is_some() {
            self.disk.changed();
            drop(self.disk.wait(HANG_MAX, |disk| disk.hangs().is_none()));
        }
    }

    fn attributes(&self, of: INodeNo) -> FileAttr {
        let folder = of == INodeNo::ROOT;
        let size = if folder { 0 } else { self.disk().len() as u64 };
        FileAttr {
            ino: of,
            size,
            blocks: size / 512,
            atime: UNIX_EPOCH,
            mtime: UNIX_EPOCH,
            ctime: UNIX_EPOCH,
            crtime: UNIX_EPOCH,
            kind: if folder { FileType::Directory } else { FileType::RegularFile },
            perm: if folder { 0o700 } else { 0o600 },
            nlink: 1,
            uid: 0,
            gid: 0,
            rdev: 0,
            flags: 0,
            blksize: 4096,
        }
    }
}

impl Filesystem for OneFile {
    fn lookup(&self, _: &Request, parent: INodeNo, name: &OsStr, reply: ReplyEntry) {
        if parent == INodeNo::ROOT && name == NAME {
            reply.entry(&TTL, &self.attributes(FILE), Generation(0));
        } else {
            reply.error(Errno::ENOENT);
        }
    }

    fn getattr(&self, _: &Request, of: INodeNo, _: Option<FileHandle>, reply: ReplyAttr) {
        reply.attr(&TTL, &self.attributes(of));
    }

    fn open(&self, _: &Request, _: INodeNo, _: OpenFlags, reply: ReplyOpen) {
        // Without a cache of the kernel's in between, each write of the disk's driver comes here when it is made.
        reply.opened(FileHandle(0), FopenFlags::FOPEN_DIRECT_IO);
    }

    fn read(
        &self,
        _: &Request,
        _: INodeNo,
        _: FileHandle,
        offset: u64,
        size: u32,
        _: OpenFlags,
        _: Option<LockOwner>,
        reply: ReplyData,
    ) {
        reply.data(self.disk().read(offset as usize, size as usize));
    }

    fn write(
        &self,
        _: &Request,
        _: INodeNo,
        _: FileHandle,
        offset: u64,
        octets: &[u8],
        _: WriteFlags,
        _: OpenFlags,
        _: Option<LockOwner>,
        reply: ReplyWrite,
    ) {
        let written = self.disk().write(offset as usize, octets);
        self.hang();
        match written {
            Ok(written) => reply.written(written as u32),
            Err(_) => reply.error(Errno::EIO),
        }
    }

    fn fsync(&self, _: &Request, _: INodeNo, _: FileHandle, _: bool, reply: ReplyEmpty) {
        match self.disk().flush() {
            Ok(()) => reply.ok(),
            Err(_) => reply.error(Errno::EIO),
        }
    }
}
