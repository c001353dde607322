//! What users and the network may still do. Everything is bounded, so that the search ends.

use std::hash::{Hash, Hasher};

/// Devices of the largest world.
pub(crate) const DEVICES: usize = 4;

/// What one user may still do.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct May {
    pub(crate) calls: u8,
    pub(crate) accepts: u8,
    pub(crate) rejects: u8,
    /// Cancel while calling, hang up otherwise.
    pub(crate) hangups: u8,
    pub(crate) leaves: u8,
    /// Request video.
    pub(crate) switches: u8,
    /// Answer the peer's question about the call type.
    pub(crate) answers: u8,
    /// Send data.
    pub(crate) data: u8,
    pub(crate) logouts: u8,
    pub(crate) logins: u8,
    /// Accept or reject a call that a push announced, whether it has arrived or not.
    pub(crate) pushes: u8,
}

impl May {
    /// Nothing.
    pub(crate) const NOTHING: May = May {
        calls: 0,
        accepts: 0,
        rejects: 0,
        hangups: 0,
        leaves: 0,
        switches: 0,
        answers: 0,
        data: 0,
        logouts: 0,
        logins: 0,
        pushes: 0,
    };

    /// One number, different for what is different.
    fn word(&self) -> u64 {
        let May {
            calls,
            accepts,
            rejects,
            hangups,
            leaves,
            switches,
            answers,
            data,
            logouts,
            logins,
            pushes,
        } = *self;
        let all =
            [calls, accepts, rejects, hangups, leaves, switches, answers, data, logouts, logins, pushes];
        all.iter().fold(0, |word, n| word << 4 | u64::from(*n))
    }

    pub(crate) const fn calls(self, calls: u8) -> May {
        May { calls, ..self }
    }

    pub(crate) const fn accepts(self, accepts: u8) -> May {
        May { accepts, ..self }
    }

    pub(crate) const fn rejects(self, rejects: u8) -> May {
        May { rejects, ..self }
    }

    pub(crate) const fn hangups(self, hangups: u8) -> May {
        May { hangups, ..self }
    }

    pub(crate) const fn leaves(self, leaves: u8) -> May {
        May { leaves, ..self }
    }

    pub(crate) const fn switches(self, switches: u8) -> May {
        May { switches, ..self }
    }

    pub(crate) const fn answers(self, answers: u8) -> May {
        May { answers, ..self }
    }

    pub(crate) const fn data(self, data: u8) -> May {
        May { data, ..self }
    }

    pub(crate) const fn pushes(self, pushes: u8) -> May {
        May { pushes, ..self }
    }

    pub(crate) const fn logouts(self, logouts: u8, logins: u8) -> May {
        May { logouts, logins, ..self }
    }
}

/// The same of everybody, and of the network.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Budget {
    pub(crate) users: [May; DEVICES],
    /// Operations, answers or messages that get lost.
    pub(crate) losses: u8,
    /// Messages that arrive twice.
    pub(crate) copies: u8,
    /// Operations that fail.
    pub(crate) refusals: u8,
    /// Deadlines that pass while something is still under way.
    pub(crate) early: u8,
}

impl Hash for Budget {
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        self.users.iter().for_each(|may| hasher.write_u64(may.word()));
        hasher.write_u32(u32::from_le_bytes([self.losses, self.copies, self.refusals, self.early]));
    }
}

impl Budget {
    /// Nothing goes wrong any more, and no deadline passes before its time.
    pub(crate) fn is_fine(&self) -> bool {
        self.losses == 0 && self.refusals == 0 && self.early == 0
    }

    /// As text, for the table.
    pub(crate) fn network(&self) -> String {
        let all = [
            ("lost", self.losses),
            ("twice", self.copies),
            ("refused", self.refusals),
            ("early", self.early),
        ];
        let some: Vec<String> =
            all.iter().filter(|(_, n)| *n > 0).map(|(what, n)| format!("{n} {what}")).collect();
        if some.is_empty() { "any order".into() } else { some.join(", ") }
    }
}
