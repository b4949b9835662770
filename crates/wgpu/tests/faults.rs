//! What goes wrong is an error, and what went wrong before does no harm after.

#![allow(clippy::unwrap_used, reason = "a failing test may say so in the shortest way")]

mod support;

use tensorkeep_tensor::{DType, Device, ErrorKind, Tensor};
use tensorkeep_wgpu::{Options, with_options};

fn device(options: Options) -> Option<Device> {
    support::opened(|| with_options(0, options))
}

fn ones(device: &Device, count: usize) -> Tensor {
    Tensor::from_vec(vec![1f32; count], [count], device).unwrap()
}

#[test]
fn a_budget_is_kept_to_the_byte() {
    let options = Options { memory_bytes: Some(1 << 20), ..Options::default() };
    let Some(device) = device(options) else { return };
    let half = ones(&device, 1 << 17);
    assert_eq!(device.memory().live, 1 << 19);
    let whole = half.map(|x| x + 1.0).unwrap();
    assert_eq!((device.memory().live, device.memory().pooled, device.memory().peak), (1 << 20, 0, 1 << 20));
    let error = half.map(|x| x + 2.0).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::OutOfMemory, "{error}");
    assert!(error.message().contains("1048576"), "{error}");
    drop(half);
    // The freed buffer is of another size: it has to make room.
    let small = ones(&device, 1000);
    assert_eq!((device.memory().live, device.memory().pooled), ((1 << 19) + 4096, 0));
    assert_eq!(whole.to_vec::<f32>().unwrap(), vec![2.0; 1 << 17]);
    drop((whole, small));
    assert_eq!(device.memory().live, 0);
    device.trim();
    assert_eq!(device.memory().pooled, 0);
}

#[test]
fn tensors_beyond_the_binding_limit_are_refused() {
    let options = Options { buffer_bytes: Some(1 << 16), ..Options::default() };
    let Some(device) = device(options) else { return };
    let largest = ones(&device, 1 << 14);
    assert_eq!(largest.sum([0], false).unwrap().to_vec::<f32>().unwrap(), [16384.0]);
    let column = ones(&device, 200).reshape([200, 1]).unwrap();
    let error = (&column + &column.t().unwrap()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Limit, "{error}");
    // A byte takes a word here.
    let error = Tensor::from_vec(vec![1u8; (1 << 14) + 1], [(1 << 14) + 1], &device).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Limit, "{error}");
    assert_eq!(largest.to_vec::<f32>().unwrap(), vec![1.0; 1 << 14]);
}

#[test]
fn grids_are_folded_into_rows() {
    let options = Options { workgroups: Some(3), ..Options::default() };
    let Some(device) = device(options) else { return };
    // Each workgroup computes 1024 elements, so 3 by 3 of them reach to 9216.
    for count in [3 * 1024 + 1, 7 * 1024 - 5, 9 * 1024] {
        let x = Tensor::from_vec((0..count as i32).collect(), [count], &device).unwrap();
        let want: Vec<i32> = (1..=count as i32).collect();
        assert_eq!(x.map(|x| x + 1i64).unwrap().to_vec::<i32>().unwrap(), want);
    }
    let error = ones(&device, 9 * 1024 + 1).map(|x| x + 1.0).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Limit, "{error}");
}

#[test]
fn stale_numbers_in_reused_buffers_do_no_harm() {
    let Some(device) = device(Options::default()) else { return };
    for count in [1, 63, 1000, 5000] {
        for _ in 0..4 {
            drop(Tensor::from_vec(vec![f32::NAN; count], [count], &device).unwrap());
        }
        let pooled = device.memory().pooled;
        let x = ones(&device, count);
        let y = x.map(|x| x * 3.0).unwrap();
        let sum = y.sum([0], false).unwrap();
        assert!(device.memory().pooled < pooled, "nothing was reused");
        assert_eq!(y.to_vec::<f32>().unwrap(), vec![3.0; count]);
        assert_eq!(sum.to_vec::<f32>().unwrap(), [3.0 * count as f32]);
    }
}

#[test]
fn a_thousand_steps_leave_memory_as_it_was() {
    let Some(device) = support::device() else { return };
    let mut x = ones(&device, 1000);
    let step = |x: &Tensor| x.map(|x| x * 0.5 + 0.5).unwrap();
    x = step(&x);
    let before = device.memory().live;
    for _ in 0..1000 {
        x = step(&x);
    }
    assert_eq!(x.to_vec::<f32>().unwrap(), vec![1.0; 1000]);
    drop(x);
    // Others may use the shared device meanwhile, so only a bound.
    assert!(device.memory().live <= before + (1 << 24));
}

#[test]
fn threads_share_a_device() {
    let Some(device) = device(Options::default()) else { return };
    std::thread::scope(|scope| {
        for thread in 0..8 {
            let device = &device;
            scope.spawn(move || {
                for round in 0..25 {
                    let start = (thread * 1000 + round) as f32;
                    let x = Tensor::from_vec((0..777).map(|i| start + i as f32).collect(), [777], device)
                        .unwrap();
                    let y = (&x + &x).unwrap().to_vec::<f32>().unwrap();
                    let want: Vec<f32> = (0..777).map(|i| 2.0 * (start + i as f32)).collect();
                    assert_eq!(y, want);
                }
            });
        }
    });
    device.synchronize().unwrap();
    assert_eq!(device.memory().live, 0);
}

#[test]
fn what_adapters_lack_is_named() {
    let Some(device) = support::device() else { return };
    for dtype in [DType::F64, DType::I64, DType::BF16] {
        let error = Tensor::zeros([2], dtype, &device).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unsupported, "{error}");
        assert!(error.message().contains(dtype.name()), "{error}");
    }
    // In the middle of an expression too.
    let error = ones(&device, 2).map(|x| x.cast(DType::F64).exp().cast(DType::F32)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported, "{error}");
    let error = tensorkeep_wgpu::device(1000).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Value, "{error}");
    let error = with_options(0, Options { workgroups: Some(0), ..Options::default() }).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Value, "{error}");
}

#[test]
fn a_device_is_opened_once() {
    let Some(device) = support::device() else { return };
    assert_eq!(device, tensorkeep_wgpu::device(0).unwrap());
    assert_eq!(device.name(), "wgpu:0");
    let first = &tensorkeep_wgpu::adapters()[0];
    assert_eq!(first.limits, *device.limits());
}

#[test]
fn views_come_back_whole() {
    let Some(device) = support::device() else { return };
    for dtype in device.limits().dtypes.iter() {
        let data: Vec<i32> = (0..35).map(|i| i % 2).collect();
        let x = Tensor::from_vec(data, [5, 7], &device).unwrap().to_dtype(dtype).unwrap();
        for (view, at) in
            [(x.narrow(0, 1..4).unwrap(), 7), (x.narrow(1, 1..6).unwrap(), 1), (x.t().unwrap(), 0)]
        {
            let host = view.to_host().unwrap();
            assert_eq!(host.data().get(0).unwrap().as_f64(), f64::from(at % 2), "{dtype}");
            assert_eq!(host.data().len(), view.elements());
        }
    }
}

/// A tensor that rests on an index out of range: nothing has looked at it yet.
fn wrong(device: &Device) -> Tensor {
    let x = Tensor::from_vec(vec![1f32, 2.0, 3.0], [3], device).unwrap();
    x.take(0, &Tensor::new([0, 3], device).unwrap()).unwrap()
}

#[test]
fn an_index_outside_reaches_what_depends_on_it_alone() {
    let Some(device) = device(Options::default()) else { return };
    let (bad, good) = (wrong(&device), ones(&device, 3));
    let later = bad.map(|x| x * 2.0).unwrap();
    assert_eq!(good.map(|x| x + 1.0).unwrap().to_vec::<f32>().unwrap(), [2.0; 3]);
    for _ in 0..2 {
        let error = later.to_vec::<f32>().unwrap_err();
        assert_eq!((error.kind(), error.op()), (ErrorKind::Index, "take"), "{error}");
        assert!(
            error.message().contains("index 3, at position 1") && error.message().contains("0..3"),
            "{error}"
        );
    }
    // It is known by now, so what is made of it is refused at once.
    assert_eq!(bad.map(|x| x.exp()).unwrap_err().kind(), ErrorKind::Index);
    device.synchronize().unwrap();
    drop((bad, later));
    let _unread = wrong(&device);
    assert_eq!(device.synchronize().unwrap_err().kind(), ErrorKind::Index);
    device.synchronize().unwrap();
}

#[test]
fn more_lookups_than_there_is_room_for_are_all_checked() {
    let Some(device) = device(Options::default()) else { return };
    let index = Tensor::new([1, 0], &device).unwrap();
    let early = wrong(&device);
    let mut x = ones(&device, 2);
    for _ in 0..200 {
        x = x.take(0, &index).unwrap();
    }
    assert_eq!(x.to_vec::<f32>().unwrap(), [1.0; 2]);
    assert_eq!(early.to_vec::<f32>().unwrap_err().kind(), ErrorKind::Index);
    assert_eq!(device.synchronize().map_err(|error| error.kind()), Ok(()));
}

#[test]
fn threads_do_not_see_the_errors_of_others() {
    let Some(device) = device(Options::default()) else { return };
    std::thread::scope(|scope| {
        for thread in 0..8 {
            let device = &device;
            scope.spawn(move || {
                let index = Tensor::new([1, 0], device).unwrap();
                for _ in 0..40 {
                    if thread % 2 == 0 {
                        assert_eq!(wrong(device).to_vec::<f32>().unwrap_err().kind(), ErrorKind::Index);
                    } else {
                        let x = Tensor::new([5.0f32, 7.0], device).unwrap();
                        assert_eq!(x.take(0, &index).unwrap().to_vec::<f32>().unwrap(), [7.0, 5.0]);
                    }
                }
            });
        }
    });
}
