//! Repair of a file's end, where a kill, a crash or a full disk may have left half a line.

use std::io;

use super::log_file::LogFile;
use super::torn::unfinished_line;

impl LogFile {
    /// Mends what another process has left since the start in a file that was not there then.
    pub(super) fn repair_found(&mut self) -> io::Result<()> {
        if self.size > 0 && self.repair_last_line(self.cuts_torn)?.is_some() {
            self.note(Err(io::Error::other("the last line was torn, and cut off")));
        }
        Ok(())
    }

    /// Mends what a killed process or machine left at the end: a line without a line break. Of JSON it is cut
    /// off and returned, for half a record is none; any other is ended, and nothing returned.
    pub fn repair_last_line(&mut self, json: bool) -> io::Result<Option<Vec<u8>>> {
        match self.unfinished()? {
            None => Ok(None),
            Some(torn) if torn.as_ref().is_some_and(Vec::is_empty) => Ok(None),
            Some(Some(torn)) if json => {
                self.cut_to(self.size - torn.len() as u64)?;
                Ok(Some(torn))
            }
            Some(_) => {
                while self.write(b"\n")? == 0 {}
                Ok(None)
            }
        }
    }

    /// Takes back what is there of a line that was begun and will not be completed. Returns how many bytes
    /// that was.
    pub fn cut_unfinished(&mut self) -> io::Result<u64> {
        let Some(Some(torn)) = self.unfinished()? else { return Ok(0) };
        let len = torn.len() as u64;
        if len > 0 {
            self.cut_to(self.size - len)?;
        }
        Ok(len)
    }

    /// What follows the last line break, if that is not too much for a line; `None` if it is not to be
    /// changed.
    fn unfinished(&mut self) -> io::Result<Option<Option<Vec<u8>>>> {
        if self.current.is_none() || !self.is_rewritable() {
            return Ok(None);
        }
        let reader = self.disk.open_read(&self.path)?;
        let status = self.disk.status(&reader)?;
        if status.identity != self.identity() {
            return Ok(None);
        }
        self.size = status.len;
        unfinished_line(&*self.disk, &reader, self.size).map(Some)
    }
}
