//! What is open, by ticket. An idle client has nothing of it, and no memory for it.

use smallvec::SmallVec;

use crate::engine::input::Ticket;

/// A sorted list: tickets are numbered in order, and few are open at a time.
#[derive(Debug)]
pub struct ByTicket<T>(SmallVec<[(Ticket, T); 1]>);

impl<T> Default for ByTicket<T> {
    fn default() -> ByTicket<T> {
        ByTicket(SmallVec::new())
    }
}

impl<T> ByTicket<T> {
    /// Adds what belongs to a ticket, or replaces it.
    pub fn insert(&mut self, ticket: Ticket, value: T) {
        match self.find(ticket) {
            Ok(at) => self.0[at].1 = value,
            Err(at) => self.0.insert(at, (ticket, value)),
        }
    }

    /// What belongs to a ticket.
    pub fn get_mut(&mut self, ticket: Ticket) -> Option<&mut T> {
        self.find(ticket).ok().map(|at| &mut self.0[at].1)
    }

    /// Takes what belongs to a ticket.
    pub fn remove(&mut self, ticket: Ticket) -> Option<T> {
        let value = self.find(ticket).ok().map(|at| self.0.remove(at).1);
        if self.0.is_empty() && self.0.spilled() {
            self.0 = SmallVec::new();
        }
        value
    }

    /// All of it, in the order of the tickets.
    pub fn iter(&self) -> impl Iterator<Item = &(Ticket, T)> {
        self.0.iter()
    }

    /// Takes all of it, in the order of the tickets.
    pub fn take_all(&mut self) -> impl Iterator<Item = (Ticket, T)> + use<T> {
        std::mem::take(&mut self.0).into_iter()
    }

    fn find(&self, ticket: Ticket) -> Result<usize, usize> {
        self.0.binary_search_by_key(&ticket, |(ticket, _)| *ticket)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tickets_keep_their_order_and_leave_nothing_behind() {
        let mut open = ByTicket::default();
        for number in [3, 1, 2, 2] {
            open.insert(Ticket(number), number * 10);
        }
        assert!(open.iter().copied().eq([(Ticket(1), 10), (Ticket(2), 20), (Ticket(3), 30)]));
        *open.get_mut(Ticket(2)).expect("open") += 1;
        assert_eq!((open.remove(Ticket(2)), open.remove(Ticket(2))), (Some(21), None));
        assert!(open.take_all().eq([(Ticket(1), 10), (Ticket(3), 30)]));
        open.insert(Ticket(4), 4);
        assert_eq!((open.remove(Ticket(4)), open.0.spilled()), (Some(4), false));
    }
}
