//! What Go's parser counts of a pattern: how large it is when compiled, how high its tree, and how often its innermost part
//! is repeated.

/// The largest compiled pattern, in instructions.
pub(super) const MAX_SIZE: u64 = (128 << 20) / 40;
/// The highest tree.
pub(super) const MAX_HEIGHT: u32 = 1_000;
/// The most repetitions of the innermost part.
pub(super) const MAX_REPEAT: u32 = 1_000;

/// How parts of a pattern are put together.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// A literal: one after another they are one.
    Literal,
    /// One after the other.
    Sequence,
    /// One or the other.
    Choice,
    /// Anything else.
    Other,
}

/// The weight of a part.
#[derive(Clone, Copy)]
pub(super) struct Weight {
    pub(super) form: Form,
    pub(super) size: u64,
    pub(super) height: u32,
    pub(super) repeats: u32,
}

impl Weight {
    /// A part without parts.
    pub(super) fn leaf(form: Form) -> Self {
        Self { form, size: 1, height: 1, repeats: 1 }
    }

    /// The part around it, as `more` larger.
    pub(super) fn around(self, more: u64) -> Self {
        let (size, height) = (self.size.saturating_add(more), self.height.saturating_add(1));
        Self { form: Form::Other, size, height, ..self }
    }

    /// So often; no `max` is without end.
    pub(super) fn times(self, min: u32, max: Option<u32>) -> Self {
        let (size, times) = match max {
            Some(max) => (self.size.saturating_mul(u64::from(max)) + u64::from(max.saturating_sub(min)), max),
            None if min == 0 => (self.size.saturating_add(2), 1),
            None => (self.size.saturating_mul(u64::from(min)).saturating_add(1), min),
        };
        let repeats = if times == 0 { 1 } else { self.repeats.saturating_mul(times) };
        Self { form: Form::Other, size: size.max(1), height: self.height.saturating_add(1), repeats }
    }
}

/// Parts that are put together one by one.
#[derive(Clone, Copy)]
pub(super) struct Parts {
    form: Form,
    count: u64,
    only: Option<Weight>,
    literal: bool,
    whole: Weight,
}

impl Parts {
    pub(super) fn none(form: Form) -> Self {
        let whole = Weight { form, size: 0, height: 0, repeats: 1 };
        Self { form, count: 0, only: None, literal: true, whole }
    }

    pub(super) fn add(&mut self, part: Weight) {
        self.count += 1;
        self.only = Some(part);
        self.literal &= part.form == Form::Literal;
        self.whole.size = self.whole.size.saturating_add(part.size);
        // A sequence in a sequence is part of it.
        let height = part.height - u32::from(part.form == self.form);
        self.whole.height = self.whole.height.max(height);
        self.whole.repeats = self.whole.repeats.max(part.repeats);
    }

    /// All of them together.
    pub(super) fn sum(&self) -> Weight {
        match (self.count, self.only) {
            (0, _) => Weight::leaf(Form::Other),
            (1, Some(only)) => only,
            _ if self.literal && self.form == Form::Sequence => Weight { form: Form::Literal, height: 1, ..self.whole },
            _ => {
                let between = if self.form == Form::Choice { self.count - 1 } else { 0 };
                let (size, height) = (self.whole.size.saturating_add(between), self.whole.height + 1);
                Weight { size, height, ..self.whole }
            }
        }
    }
}
