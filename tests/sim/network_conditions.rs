//! How bad the network of a world is.

use nertc_callkit_testkit::Random;

/// The quality of the network, and its participants.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct NetworkConditions {
    pub(crate) max_delay_ms: u64,
    pub(crate) lost_permille: u64,
    /// Duplicated messages and completions.
    pub(crate) twice_permille: u64,
    /// Operations that are answered long after their limit, or never.
    pub(crate) unanswered_permille: u64,
    /// Operations that fail, some of them after they took effect.
    pub(crate) refused_permille: u64,
    /// Devices and accounts are cut off for a while.
    pub(crate) has_cuts: bool,
    /// Accounts whose devices are legacy clients.
    pub(crate) legacy_permille: u64,
    /// All clients are older than 1.1.0.
    pub(crate) is_before_1_1: bool,
    /// Users do something at least so often.
    pub(crate) pace_ms: u64,
}

impl NetworkConditions {
    /// From a seed: a quarter of the runs is healthy, and each fault occurs alone and with others.
    pub(crate) fn random(random: &mut Random) -> NetworkConditions {
        // Patient users let the timers do the work.
        let pace_ms = *random.pick(&[4_000, 4_000, 12_000, 40_000]);
        let fine = NetworkConditions { max_delay_ms: 20, pace_ms, ..NetworkConditions::default() };
        let conditions = match random.below(6) {
            0 => fine,
            1 => NetworkConditions { max_delay_ms: 500, ..fine },
            2 => NetworkConditions { max_delay_ms: 2_000, has_cuts: random.chance(500), ..fine },
            3 => NetworkConditions { max_delay_ms: 300, refused_permille: 40, ..fine },
            4 => NetworkConditions {
                max_delay_ms: 500,
                lost_permille: 30,
                twice_permille: 50,
                unanswered_permille: 30,
                has_cuts: random.chance(500),
                ..fine
            },
            _ => NetworkConditions {
                max_delay_ms: 9_000,
                lost_permille: 80,
                twice_permille: 100,
                unanswered_permille: 80,
                refused_permille: 20,
                has_cuts: random.chance(500),
                ..fine
            },
        };
        match random.below(10) {
            0 | 1 => NetworkConditions { legacy_permille: 400, ..conditions },
            2 => NetworkConditions { is_before_1_1: true, ..conditions },
            _ => conditions,
        }
    }

    /// Nothing goes wrong on the way any more.
    pub(crate) fn healed(self) -> NetworkConditions {
        let NetworkConditions { legacy_permille, is_before_1_1, .. } = self;
        NetworkConditions { max_delay_ms: 20, legacy_permille, is_before_1_1, ..NetworkConditions::default() }
    }

    /// Operations and messages take so little that every limit of the engine is long.
    pub(crate) fn is_quick(&self) -> bool {
        self.max_delay_ms <= 500
    }
}
