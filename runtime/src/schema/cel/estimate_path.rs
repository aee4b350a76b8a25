//! Places in the values of variables, as the estimator names them. Appending to a path behaves as appending to a slice does
//! in Go: paths that start alike share their memory, and the later of two that go on differently overwrites the earlier.
//! Upstream's estimates depend on it, and estimates are part of its API.

use std::cell::RefCell;
use std::rc::Rc;

/// A variable, then fields, `@items`, `@keys`, `@values` or `@indices`.
#[derive(Clone, Default)]
pub(super) struct Path {
    memory: Rc<RefCell<Memory>>,
    length: usize,
}

#[derive(Default)]
struct Memory {
    steps: Vec<Rc<str>>,
    capacity: usize,
}

impl Path {
    /// A variable.
    pub(super) fn of(variable: &str) -> Self {
        let memory = Memory { steps: vec![variable.into()], capacity: 1 };
        Self { memory: Rc::new(RefCell::new(memory)), length: 1 }
    }

    /// One step further.
    pub(super) fn append(&self, step: &str) -> Self {
        let step: Rc<str> = step.into();
        let mut memory = self.memory.borrow_mut();
        if self.length < memory.capacity {
            match memory.steps.get_mut(self.length) {
                Some(slot) => *slot = step,
                None => memory.steps.push(step),
            }
            return Self { memory: Rc::clone(&self.memory), length: self.length + 1 };
        }
        let mut steps = memory.steps[..self.length].to_vec();
        steps.push(step);
        let capacity = (self.length * 2).max(1);
        Self { memory: Rc::new(RefCell::new(Memory { steps, capacity })), length: self.length + 1 }
    }

    /// One step further, in memory of its own.
    pub(super) fn extended(&self, step: &str) -> Self {
        let mut steps = self.steps();
        steps.push(step.into());
        let length = steps.len();
        Self { memory: Rc::new(RefCell::new(Memory { steps, capacity: length })), length }
    }

    pub(super) fn first(&self) -> Option<Rc<str>> {
        self.steps().first().cloned()
    }

    pub(super) fn steps(&self) -> Vec<Rc<str>> {
        self.memory.borrow().steps[..self.length].to_vec()
    }
}
