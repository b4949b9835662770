//! What the parent tells the child: arguments, since the environment belongs to the user.

use std::time::Duration;

use tensorkeep_format::LoadLimits;

use crate::{Options, Requirement};

/// What a child has to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Order {
    pub(super) requirement: Requirement,
    /// Seconds of processor time.
    pub(super) cpu: u64,
    /// The size of the file.
    pub(super) size: u64,
    pub(super) limits: LoadLimits,
}

impl Order {
    pub(super) fn new(options: &Options, size: u64, limits: &LoadLimits) -> Self {
        let cpu = options
            .cpu
            .saturating_add(Duration::from_nanos(999_999_999))
            .as_secs()
            .clamp(1, u64::from(u32::MAX));
        Self { requirement: options.requirement, cpu, size, limits: limits.clone() }
    }

    /// One argument: numbers with commas between them.
    pub(super) fn encode(&self) -> String {
        let Self { requirement, cpu, size, limits } = self;
        // A new limit does not compile until it is passed on.
        let LoadLimits {
            file,
            manifest,
            signatures,
            tensors,
            tensor,
            ops,
            edges,
            items,
            metadata,
            depth,
            text,
            nonfinite,
        } = limits;
        let hard = u64::from(*requirement == Requirement::Hard);
        let numbers = [
            hard,
            *cpu,
            *size,
            *file,
            *manifest,
            *signatures,
            *tensors,
            *tensor,
            *ops,
            *edges,
            *items,
            *metadata,
            *depth as u64,
            *text,
            u64::from(*nonfinite),
        ];
        numbers.map(|number| number.to_string()).join(",")
    }

    /// The inverse of [`encode`](Self::encode); nothing if it is no order.
    pub(super) fn decode(text: &str) -> Option<Self> {
        let numbers: Vec<u64> = text.split(',').map(str::parse).collect::<Result<_, _>>().ok()?;
        let numbers: [u64; 15] = numbers.try_into().ok()?;
        let [
            hard,
            cpu,
            size,
            file,
            manifest,
            signatures,
            tensors,
            tensor,
            ops,
            edges,
            items,
            metadata,
            depth,
            text,
            nonfinite,
        ] = numbers;
        let limits = LoadLimits {
            file,
            manifest,
            signatures,
            tensors,
            tensor,
            ops,
            edges,
            items,
            metadata,
            depth: usize::try_from(depth).ok()?,
            text,
            nonfinite: nonfinite == 1,
        };
        let requirement = if hard == 1 { Requirement::Hard } else { Requirement::BestEffort };
        Some(Self { requirement, cpu, size, limits })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn orders_survive_the_way() {
        let limits = LoadLimits {
            file: u64::MAX,
            manifest: 1,
            signatures: 2,
            tensors: 3,
            tensor: 4,
            ops: 5,
            edges: 6,
            items: 7,
            metadata: 8,
            depth: 9,
            text: 10,
            nonfinite: true,
        };
        for requirement in [Requirement::Hard, Requirement::BestEffort] {
            let options = Options { requirement, cpu: Duration::from_millis(1_001), ..Options::default() };
            let order = Order::new(&options, 11, &limits);
            assert_eq!(order.cpu, 2);
            assert_eq!(Order::decode(&order.encode()), Some(order));
        }
        for text in ["", "1", "1,2,3", &"1,".repeat(15), &["-1"; 15].join(","), &["1"; 16].join(",")] {
            assert_eq!(Order::decode(text), None, "{text}");
        }
    }
}
